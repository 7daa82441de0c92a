"""Internal transfers: one, or a batch, between accounts of one currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.selectors import get_parties
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import CurrencyMismatch, DomainError, InvalidAmount
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import CURRENCIES, Currency
from paycore.lib.origin import Origin
from transfers.errors import BatchRefused, DuplicateReference, SameAccountTransfer
from transfers.models import Transfer, TransferKind
from transfers.selectors import find_taken_references
from transfers.services.judging import (
    Payer,
    find_party,
    read_amount,
    refuse_other_currency,
    refuse_strangers_account,
)
from transfers.services.movements import (
    Movement,
    Note,
    Side,
    draft_transfer,
    movement_of,
    write_movements,
)


@dataclass(frozen=True, slots=True)
class InternalOrder:
    """One transfer as ordered.

    `amount` stays text until the currency is known: the source account's, unless the
    order names one, which must then be that.
    """

    source_account_id: UUID
    destination_account_id: UUID
    amount: str
    currency: str | None = None
    reference: str | None = None
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


def create_internal_transfer(
    *, order: InternalOrder, payer: Payer, origin: Origin
) -> Transfer:
    """Move money between two accounts of one currency.

    Raises, in this order: `UnsupportedCurrency`, `InvalidAmount`,
    `SameAccountTransfer`, `AccountNotFound`, `PermissionDenied`,
    `DuplicateReference`, `CurrencyMismatch`, `AccountNotActive`, `LimitExceeded`,
    `InsufficientBalance`. Nothing has moved then.
    """
    [outcome] = create_internal_transfers(orders=[order], payer=payer, origin=origin)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def create_internal_transfers(
    *, orders: Sequence[InternalOrder], payer: Payer, origin: Origin
) -> list[Transfer | DomainError]:
    """Make each transfer that can be made, in order, each answered on its own.

    Each sees the balances that the ones before it left. The number of statements
    does not depend on the number of orders.
    """
    with joined_atomic():
        judge = _Judge(orders, payer)
        outcomes = [judge.judge(order) for order in orders]
        admitted = [item for item in outcomes if isinstance(item, Movement)]
        if admitted:
            write_movements(books=judge.books, movements=admitted, origin=origin)
        return [
            item.transfer if isinstance(item, Movement) else item for item in outcomes
        ]


def create_all_internal_transfers(
    *, orders: Sequence[InternalOrder], payer: Payer, origin: Origin
) -> list[Transfer]:
    """Make all transfers or none.

    Raises: `BatchRefused` when one of them is refused; its fact `refusals` says why,
    by position.
    """
    with joined_atomic():
        judge = _Judge(orders, payer)
        outcomes = [judge.judge(order) for order in orders]
        movements = [item for item in outcomes if isinstance(item, Movement)]
        if len(movements) < len(orders):
            refusals = {
                index: item
                for index, item in enumerate(outcomes)
                if isinstance(item, DomainError)
            }
            raise BatchRefused(
                refused=len(refusals), total=len(orders), refusals=refusals
            )
        return write_movements(books=judge.books, movements=movements, origin=origin)


class _Judge:
    """Locks what a list of orders touches, and judges them one after the other."""

    def __init__(self, orders: Sequence[InternalOrder], payer: Payer) -> None:
        account_ids = {order.source_account_id for order in orders}
        account_ids.update(order.destination_account_id for order in orders)
        self._parties = get_parties(account_ids)
        self.books = lock_accounts(self._parties)
        self._payer = payer
        self._taken_references = find_taken_references(
            user_id=payer.user_id,
            references=[order.reference for order in orders if order.reference],
        )

    def judge(self, order: InternalOrder) -> Movement | DomainError:
        try:
            movement = self._movement(order)
        except DomainError as refusal:
            outcome: Movement | DomainError = refusal
        else:
            outcome = self.books.admit(movement.entry) or movement
        if isinstance(outcome, DomainError):
            TRANSFERS.labels(kind=TransferKind.INTERNAL, outcome=outcome.code).inc()
        elif order.reference is not None:
            self._taken_references.add(order.reference)
        return outcome

    def _movement(self, order: InternalOrder) -> Movement:
        currency = _judge_alone(order)
        source = find_party(
            self._parties, order.source_account_id, "/source_account_id"
        )
        # The first moment at which the decimals of an unnamed currency are known.
        amount = read_amount(order.amount, currency or source.currency)
        destination = find_party(
            self._parties, order.destination_account_id, "/destination_account_id"
        )
        refuse_strangers_account(source, self._payer)
        if order.reference in self._taken_references:
            raise DuplicateReference(pointer="/reference", reference=order.reference)
        refuse_other_currency(source, currency)
        if source.currency != destination.currency:
            raise CurrencyMismatch(
                why=f"The source account is in {source.currency}, the destination in"
                f" {destination.currency}. Use an exchange."
            )
        transfer = draft_transfer(
            TransferKind.INTERNAL,
            source=Side.of(source, amount),
            destination=Side.of(destination, amount),
            maker_id=self._payer.user_id,
            note=Note(order.reference, order.description, order.metadata),
        )
        return movement_of(transfer)


def _judge_alone(order: InternalOrder) -> Currency | None:
    """Refuse what is wrong whatever the accounts are; say which currency was named."""
    currency = None if order.currency is None else CURRENCIES.get(order.currency)
    if currency is not None:
        read_amount(order.amount, currency)
    elif not order.amount.strip("0."):
        raise InvalidAmount(
            pointer="/amount", why="The amount must be greater than zero."
        )
    if order.source_account_id == order.destination_account_id:
        raise SameAccountTransfer(pointer="/destination_account_id")
    return currency
