"""What every kind of transfer has in common: how it is written.

Note [A movement is written at once]
    A transfer, its journal entry with postings, the balances and the event are written
    by one statement per table in one transaction, for one movement or a thousand. So
    none of them can be there without the others, whenever the process dies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from events.services import EventDraft, publish_events
from ledger.services import Books, EntryDraft, Line
from paycore.lib.db import StartOver, refuse_on
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from paycore.lib.rows import insert_rows, pipelined
from transfers.models import Transfer, TransferStatus


@dataclass(frozen=True, slots=True)
class Movement:
    """A transfer to be made and the journal entry that makes it."""

    transfer: Transfer
    entry: EntryDraft


def entry_of(transfer: Transfer, *, lines: tuple[Line, ...]) -> EntryDraft:
    """The journal entry of a transfer. Its metadata is what account entries show."""
    return EntryDraft(
        kind=transfer.kind,
        description=transfer.description,
        lines=lines,
        metadata={"transfer_id": str(transfer.pk), "reference": transfer.reference},
    )


def two_lines(
    *, source_id: UUID, destination_id: UUID, amount: Money
) -> tuple[Line, Line]:
    """Debit the source, credit the destination."""
    return Line(source_id, -amount), Line(destination_id, amount)


def write_movements(
    *, books: Books, movements: Sequence[Movement], origin: Origin
) -> list[Transfer]:
    """Write what `books` has admitted, completed. See Note [A movement is written at
    once].

    Raises: `StartOver` when another transaction took a reference in the meantime; run
    again, it will be seen and refused by name.
    """
    transfers = [movement.transfer for movement in movements]
    for movement in movements:
        movement.transfer.status = TransferStatus.COMPLETED
        movement.transfer.journal_entry_id = movement.entry.id
        movement.transfer.created_at = movement.transfer.completed_at = books.at
    with refuse_on({_REFERENCE_IS_UNIQUE: StartOver()}), pipelined():
        books.write()
        insert_rows(
            Transfer,
            {
                name: [getattr(transfer, name) for transfer in transfers]
                for name in _WRITTEN
            },
        )
        publish_events([_completed(transfer) for transfer in transfers], origin=origin)
    count_after_commit([(transfer.kind, transfer.status) for transfer in transfers])
    return transfers


# Every column. A list, because asking the model each time takes longer than writing.
_WRITTEN: Final = [field.attname for field in Transfer._meta.concrete_fields]


def count_after_commit(outcomes: Sequence[tuple[str, str]]) -> None:
    """Count (kind, outcome) pairs once they are true."""

    def count() -> None:
        for kind, outcome in outcomes:
            TRANSFERS.labels(kind=kind, outcome=outcome).inc()

    transaction.on_commit(count)


_REFERENCE_IS_UNIQUE: Final = "transfers_transfer_reference_is_unique_to_its_maker"


def _completed(transfer: Transfer) -> EventDraft:
    return EventDraft(
        type="transfer.completed",
        subject_type="transfer",
        subject_id=transfer.pk,
        owner_ids=_owners(transfer),
        data=_facts(transfer),
    )


def _owners(transfer: Transfer) -> tuple[UUID, ...]:
    both = (transfer.source_owner_id, transfer.destination_owner_id)
    return tuple({owner_id: None for owner_id in both if owner_id is not None})


def _facts(transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer_id": str(transfer.pk),
        "kind": transfer.kind,
        "source_account_id": _text(transfer.source_account_id),
        "destination_account_id": _text(transfer.destination_account_id),
        "amount": transfer.amount.text,
        "currency": transfer.currency,
        "destination_amount": transfer.destination_amount.text,
        "destination_currency": transfer.destination_currency,
        "reference": transfer.reference,
    }


def _text(account_id: UUID | None) -> str | None:
    return None if account_id is None else str(account_id)
