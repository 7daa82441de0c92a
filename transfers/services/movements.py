"""What every kind of transfer has in common: its two sides, its legs, its writing.

Note [A movement is written at once]
    A transfer, its journal entry with postings, the balances and the event are written
    by one statement per table in one transaction, for one movement or a thousand. So
    none of them can be there without the others, whenever the process dies.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.selectors import AccountParty
from events.services import publish_events
from fx.arithmetic import Conversion
from ledger.house import HousePurpose, house_account_id
from ledger.services import Books, EntryDraft, Line
from paycore.lib import metrics
from paycore.lib.db import StartOver, refuse_on
from paycore.lib.ids import new_id
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import Currency, Money
from paycore.lib.origin import Origin
from paycore.lib.rows import insert_rows, pipelined
from transfers.models import Transfer, TransferKind, TransferStatus, comparable
from transfers.services.announcements import completed


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a movement: somebody's account, or the house (ids are None)."""

    amount: Money
    account_id: UUID | None = None
    owner_id: UUID | None = None

    @classmethod
    def of(cls, party: AccountParty, amount: Money) -> "Side":
        return cls(amount, party.account_id, party.owner_id)


@dataclass(frozen=True, slots=True)
class Note:
    """What whoever orders a movement wants to keep with it."""

    reference: str | None = None
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Movement:
    """A transfer to be made and the journal entry that makes it."""

    transfer: Transfer
    entry: EntryDraft


def draft_transfer(
    kind: TransferKind,
    *,
    source: Side,
    destination: Side,
    maker_id: UUID | None,
    note: Note,
) -> Transfer:
    """A transfer that is not stored yet: `source` pays, `destination` receives."""
    return Transfer(
        id=new_id(),
        kind=kind,
        source_account_id=source.account_id,
        source_owner_id=source.owner_id,
        destination_account_id=destination.account_id,
        destination_owner_id=destination.owner_id,
        created_by_id=maker_id,
        amount_minor=source.amount.minor,
        currency=source.amount.currency.code,
        amount_value=comparable(source.amount),
        destination_amount_minor=destination.amount.minor,
        destination_currency=destination.amount.currency.code,
        reference=note.reference,
        description=note.description,
        metadata=dict(note.metadata),
    )


def apply_conversion(transfer: Transfer, priced: Conversion) -> None:
    """Let a transfer convert: what each side moves, the rate, the house's income."""
    transfer.amount_minor = priced.source.minor
    transfer.currency = priced.source.currency.code
    transfer.amount_value = comparable(priced.source)
    transfer.destination_amount_minor = priced.destination.minor
    transfer.destination_currency = priced.destination.currency.code
    transfer.rate = priced.rate
    transfer.income_minor = priced.income.minor


def movement_of(transfer: Transfer) -> Movement:
    """The transfer with the entry that its kind, sides and amounts call for."""
    return Movement(transfer, entry_of(transfer, lines=lines_of(transfer)))


def entry_of(transfer: Transfer, *, lines: tuple[Line, ...]) -> EntryDraft:
    """The journal entry of a transfer. Its metadata is what account entries show."""
    return EntryDraft(
        kind=transfer.kind,
        description=transfer.description,
        lines=lines,
        metadata={"transfer_id": str(transfer.pk), "reference": transfer.reference},
    )


def lines_of(transfer: Transfer) -> tuple[Line, ...]:
    """The legs of a transfer: credit above zero, debit below.

    Without a conversion there are two. With one, the house takes the source's currency
    and gives the destination's, and its income has a leg of its own, so that the entry
    sums to zero in each currency.
    """
    debit, credit = transfer.amount, transfer.destination_amount
    source = Line(source_of(transfer), -debit)
    destination = Line(destination_of(transfer), credit)
    if debit.currency == credit.currency:
        return source, destination
    income = income_of(transfer)
    taken, given = debit, -credit
    if income.currency == debit.currency:
        taken -= income
    else:
        given -= income
    legs = (
        source,
        Line(house_account_id(HousePurpose.FX, debit.currency), taken),
        Line(house_account_id(HousePurpose.FX, credit.currency), given),
        Line(house_account_id(HousePurpose.FX_INCOME, income.currency), income),
        destination,
    )
    return tuple(leg for leg in legs if not leg.amount.is_zero)


def income_of(transfer: Transfer) -> Money:
    """What the house keeps of a conversion: of a purchase on the paying side."""
    currency = (
        transfer.amount.currency
        if transfer.kind == TransferKind.PURCHASE
        else transfer.destination_amount.currency
    )
    return Money(transfer.income_minor, currency)


def source_of(transfer: Transfer) -> UUID:
    """The ledger account that is debited."""
    account_id: UUID | None = transfer.source_account_id
    return account_id or _house(transfer.kind, transfer.amount.currency)


def destination_of(transfer: Transfer) -> UUID:
    """The ledger account that is credited."""
    account_id: UUID | None = transfer.destination_account_id
    return account_id or _house(
        f"{transfer.kind} to", transfer.destination_amount.currency
    )


# Which of the house's accounts stands where a transfer names none.
_HOUSE_SIDES: Final = {
    TransferKind.OPENING.value: HousePurpose.OPENING,
    TransferKind.DEPOSIT.value: HousePurpose.DEPOSITS,
    f"{TransferKind.DEPOSIT.value} to": HousePurpose.SUSPENSE,
    TransferKind.REFUND.value: HousePurpose.MERCHANTS,
    f"{TransferKind.PURCHASE.value} to": HousePurpose.MERCHANTS,
}


def _house(side: str, currency: Currency) -> UUID:
    return house_account_id(_HOUSE_SIDES[side], currency)


def make_movement(
    *, books: Books, movement: Movement, origin: Origin, force: bool = False
) -> Transfer:
    """Judge one movement on the locked books, and write it.

    Raises: what `Books.admit` refuses with; `StartOver`, see `write_movements`.
    """
    refusal = books.admit(movement.entry, force=force)
    if refusal is not None:
        raise refusal
    write_movements(books=books, movements=[movement], origin=origin)
    return movement.transfer


def write_movements(
    *, books: Books, movements: Sequence[Movement], origin: Origin
) -> list[Transfer]:
    """Write what `books` has admitted. See Note [A movement is written at once].

    Raises: `StartOver` when another transaction took a reference in the meantime; run
    again, it will be seen and refused by name.
    """
    transfers = [movement.transfer for movement in movements]
    for movement in movements:
        movement.transfer.status = TransferStatus.COMPLETED
        movement.transfer.journal_entry_id = movement.entry.id
        movement.transfer.created_at = movement.transfer.completed_at = books.at
    with refuse_on({REFERENCE_IS_UNIQUE: StartOver()}), pipelined():
        books.write()
        insert_transfers(transfers)
        publish_events([completed(transfer) for transfer in transfers], origin=origin)
    count_after_commit([(transfer.kind, transfer.status) for transfer in transfers])
    return transfers


def insert_transfers(transfers: Sequence[Transfer]) -> None:
    """Store new transfers as they are, by one statement."""
    columns = {
        name: [getattr(transfer, name) for transfer in transfers] for name in _COLUMNS
    }
    insert_rows(Transfer, columns)


# Every column. A list, because asking the model each time takes longer than writing.
_COLUMNS: Final = [field.attname for field in Transfer._meta.concrete_fields]
REFERENCE_IS_UNIQUE: Final = "transfers_transfer_reference_is_unique_to_its_maker"


def count_after_commit(outcomes: Sequence[tuple[str, str]]) -> None:
    """Count (kind, outcome) pairs once they are true."""

    def count() -> None:
        for kind, outcome in outcomes:
            TRANSFERS.labels(kind=kind, outcome=outcome).inc()

    transaction.on_commit(count, robust=True)


def refusals_counted(kind: TransferKind) -> AbstractContextManager[None]:
    """Count the refusal that leaves the block, if one does."""
    return metrics.refusals_counted(TRANSFERS, kind=kind)
