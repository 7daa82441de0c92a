"""Four eyes: a large payout waits until a second person says yes."""

from uuid import UUID

from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState, PermissionDenied
from paycore.lib.origin import Origin
from payouts.models import Approval, Payout, PayoutStatus
from payouts.services.announcements import approved
from payouts.services.moves import as_stored, lock_payout, refuse_own, store_one


def approve_payout(
    *, payout_id: UUID, approver_id: UUID, reason: str, origin: Origin
) -> Payout:
    """Let a payout be sent that needs four eyes. Again: nothing more happens.

    The database has the last word on who may not, and voids the approval when what was
    approved is changed.

    Raises: `NotFound`; `PermissionDenied` for its requester, for whose money it is, and
    for everybody when nobody knows who requested it; `InvalidState` when it needs no
    approval, or is over.
    """
    with joined_atomic():
        payout = lock_payout(payout_id)
        if payout.requested_by_id in {None, approver_id}:
            raise PermissionDenied(
                why="A payout is approved by somebody else than who requested it."
            )
        refuse_own(payout, approver_id)
        if payout.approval == Approval.APPROVED:
            return as_stored(payout)
        if payout.approval is None or payout.status != PayoutStatus.PENDING:
            raise InvalidState(
                why="The payout needs no approval."
                if payout.approval is None
                else f"The payout is {payout.status}; it waits for no approval."
            )
        payout.approval = Approval.APPROVED
        payout.approved_by_id = approver_id
        payout.approved_at = payout.updated_at
        if not payout.is_held:
            payout.due_at = payout.updated_at
        return store_one(payout, approved(payout, reason=reason), origin=origin)
