"""A payout that risk holds ...: POST /v1/payouts, /v1/reviews."""

import pytest

from accounts.services import freeze_account, unfreeze_account
from events.models import Event
from paycore.lib.errors import InvalidState
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from paycore.testing.suspicion import suspect_everything
from payouts.models import Payout
from payouts.services import cancel_payout
from payouts.services.held import HeldPayouts
from payouts.tests.orders import PAYOUTS, at, order, send
from payouts.tests.working import now, submit
from risk.models import Assessment, Review
from risk.tests.calls import REVIEWS, decide, open_reviews
from risk.tests.settings import DAY, PAYOUT, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "gateway")]
VERDICTS = {"approve": "approved", "reject": "rejected"}
OTHER = {"approve": "reject", "reject": "approve"}


@pytest.fixture
def held(ada, ada_usd, payout_of):
    """10.00 of ada's 1000.00 USD, held by risk."""
    suspect_everything()
    return payout_of(ada, ada_usd)


@pytest.fixture
def held_large(ada, ada_rich, payout_of):
    """10000.00 USD of ada's, which also need four eyes."""
    suspect_everything()
    return payout_of(ada, ada_rich, "10000.00")


def review_of(payout):
    return Review.objects.get(subject_id=payout.pk)


def balance_in(player, account):
    return player.get(f"/v1/accounts/{account.pk}").json()["balance"]


def test_waits_for_a_person_with_its_funds_on_hold(ada, ada_usd, operator):
    suspect_everything(points=80)

    response = send(ada, order(ada_usd, "10.00"))

    made = response.json()
    assert response.status_code == 202
    assert (made["status"], made["approval"], made["risk"]) == ("pending", None, None)
    assert balance_in(ada, ada_usd)["held"] == "10.00"
    [item] = open_reviews(operator)
    assert (item["subject_type"], item["subject_id"]) == ("payout", made["id"])
    assert item["band"] == "urgent"


def test_is_taken_up_by_no_worker(held, gateway):
    assert submit() == 0

    assert now(held).status == "pending"
    assert gateway.heard_of(held.pk) == []


def test_is_sent_when_it_is_approved(held, operator, gateway):
    answer = decide(operator, review_of(held).pk, "approve", "Her own account").json()

    assert (answer["status"], answer["decided_by"]) == ("approved", str(operator.id))
    assert now(held).status == "pending"
    assert submit() == 1
    assert now(held).status == "completed"
    assert gateway.heard_of(held.pk) == ["submit"]


def test_gives_back_its_funds_when_it_is_rejected(ada, ada_usd, held, operator):
    decide(operator, review_of(held).pk, "reject")

    shown = ada.get(at(held)).json()
    assert (shown["status"], shown["failure_code"]) == ("failed", "rejected_by_review")
    assert balance_in(ada, ada_usd)["available"] == "1000.00"
    assert submit() == 0


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_decided_once(held, operator, admin, verdict, nothing_moves):
    first = decide(operator, review_of(held).pk, verdict).json()

    with nothing_moves():
        again = decide(admin, review_of(held).pk, verdict, "Another reason")
        other = decide(admin, review_of(held).pk, OTHER[verdict])

    assert (again.status_code, again.json()) == (200, first)
    assert refusal_of(other) == (409, "invalid_state")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_stays_decided_after_it_was_sent(held, operator, verdict, nothing_moves):
    review = review_of(held)
    decide(operator, review.pk, verdict)
    submit()

    with nothing_moves():
        assert decide(operator, review.pk, verdict).status_code == 200


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_told_of_with_who_and_why(held, operator, verdict):
    review = review_of(held)
    decide(operator, review.pk, verdict, "Because")

    told = Event.objects.filter(subject_id=review.pk).order_by("pk")
    assert [event.type for event in told] == [
        "review.opened",
        f"review.{VERDICTS[verdict]}",
    ]
    assert told[1].actor == f"user:{operator.id}"
    assert told[1].data["reason"] == "Because"
    assert told[1].data["subject_type"] == "payout"


def test_is_decided_once_with_one_key(held, operator):
    path, body = f"{REVIEWS}/{review_of(held).pk}/approve", {"reason": "r"}

    first = operator.post(path, body, key="k")
    again = operator.post(path, body, key="k")

    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("first", ["review", "approval"])
def test_that_is_large_needs_both(held_large, operator, admin, first, gateway):
    def review():
        return decide(operator, review_of(held_large).pk, "approve")

    def approve():
        return admin.post(at(held_large, "approve"), {"reason": "r"})

    steps = [review, approve] if first == "review" else [approve, review]

    assert now(held_large).approval == "required"
    assert steps[0]().status_code == 200
    assert submit() == 0
    assert steps[1]().status_code == 200
    assert submit() == 1
    assert now(held_large).status == "completed"


def test_that_is_large_is_rejected_though_it_was_approved(
    held_large, ada, ada_rich, operator, admin
):
    admin.post(at(held_large, "approve"), {"reason": "r"})

    decide(operator, review_of(held_large).pk, "reject")

    assert now(held_large).failure_code == "rejected_by_review"
    assert balance_in(ada, ada_rich)["available"] == "100000.00"


def test_is_not_approved_while_its_account_is_frozen(held, ada_usd, operator):
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)
    review = review_of(held)

    refused = decide(operator, review.pk, "approve")

    assert refusal_of(refused) == (422, "account_not_active")
    assert (review_of(held).status, now(held).due_at) == ("open", None)
    unfreeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)
    assert decide(operator, review.pk, "approve").status_code == 200
    assert submit() == 1


def test_is_rejected_while_its_account_is_frozen(held, ada, ada_usd, operator):
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)

    assert decide(operator, review_of(held).pk, "reject").status_code == 200

    assert balance_in(ada, ada_usd)["held"] == "0.00"


def test_that_is_cancelled_needs_no_review(held, ada, ada_usd, operator, nothing_moves):
    assert ada.post(at(held, "cancel")).json()["status"] == "cancelled"

    review = review_of(held)
    assert (review.status, review.decided_by_id) == ("rejected", None)
    assert review.reason == "The payout was cancelled."
    assert balance_in(ada, ada_usd)["held"] == "0.00"
    assert open_reviews(operator) == []
    closed = Event.objects.get(type="review.rejected")
    assert closed.actor == f"user:{ada.id}"
    with nothing_moves():
        assert decide(operator, review.pk, "reject").status_code == 200
        refused = decide(operator, review.pk, "approve")
    assert refusal_of(refused) == (409, "invalid_state")


def test_that_was_approved_can_be_cancelled_until_it_is_sent(held, ada, operator):
    decide(operator, review_of(held).pk, "approve")

    assert ada.post(at(held, "cancel")).json()["status"] == "cancelled"

    assert review_of(held).status == "approved"
    assert submit() == 0


def test_is_replayed_as_it_was_answered(ada, ada_usd, operator):
    suspect_everything()
    first = send(ada, order(ada_usd), key="k")
    decide(operator, Review.objects.get().pk, "reject")

    again = send(ada, order(ada_usd), key="k")

    assert again.json() == first.json()
    assert Payout.objects.count() == Review.objects.count() == 1


def test_leaves_nothing_when_there_is_not_enough_money(ada, ada_usd, nothing_moves):
    suspect_everything()

    with nothing_moves():
        response = send(ada, order(ada_usd, "1000.01"))

    assert refusal_of(response) == (422, "insufficient_balance")
    assert not Assessment.objects.exists()


def test_counts_towards_the_limit_until_it_comes_to_nothing(
    ada, ada_usd, held, operator, gateway
):
    limit("47.00 MYR", DAY, PAYOUT)

    assert refusal_of(send(ada, order(ada_usd, "0.01"))) == (422, "limit_exceeded")
    decide(operator, review_of(held).pk, "reject")

    assert send(ada, order(ada_usd, "10.00")).status_code == 202


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_needed_for_a_verdict(ada, payout, held, nothing_moves, verdict):
    cancel_payout(payout_id=held.pk, reason="r", origin=ada.origin)

    for subject in (payout, held):
        with nothing_moves(), refused_with(InvalidState):
            getattr(HeldPayouts(), verdict)(subject.pk, origin=ada.origin)


def test_is_not_judged_while_its_account_is_frozen(ada, frozen, nothing_moves):
    account = frozen(ada, "USD", "100.00")
    limit("0.01 MYR", DAY, PAYOUT)

    with nothing_moves():
        response = send(ada, order(account))

    assert refusal_of(response) == (422, "account_not_active")
    assert not Assessment.objects.exists()


def test_shows_its_risk_to_operators_only(ada, ada_usd, operator, held):
    risk = {"score": 70, "flags": ["OFF_HOURS"]}

    assert ada.get(at(held)).json()["risk"] is None
    assert operator.get(at(held)).json()["risk"] == risk
    assert [item["risk"] for item in ada.get(PAYOUTS).json()["items"]] == [None]
    assert [item["risk"] for item in operator.get(PAYOUTS).json()["items"]] == [risk]
    made = send(operator, order(ada_usd, "11.00")).json()
    assert made["risk"] == risk
    assert send(ada, order(ada_usd, "12.00")).json()["risk"] is None
