"""What a person does about payouts whose outcome nobody knows."""

from dataclasses import dataclass
from uuid import UUID

from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState
from paycore.lib.origin import Origin
from payouts.models import Decision, Payout, PayoutStatus, Step
from payouts.services.announcements import asked_again
from payouts.services.moves import (
    Changes,
    as_stored,
    lock_payout,
    refuse_own,
    store_one,
)

RESOLVED_AS_FAILED = "refunded_by_review"


@dataclass(frozen=True, slots=True)
class Resolution:
    """What somebody found out, and how they know."""

    decision: Decision
    reason: str
    gateway_reference: str = ""


def resolve_payout(
    *, payout_id: UUID, resolution: Resolution, by_id: UUID, origin: Origin
) -> Payout:
    """End a payout in manual review: as sent, or as failed with its funds given back.

    The same decision again changes nothing. Afterwards its gateway goes on being asked
    for `PAYOUT_WATCH_DAYS`; if it says otherwise, that is another review, and nothing
    moves a second time.

    Raises: `NotFound`; `PermissionDenied` for whose money it is; `InvalidState` unless
    it is in manual review.
    """
    with joined_atomic():
        payout = lock_payout(payout_id)
        refuse_own(payout, by_id)
        if payout.decision == resolution.decision:
            return as_stored(payout)
        if payout.status != PayoutStatus.MANUAL_REVIEW:
            raise InvalidState(why=_why_not(payout))
        payout.decision = resolution.decision
        payout.decided_by_id = by_id
        payout.decided_at = payout.updated_at
        if resolution.gateway_reference:
            payout.gateway_reference = resolution.gateway_reference
        changes = Changes()
        facts = {"decision": resolution.decision, "reason": resolution.reason}
        if resolution.decision == Decision.CONFIRM_SENT:
            changes.complete(payout, **facts)
        else:
            changes.fail(payout, RESOLVED_AS_FAILED, **facts)
        payout.step = _first_step_after(resolution.decision)
        payout.due_at = payout.updated_at
        payout.questions = 0
        changes.write(origin=origin)
        return payout


def ask_again(*, payout_id: UUID, reason: str, origin: Origin) -> Payout:
    """Let the next worker ask the gateway about a payout, without waiting.

    Raises: `NotFound`; `InvalidState` for one that was never sent.
    """
    with joined_atomic():
        payout = lock_payout(payout_id)
        if payout.attempts == 0:
            raise InvalidState(why="The payout was never sent.")
        if not payout.leased_by:
            payout.due_at = payout.updated_at
            if payout.step != Step.CANCEL:
                # Else the gateway would never be asked to forget it.
                payout.step = Step.ASK
        return store_one(payout, asked_again(payout, reason=reason), origin=origin)


def _why_not(payout: Payout) -> str:
    if payout.decision is not None:
        return f"The payout was resolved already: {payout.decision}."
    return f"The payout is {payout.status}, not in manual review."


def _first_step_after(decision: Decision) -> Step:
    # What was not sent must not be executed later; what was sent, somebody may tell.
    return Step.CANCEL if decision == Decision.REFUND_FAILED else Step.ASK
