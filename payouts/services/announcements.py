"""The events of payouts: one for each move of a status, and what else happens."""

from typing import Any
from uuid import UUID

from events.services import EventDraft
from payouts.models import Payout, PayoutDiscrepancy


def moved(payout: Payout, **facts: object) -> EventDraft:
    """That a payout is in its status now: `payout.completed`, `payout.failed`, ..."""
    if payout.failure_code:
        facts["failure_code"] = payout.failure_code
    if payout.gateway_reference:
        facts["gateway_reference"] = payout.gateway_reference
    return _event(payout, f"payout.{payout.status}", facts)


def approved(payout: Payout, *, reason: str) -> EventDraft:
    return _event(
        payout,
        "payout.approved",
        {"approved_by": _text(payout.approved_by_id), "reason": reason},
    )


def released(payout: Payout) -> EventDraft:
    """That risk no longer holds it."""
    return _event(payout, "payout.released", {"approval": payout.approval})


def asked_again(payout: Payout, *, reason: str) -> EventDraft:
    return _event(payout, "payout.asked_again", {"reason": reason})


def contradicted(payout: Payout, discrepancy: PayoutDiscrepancy) -> EventDraft:
    """That a gateway says something else than what the payout has become."""
    return _event(
        payout,
        "payout.contradicted",
        {
            "status": payout.status,
            "claim": discrepancy.claim,
            "gateway_reference": discrepancy.gateway_reference,
            "discrepancy_id": str(discrepancy.pk),
        },
    )


def discrepancy_closed(
    payout: Payout, discrepancy: PayoutDiscrepancy, *, reason: str, forced: bool
) -> EventDraft:
    """`forced`: whether it may have taken the account below its floor."""
    return _event(
        payout,
        f"payout.discrepancy_{discrepancy.status}",
        {
            "discrepancy_id": str(discrepancy.pk),
            "claim": discrepancy.claim,
            "journal_entry_id": _text(discrepancy.journal_entry_id),
            "reason": reason,
            "forced": forced,
        },
    )


def _event(payout: Payout, event_type: str, facts: dict[str, Any]) -> EventDraft:
    return EventDraft(
        type=event_type,
        subject_type="payout",
        subject_id=payout.pk,
        owner_ids=(payout.owner_id,),
        data={
            "payout_id": str(payout.pk),
            "account_id": str(payout.account_id),
            "amount": payout.amount.text,
            "currency": payout.currency,
            "iban": payout.iban_masked,
            "reference": payout.reference,
        }
        | facts,
    )


def _text(identifier: UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
