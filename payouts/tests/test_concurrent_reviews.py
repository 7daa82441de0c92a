"""Verdicts, cancellations and workers at once, each on a connection of its own."""

import pytest

from ledger.models import Hold
from paycore.lib.errors import InvalidState
from paycore.testing.races import race
from paycore.testing.suspicion import suspect_everything
from payouts.models import Step
from payouts.services import cancel_payout, work_on_due
from payouts.tests.working import now
from risk.models import Review, ReviewStatus
from risk.services import resolve_review

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates", "gateway"),
]
ROUNDS = 6
APPROVED, REJECTED = ReviewStatus.APPROVED, ReviewStatus.REJECTED


@pytest.fixture
def held(ada, account_of, payout_of):
    """Payouts of ada's that risk holds."""
    suspect_everything()
    purse = account_of(ada, "USD", "1000.00")
    return [payout_of(ada, purse, "1.00") for _ in range(ROUNDS)]


def verdict(player, payout, what):
    review = Review.objects.get(subject_id=payout.pk)

    def resolve():
        return resolve_review(
            review_id=review.pk,
            verdict=what,
            reason="r",
            by_id=player.id,
            origin=player.origin,
        ).status

    return resolve


def canceller(player, payout):
    return lambda: (
        cancel_payout(payout_id=payout.pk, reason="r", origin=player.origin).status
    )


def worker():
    return work_on_due(step=Step.SUBMIT, worker="w", seconds=0)


def test_of_both_verdicts_one_wins(held, operator, admin):
    for payout in held:
        answers = race(
            verdict(operator, payout, APPROVED), verdict(admin, payout, REJECTED)
        )

        [won] = [answer for answer in answers if not isinstance(answer, Exception)]
        [lost] = [answer for answer in answers if isinstance(answer, InvalidState)]
        assert won == Review.objects.get(subject_id=payout.pk).status
        assert now(payout).status == ("pending" if won == APPROVED else "failed")
        assert "already" in lost.facts["why"]


def test_of_an_approval_and_a_cancellation_both_or_one_wins(
    held, ada, operator, gateway
):
    for payout in held:
        approval, cancelled, _ = race(
            verdict(operator, payout, APPROVED), canceller(ada, payout), worker
        )

        review = Review.objects.get(subject_id=payout.pk)
        after = now(payout)
        if cancelled == "cancelled":
            # Before the approval, which is then refused, or after it.
            assert after.status == "cancelled"
            assert gateway.heard_of(payout.pk) == []
            assert review.status == (APPROVED if approval == APPROVED else REJECTED)
        else:
            # A worker had it already.
            assert isinstance(cancelled, InvalidState)
            assert (review.status, after.status) == (APPROVED, "completed")

    worker()
    assert not Hold.objects.filter(status="open").exists()
