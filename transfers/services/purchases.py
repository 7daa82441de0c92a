"""Purchases: somebody pays a merchant, in the account's currency or in another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import ledger.services
from accounts.selectors import AccountParty, get_parties
from events.services import publish_events
from fx.arithmetic import cost_of
from fx.selectors import get_rate
from ledger.services import Books, lock_accounts
from paycore.lib.db import StartOver, joined_atomic, refuse_on
from paycore.lib.errors import CurrencyMismatch
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from transfers.errors import SameAccountTransfer
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.services.announcements import pending
from transfers.services.exchange import conversion_accounts
from transfers.services.judging import (
    Payer,
    find_party,
    read_amount,
    refuse_strangers_account,
    refuse_taken_reference,
)
from transfers.services.movements import (
    REFERENCE_IS_UNIQUE,
    Note,
    Side,
    apply_conversion,
    count_after_commit,
    destination_of,
    draft_transfer,
    insert_transfers,
    make_movement,
    movement_of,
    refusals_counted,
)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """`amount` and `currency` are what the merchant receives."""

    account_id: UUID
    amount: str
    currency: str
    merchant_name: str
    merchant_category: str
    merchant_account_id: UUID | None = None
    reference: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def create_purchase(*, order: PurchaseOrder, payer: Payer, origin: Origin) -> Transfer:
    """Pay a merchant. In another currency the debit is rounded up.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`,
    `SameAccountTransfer`, `AccountNotFound`, `PermissionDenied`,
    `DuplicateReference`, `CurrencyMismatch`, `AccountNotActive`, `LimitExceeded`,
    `InsufficientBalance`, `RateUnavailable`.
    """
    with refusals_counted(TransferKind.PURCHASE), joined_atomic():
        transfer, books = _judge(order, payer)
        return make_movement(books=books, movement=movement_of(transfer), origin=origin)


def create_held_purchase(
    *, order: PurchaseOrder, payer: Payer, origin: Origin
) -> Transfer:
    """A purchase that waits, `pending`, with its funds on hold.

    `complete_transfer` or `fail_transfer` ends it. The rate is settled now.

    Raises: as `create_purchase`.
    """
    with refusals_counted(TransferKind.PURCHASE), joined_atomic():
        transfer, books = _judge(order, payer)
        assert transfer.source_account_id is not None
        hold = ledger.services.place_hold(
            account_id=transfer.source_account_id,
            amount=transfer.amount,
            reason="Purchase held for review",
            owner=f"transfer:{transfer.pk}",
        )
        transfer.status = TransferStatus.PENDING
        transfer.hold_id = hold.pk
        transfer.created_at = books.at
        with refuse_on({REFERENCE_IS_UNIQUE: StartOver()}):
            insert_transfers([transfer])
        publish_events([pending(transfer)], origin=origin)
        count_after_commit([(transfer.kind, transfer.status)])
        return transfer


def _judge(order: PurchaseOrder, payer: Payer) -> tuple[Transfer, Books]:
    amount = read_amount(order.amount, CURRENCIES.get(order.currency))
    if order.merchant_account_id == order.account_id:
        raise SameAccountTransfer(pointer="/merchant_account_id")
    named = {order.account_id, order.merchant_account_id} - {None}
    parties = get_parties(account_id for account_id in named if account_id is not None)
    source = find_party(parties, order.account_id, "/account_id")
    merchant = None
    if order.merchant_account_id is not None:
        merchant = find_party(
            parties, order.merchant_account_id, "/merchant_account_id"
        )
    refuse_strangers_account(source, payer)
    refuse_taken_reference(order.reference, user_id=payer.user_id)
    if merchant is not None and merchant.currency != amount.currency:
        raise CurrencyMismatch(
            why=f"The merchant's account is in {merchant.currency}, not in"
            f" {amount.currency}."
        )
    return _priced(order, amount, source, merchant, payer)


def _priced(
    order: PurchaseOrder,
    amount: Money,
    source: AccountParty,
    merchant: AccountParty | None,
    payer: Payer,
) -> tuple[Transfer, Books]:
    transfer = draft_transfer(
        TransferKind.PURCHASE,
        source=Side.of(source, amount),
        destination=Side(amount) if merchant is None else Side.of(merchant, amount),
        maker_id=payer.user_id,
        note=Note(reference=order.reference, metadata=order.metadata),
    )
    transfer.merchant_name = order.merchant_name
    transfer.merchant_category = order.merchant_category
    is_converted = source.currency != amount.currency
    sides = [source.account_id, destination_of(transfer)]
    touched = set(sides)
    if is_converted:
        touched |= conversion_accounts(source.currency, amount.currency)
    books = lock_accounts(touched)
    # Before a rate is asked for, which may not be there.
    refusal = books.refusal_to_move(sides)
    if refusal is not None:
        raise refusal
    if is_converted:
        rate = get_rate(source.currency, amount.currency, at=books.at)
        apply_conversion(transfer, cost_of(amount, rate, paid_in=source.currency))
    return transfer, books
