"""find_differences, where a payment and the review that it waits for disagree, ..."""

import pytest

from fx.services import seed_rates
from paycore.lib.origin import Origin
from paycore.testing.attacks import corrupt
from paycore.testing.suspicion import suspect_everything
from payouts.services import cancel_payout
from payouts.tests.orders import request_by
from reconciliation.tests.findings import found
from risk.models import Review, ReviewStatus
from risk.services import resolve_review
from transfers.services import Payer, PurchaseOrder, create_purchase

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

CHECK = "held_payment_has_its_open_review"


@pytest.fixture
def purchase(ada, ada_usd):
    """30.00 of ada's USD, held by risk."""
    seed_rates()
    suspect_everything()
    order = PurchaseOrder(ada_usd.pk, "30.00", "USD", "Corner Coffee", "restaurants")
    return create_purchase(order=order, payer=Payer(ada.id), origin=ada.origin)


@pytest.fixture
def payout(ada, ada_usd):
    """10.00 of ada's USD, held by risk."""
    seed_rates()
    suspect_everything()
    return request_by(ada, ada_usd)


def close_behind_its_back():
    corrupt(
        "UPDATE risk_review SET status = 'approved', reason = 'r', decided_at = now()"
    )


def test_is_content_with_what_is_held(purchase, payout):
    assert found() == []


@pytest.mark.parametrize("verdict", [ReviewStatus.APPROVED, ReviewStatus.REJECTED])
def test_is_content_with_what_was_decided(purchase, payout, operator, verdict):
    for review in Review.objects.all():
        resolve_review(
            review_id=review.pk,
            verdict=verdict,
            reason="r",
            by_id=operator.id,
            origin=operator.origin,
        )

    assert found() == []


def test_is_content_with_what_was_cancelled(payout):
    cancel_payout(payout_id=payout.pk, reason="r", origin=Origin(actor="test"))

    assert found() == []


def test_finds_a_transfer_that_nobody_will_look_at(purchase):
    close_behind_its_back()

    assert found() == [(CHECK, f"transfer {purchase.pk}", "USD", 1, 0)]


def test_finds_a_payout_that_nobody_will_look_at(payout):
    close_behind_its_back()

    assert found() == [(CHECK, f"payout {payout.pk}", "USD", 1, 0)]


def test_finds_a_payout_that_was_let_go_without_a_verdict(payout):
    corrupt("UPDATE payouts_payout SET is_held = FALSE, due_at = now()")

    review = Review.objects.get()
    assert found() == [(CHECK, f"review {review.pk}", "", 1, 0)]


def test_finds_a_review_of_what_it_is_not(purchase):
    corrupt("UPDATE risk_review SET subject_type = 'payout'")

    review = Review.objects.get()
    assert found() == [
        (CHECK, f"transfer {purchase.pk}", "USD", 1, 0),
        (CHECK, f"review {review.pk}", "", 1, 0),
    ]
