"""What a verdict on a held payout tells of the payout itself."""

import pytest

from paycore.testing.suspicion import suspect_everything
from payouts.tests.working import events_of, last_event_of, submit
from risk.models import Review
from risk.tests.calls import decide

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "gateway")]


@pytest.fixture
def verdict_on(operator):
    def give(payout, verdict):
        review = Review.objects.get(subject_id=payout.pk)
        assert decide(operator, review.pk, verdict).status_code == 200

    return give


def test_approved_it_is_released(ada, ada_usd, operator, payout_of, verdict_on):
    suspect_everything()
    held = payout_of(ada, ada_usd)

    verdict_on(held, "approve")

    told = last_event_of(held)
    assert (told.type, told.actor) == ("payout.released", f"user:{operator.id}")
    assert (told.owner_ids, told.data["approval"]) == ([ada.id], None)
    submit()
    assert events_of(held) == ["pending", "released", "processing", "completed"]


def test_approved_it_may_still_wait_for_four_eyes(ada, ada_rich, payout_of, verdict_on):
    suspect_everything()
    held = payout_of(ada, ada_rich, "10000.00")

    verdict_on(held, "approve")

    assert last_event_of(held).data["approval"] == "required"
    assert submit() == 0


def test_rejected_it_has_failed(ada, ada_usd, payout_of, verdict_on):
    suspect_everything()
    held = payout_of(ada, ada_usd)

    verdict_on(held, "reject")

    assert events_of(held) == ["pending", "failed"]
    assert last_event_of(held).data["failure_code"] == "rejected_by_review"
