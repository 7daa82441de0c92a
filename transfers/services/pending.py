"""What becomes of a transfer that waits with its funds on hold."""

from typing import Any
from uuid import UUID

import ledger.services
from events.services import EventDraft, publish_events
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.origin import Origin
from risk.services import void_payments
from transfers.models import MOVES, Transfer, TransferStatus
from transfers.services.announcements import completed, failed
from transfers.services.movements import count_after_commit, movement_of


def complete_transfer(*, transfer_id: UUID, origin: Origin) -> Transfer:
    """Move the money that a pending transfer has on hold.

    Raises: `NotFound`; `InvalidState` unless it is pending.
    """
    with joined_atomic():
        transfer = lock_transfer(transfer_id)
        hold_id = _hold_of(transfer)
        movement = movement_of(transfer)
        hold = ledger.services.capture_hold(hold_id=hold_id, draft=movement.entry)
        advance(
            transfer,
            to=TransferStatus.COMPLETED,
            journal_entry_id=movement.entry.id,
            completed_at=hold.ended_at,
        )
        _announce(transfer, completed(transfer), origin)
        return transfer


def fail_transfer(*, transfer_id: UUID, failure_code: str, origin: Origin) -> Transfer:
    """Give back the funds that a pending transfer has on hold.

    Raises: `NotFound`; `InvalidState` unless it is pending.
    """
    with joined_atomic():
        transfer = lock_transfer(transfer_id)
        hold_id = _hold_of(transfer)
        advance(transfer, to=TransferStatus.FAILED, failure_code=failure_code)
        void_payments([transfer_id])
        ledger.services.release_hold(hold_id=hold_id)
        _announce(transfer, failed(transfer), origin)
        return transfer


def lock_transfer(transfer_id: UUID) -> Transfer:
    """Lock a transfer until the transaction ends. Always before any account.

    Raises: `NotFound`.
    """
    rows = Transfer.objects.select_for_update(no_key=True).filter(pk=transfer_id)
    for transfer in rows:
        return transfer
    raise NotFound


def advance(transfer: Transfer, *, to: TransferStatus, **changes: Any) -> None:
    """Move a transfer along `MOVES`, by compare-and-set.

    Raises: `InvalidState` from any other status.
    """
    sources = [status for status, targets in MOVES.items() if to in targets]
    rows = Transfer.objects.filter(pk=transfer.pk, status__in=sources)
    if rows.update(status=to, **changes) == 0:
        raise InvalidState(why=f"A transfer that is {transfer.status} cannot be {to}.")
    transfer.status = to
    for name, value in changes.items():
        setattr(transfer, name, value)


def _hold_of(transfer: Transfer) -> UUID:
    if transfer.status != TransferStatus.PENDING or transfer.hold_id is None:
        raise InvalidState(why=f"The transfer is {transfer.status}, not pending.")
    return transfer.hold_id


def _announce(transfer: Transfer, event: EventDraft, origin: Origin) -> None:
    publish_events([event], origin=origin)
    count_after_commit([(transfer.kind, transfer.status)])
