"""Reversals: the exact mirror of a movement that should not have been made."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from accounts.services import Payer
from events.services import publish_events
from ledger.selectors import list_entry_postings
from ledger.services import Line, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState
from paycore.lib.origin import Origin
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.services.announcements import reversed_by
from transfers.services.movements import (
    Movement,
    Note,
    Side,
    draft_transfer,
    entry_of,
    make_movement,
    refusals_counted,
)
from transfers.services.pending import advance, lock_transfer
from transfers.services.refunds import implied_rate

IRREVERSIBLE: Final = frozenset({TransferKind.REFUND, TransferKind.REVERSAL})


@dataclass(frozen=True, slots=True)
class ReversalOrder:
    """`force` may take the receiver below its floor; for administrators."""

    transfer_id: UUID
    reason: str
    force: bool = False


def reverse_transfer(*, order: ReversalOrder, payer: Payer, origin: Origin) -> Transfer:
    """Undo a completed transfer that has no refunds, leg by leg.

    Raises, in this order: `NotFound`, `InvalidState`, `AccountNotActive`,
    `InsufficientBalance` when the receiver no longer has the money, unless forced.
    """
    with refusals_counted(TransferKind.REVERSAL), joined_atomic():
        original = lock_transfer(order.transfer_id)
        _refuse_what_cannot_be_undone(original)
        movement = _mirror(original, order, payer)
        books = lock_accounts({line.account_id for line in movement.entry.lines})
        reversal = make_movement(
            books=books, movement=movement, origin=origin, force=order.force
        )
        advance(original, to=TransferStatus.REVERSED)
        event = reversed_by(original, reversal=reversal, forced=order.force)
        publish_events([event], origin=origin)
        return reversal


def _refuse_what_cannot_be_undone(original: Transfer) -> None:
    if original.kind in IRREVERSIBLE:
        raise InvalidState(why=f"A {original.kind} is not reversed.")
    if original.status != TransferStatus.COMPLETED:
        raise InvalidState(why=f"The transfer is {original.status}, not completed.")
    if original.refunded_minor:
        raise InvalidState(why="The transfer has refunds; refund what is left.")


def _mirror(original: Transfer, order: ReversalOrder, payer: Payer) -> Movement:
    assert original.journal_entry_id is not None
    reversal = draft_transfer(
        TransferKind.REVERSAL,
        source=Side(
            original.destination_amount,
            original.destination_account_id,
            original.destination_owner_id,
        ),
        destination=Side(
            original.amount, original.source_account_id, original.source_owner_id
        ),
        maker_id=payer.user_id,
        note=Note(description=order.reason),
    )
    reversal.original_transfer_id = original.pk
    if original.rate is not None:
        reversal.income_minor = -original.income_minor
        reversal.rate = implied_rate(original.destination_amount, original.amount)
    lines = tuple(
        Line(posting.account_id, -posting.amount)
        for posting in list_entry_postings(original.journal_entry_id)
    )
    entry = entry_of(reversal, lines=lines)
    return Movement(reversal, replace(entry, reverses_id=original.journal_entry_id))
