"""Payouts that risk holds: not sent until a person has looked at them."""

from uuid import UUID

from ledger.services import lock_accounts
from paycore.lib.errors import InvalidState
from paycore.lib.origin import Origin
from payouts.models import Approval, Payout, PayoutStatus
from payouts.services.announcements import released
from payouts.services.moves import Changes, lock_payout, store_one
from risk.payments import Payment, PaymentKind, SubjectType
from risk.subjects import REJECTED


def payment_of(payout: Payout) -> Payment:
    """A payout as risk sees it. It is the account's owner who pays."""
    return Payment(
        subject_type=SubjectType.PAYOUT,
        subject_id=payout.pk,
        kind=PaymentKind.PAYOUT,
        user_id=payout.owner_id,
        amount=payout.amount,
        counterparty=f"{payout.beneficiary_name} {payout.iban_masked}",
    )


class HeldPayouts:
    """What a verdict does to a payout. See `risk.subjects.HeldSubject`."""

    def lock(self, subject_id: UUID) -> None:
        lock_payout(subject_id)

    def approve(self, subject_id: UUID, *, origin: Origin) -> None:
        """Queue it, unless it also waits for four eyes.

        Raises: `InvalidState`; `AccountNotActive` while its account is frozen;
        `InsufficientBalance` when its funds were taken by force.
        """
        payout = _lock_pending(subject_id)
        books = lock_accounts([payout.account_id])
        refusal = books.refusal_to_settle(payout.account_id, payout.amount)
        if refusal is not None:
            raise refusal
        payout.is_held = False
        if payout.approval != Approval.REQUIRED:
            payout.due_at = payout.updated_at
        store_one(payout, released(payout), origin=origin)

    def reject(self, subject_id: UUID, *, origin: Origin) -> None:
        """Raises: `InvalidState`."""
        changes = Changes()
        changes.fail(_lock_pending(subject_id), REJECTED)
        changes.write(origin=origin)


def _lock_pending(payout_id: UUID) -> Payout:
    payout = lock_payout(payout_id)
    if payout.status != PayoutStatus.PENDING or not payout.is_held:
        raise InvalidState(why=f"The payout is {payout.status}; nothing holds it.")
    return payout
