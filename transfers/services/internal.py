"""Internal transfers: one, or a batch, between accounts of one currency."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from accounts.selectors import get_parties
from accounts.services import (
    Payer,
    find_party,
    read_amount,
    refuse_other_currency,
    refuse_strangers_account,
)
from ledger.services import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import (
    CurrencyMismatch,
    DomainError,
    DuplicateReference,
    InvalidAmount,
    UnsupportedCurrency,
)
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import CURRENCIES, Currency
from paycore.lib.origin import Origin
from risk.services import Screening
from transfers.errors import BatchRefused, SameAccountTransfer
from transfers.models import Transfer, TransferKind
from transfers.selectors import find_taken_references
from transfers.services.held import (
    is_screened,
    payment_of,
    reserve_transfer,
    store_held,
)
from transfers.services.movements import (
    Movement,
    Note,
    Side,
    draft_transfer,
    movement_of,
    write_movements,
)

# Of a currency's code that is none.
LONGEST_SHOWN: Final = 20


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
        outcomes = [judge.judge(index) for index in range(len(orders))]
        judge.write(origin=origin)
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
        outcomes = [judge.judge(index) for index in range(len(orders))]
        refusals = {
            index: item
            for index, item in enumerate(outcomes)
            if isinstance(item, DomainError)
        }
        if refusals:
            raise BatchRefused(
                refused=len(refusals), total=len(orders), refusals=refusals
            )
        judge.write(origin=origin)
        return [item.transfer for item in outcomes if isinstance(item, Movement)]


class _Judge:
    """Locks what a list of orders touches, and judges them one after the other."""

    def __init__(self, orders: Sequence[InternalOrder], payer: Payer) -> None:
        account_ids = {order.source_account_id for order in orders}
        account_ids.update(order.destination_account_id for order in orders)
        self._orders = orders
        self._parties = get_parties(account_ids)
        self.books = lock_accounts(self._parties)
        self._payer = payer
        self._taken_references = find_taken_references(
            user_id=payer.user_id,
            references=[order.reference for order in orders if order.reference],
        )
        self._admitted: list[Movement] = []
        self._held: list[Transfer] = []
        self._drafts: dict[int, Movement] = {}
        self._screening: Screening | None = None
        if is_screened(TransferKind.INTERNAL):
            self._look_back()

    def judge(self, index: int) -> Movement | DomainError:
        """What becomes of one order. Ask in order, each of them once."""
        order = self._orders[index]
        try:
            movement = self._drafted(index)
            self._take_in(movement)
        except DomainError as refusal:
            TRANSFERS.labels(kind=TransferKind.INTERNAL, outcome=refusal.code).inc()
            return refusal
        if order.reference is not None:
            self._taken_references.add(order.reference)
        return movement

    def write(self, *, origin: Origin) -> None:
        """Write what was taken in."""
        if self._screening is not None:
            self._screening.write(origin=origin)
        if self._admitted:
            write_movements(books=self.books, movements=self._admitted, origin=origin)
        if self._held:
            self.books.write()
            store_held(self._held, origin=origin)

    def _look_back(self) -> None:
        # What the orders are is known before their turn comes, so that risk asks about
        # the past of all of them at once.
        for index, order in enumerate(self._orders):
            with suppress(DomainError):
                self._drafts[index] = self._movement(order)
        if self._drafts:
            self._screening = Screening(
                [payment_of(draft.transfer) for draft in self._drafts.values()]
            )

    def _drafted(self, index: int) -> Movement:
        order = self._orders[index]
        draft = self._drafts.get(index)
        if draft is None or order.reference in self._taken_references:
            # Looked back on or not, it says by name what is wrong with the order.
            return self._movement(order)
        return draft

    def _take_in(self, movement: Movement) -> None:
        if self._screening is None:
            self._admit(movement)
            return
        sides = [line.account_id for line in movement.entry.lines]
        refusal = self.books.refusal_to_move(sides)
        if refusal is not None:
            raise refusal
        assessment = self._screening.judge(payment_of(movement.transfer))
        if assessment.is_held:
            reserve_transfer(movement.transfer, books=self.books)
            self._held.append(movement.transfer)
        else:
            self._admit(movement)
        self._screening.keep(assessment)

    def _admit(self, movement: Movement) -> None:
        refusal = self.books.admit(movement.entry)
        if refusal is not None:
            raise refusal
        self._admitted.append(movement)

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
    currency = None if order.currency is None else _read_currency(order.currency)
    if currency is not None:
        read_amount(order.amount, currency)
    elif not order.amount.strip("0."):
        raise InvalidAmount(
            pointer="/amount", why="The amount must be greater than zero."
        )
    if order.source_account_id == order.destination_account_id:
        raise SameAccountTransfer(pointer="/destination_account_id")
    return currency


def _read_currency(text: str) -> Currency:
    """Raises: `UnsupportedCurrency` at /currency."""
    try:
        return CURRENCIES.get(text)
    except UnsupportedCurrency:
        # In a batch nothing has bounded the text, and the answer repeats it twice.
        shown = text[:LONGEST_SHOWN]
        raise UnsupportedCurrency(pointer="/currency", currency=shown) from None
