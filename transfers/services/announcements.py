"""The events of transfers: one for each move of a status."""

from typing import Any
from uuid import UUID

from events.services import EventDraft
from transfers.models import Transfer


def completed(transfer: Transfer) -> EventDraft:
    return _event(transfer, "transfer.completed")


def pending(transfer: Transfer) -> EventDraft:
    return _event(transfer, "transfer.pending")


def failed(transfer: Transfer) -> EventDraft:
    return _event(transfer, "transfer.failed", failure_code=transfer.failure_code)


def reversed_by(transfer: Transfer, *, reversal: Transfer, forced: bool) -> EventDraft:
    """`forced`: whether it may have taken the receiver below its floor."""
    return _event(
        transfer,
        "transfer.reversed",
        reversal_id=str(reversal.pk),
        reason=reversal.description,
        forced=forced,
    )


def _event(transfer: Transfer, event_type: str, **facts: object) -> EventDraft:
    return EventDraft(
        type=event_type,
        subject_type="transfer",
        subject_id=transfer.pk,
        owner_ids=_owners(transfer),
        data=_facts(transfer) | facts,
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
        "original_transfer_id": _text(transfer.original_transfer_id),
    }


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
