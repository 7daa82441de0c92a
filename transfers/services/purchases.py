"""Purchases: somebody pays a merchant, in the account's currency or in another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.selectors import AccountParty, get_parties
from accounts.services import Payer, find_party, read_amount, refuse_strangers_account
from fx.arithmetic import cost_of
from fx.selectors import get_rate
from ledger.services import Books, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import CurrencyMismatch
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.origin import Origin
from transfers.errors import SameAccountTransfer
from transfers.models import Transfer, TransferKind
from transfers.services.exchange import conversion_accounts
from transfers.services.held import hold_transfer, must_wait
from transfers.services.judging import refuse_taken_reference
from transfers.services.movements import (
    Note,
    Side,
    apply_conversion,
    destination_of,
    draft_transfer,
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

    One that risk holds is `pending`, with its funds on hold, until its review.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`,
    `SameAccountTransfer`, `AccountNotFound`, `PermissionDenied`,
    `DuplicateReference`, `CurrencyMismatch`, `AccountNotActive`, `RateUnavailable`
    (without a rate nobody knows what it costs), `LimitExceeded`, `InsufficientBalance`.
    """
    with refusals_counted(TransferKind.PURCHASE), joined_atomic():
        transfer, books = _judge(order, payer)
        if must_wait(transfer, origin=origin):
            return hold_transfer(transfer, books=books, origin=origin)
        return make_movement(books=books, movement=movement_of(transfer), origin=origin)


def _judge(order: PurchaseOrder, payer: Payer) -> tuple[Transfer, Books]:
    amount = read_amount(order.amount, CURRENCIES.get(order.currency))
    if order.merchant_account_id == order.account_id:
        raise SameAccountTransfer(pointer="/merchant_account_id")
    source, merchant = _find_parties(order)
    refuse_strangers_account(source, payer)
    refuse_taken_reference(order.reference, user_id=payer.user_id)
    if merchant is not None and merchant.currency != amount.currency:
        raise CurrencyMismatch(
            why=f"The merchant's account is in {merchant.currency}, not in"
            f" {amount.currency}."
        )
    transfer = draft_transfer(
        TransferKind.PURCHASE,
        source=Side.of(source, amount),
        destination=Side(amount) if merchant is None else Side.of(merchant, amount),
        maker_id=payer.user_id,
        note=Note(reference=order.reference, metadata=order.metadata),
    )
    transfer.merchant_name = order.merchant_name
    transfer.merchant_category = order.merchant_category
    return transfer, _lock_and_price(transfer, amount, source)


def _find_parties(order: PurchaseOrder) -> tuple[AccountParty, AccountParty | None]:
    """Who pays and who receives; a merchant may have no account here."""
    merchant_id = order.merchant_account_id
    named = [order.account_id, merchant_id]
    parties = get_parties(one for one in named if one is not None)
    source = find_party(parties, order.account_id, "/account_id")
    if merchant_id is None:
        return source, None
    return source, find_party(parties, merchant_id, "/merchant_account_id")


def _lock_and_price(transfer: Transfer, amount: Money, source: AccountParty) -> Books:
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
    return books
