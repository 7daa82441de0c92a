"""A purchase that risk holds ...: POST /v1/purchases, /v1/reviews."""

import pytest

from accounts.services import freeze_account, unfreeze_account
from events.models import Event
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.models import Hold
from paycore.lib.errors import InvalidState
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from paycore.testing.suspicion import suspect_everything
from risk.models import Assessment, Review, ReviewStatus
from risk.services import resolve_review
from risk.tests.calls import REVIEWS, decide, open_reviews
from risk.tests.settings import limit
from transfers.models import Transfer
from transfers.tests.movements import (
    EXCHANGE,
    PURCHASES,
    buy,
    deposit,
    entry_of,
    events_of,
    hold_purchase,
    house_holds,
    reversal_of,
    reverse,
    send,
    state_of,
)
from transfers.tests.orders import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
VERDICTS = {"approve": "approved", "reject": "rejected"}
OTHER = {"approve": "reject", "reject": "approve"}


@pytest.fixture
def held(ada, ada_usd):
    """A purchase of 100.00 USD of ada's that waits."""
    return hold_purchase(ada, ada_usd, "100.00 USD")


@pytest.fixture
def review(held):
    return Review.objects.get(subject_id=held.pk)


def status_of(transfer):
    return Transfer.objects.get(pk=transfer.pk).status


def resolve(review, verdict, by):
    return resolve_review(
        review_id=review.pk,
        verdict=verdict,
        reason="r",
        by_id=by.id,
        origin=by.origin,
    )


def test_waits_for_a_person_with_its_funds_on_hold(ada, ada_usd, operator):
    suspect_everything(points=80)

    response = send(ada, PURCHASES, buy(ada_usd, "100.00"))

    made = response.json()
    assert response.status_code == 201
    assert (made["status"], made["risk"], made["failure_code"]) == (
        "pending",
        None,
        None,
    )
    assert state_of(ada_usd) == ("1000.00", "100.00", "0.00")
    [item] = open_reviews(operator)
    assert (item["subject_type"], item["subject_id"]) == ("transfer", made["id"])
    assert (item["score"], item["band"]) == (80, "urgent")


@pytest.mark.parametrize(
    ("points", "status"), [(20, "completed"), (59, "completed"), (60, "pending")]
)
def test_is_one_of_sixty_points_and_more(ada, ada_usd, points, status):
    suspect_everything(points=points)

    made = send(ada, PURCHASES, buy(ada_usd)).json()

    assert made["status"] == status
    assert Review.objects.count() == (status == "pending")
    assert Assessment.objects.get().subject_id.hex == made["id"].replace("-", "")


def test_is_completed_when_it_is_approved(held, review, ada_usd, operator):
    response = decide(operator, review.pk, "approve", "She was there herself")

    answer = response.json()
    assert response.status_code == 200
    assert (answer["status"], answer["reason"], answer["decided_by"]) == (
        "approved",
        "She was there herself",
        str(operator.id),
    )
    held.refresh_from_db()
    assert held.status == "completed"
    assert entry_of(held).created_at == held.completed_at
    assert state_of(ada_usd) == ("900.00", "0.00", "0.00")
    assert house_holds("house:merchants:USD") == "100.00"
    assert Hold.objects.get(pk=held.hold_id).status == "captured"
    assert open_reviews(operator) == []


def test_gives_back_its_funds_when_it_is_rejected(ada, held, review, ada_usd, operator):
    assert decide(operator, review.pk, "reject").json()["status"] == "rejected"

    shown = ada.get(f"/v1/transfers/{held.pk}").json()
    assert (shown["status"], shown["failure_code"]) == ("failed", "rejected_by_review")
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")
    assert Hold.objects.get(pk=held.hold_id).status == "released"


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_decided_once(held, review, operator, admin, verdict, nothing_moves):
    first = decide(operator, review.pk, verdict, "First").json()

    with nothing_moves():
        again = decide(admin, review.pk, verdict, "Second")
        other = decide(admin, review.pk, OTHER[verdict])

    assert (again.status_code, again.json()) == (200, first)
    assert refusal_of(other) == (409, "invalid_state")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_told_of_with_who_and_why(held, review, operator, verdict):
    decide(operator, review.pk, verdict, "Because")

    opened, decided = Event.objects.filter(subject_id=review.pk).order_by("pk")
    assert opened.type == "review.opened"
    assert opened.data == {
        "review_id": str(review.pk),
        "subject_type": "transfer",
        "subject_id": str(held.pk),
        "score": review.score,
        "band": review.band,
        "flags": review.flags,
    }
    assert (decided.type, decided.actor) == (
        f"review.{VERDICTS[verdict]}",
        f"user:{operator.id}",
    )
    assert decided.data == {
        "review_id": str(review.pk),
        "subject_type": "transfer",
        "subject_id": str(held.pk),
        "reason": "Because",
    }
    # What makes us suspicious is not for the suspect to read.
    assert opened.owner_ids == decided.owner_ids == []
    last = "transfer.completed" if verdict == "approve" else "transfer.failed"
    assert events_of(held.pk) == ["transfer.pending", last]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_is_decided_once_with_one_key(held, review, operator, verdict):
    path, body = f"{REVIEWS}/{review.pk}/{verdict}", {"reason": "r"}

    first = operator.post(path, body, key="k")
    again = operator.post(path, body, key="k")
    another = operator.post(path, {"reason": "s"}, key="k")

    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(another) == (409, "idempotency_key_reused")


def test_is_approved_whatever_it_would_score_now(held, review, operator):
    suspect_everything(points=100)
    limit("0.01 MYR")

    assert decide(operator, review.pk, "approve").status_code == 200

    assert status_of(held) == "completed"
    assert Assessment.objects.count() == 1


@pytest.mark.parametrize("side", ["payer", "merchant"])
@pytest.mark.parametrize("wanted", ["100.00 USD", "100.00 EUR"])
def test_is_not_approved_while_an_account_is_frozen(
    ada, grace, ada_usd, account_of, operator, side, wanted, nothing_moves
):
    shop = account_of(grace, wanted.split()[1])
    held = hold_purchase(ada, ada_usd, wanted, merchant=shop)
    review = Review.objects.get()
    frozen = ada_usd if side == "payer" else shop
    freeze_account(account_id=frozen.pk, reason="r", origin=operator.origin)

    with nothing_moves(), refused_with(AccountNotActive):
        resolve(review, ReviewStatus.APPROVED, operator)
    response = decide(operator, review.pk, "approve")
    review.refresh_from_db()
    assert refusal_of(response) == (422, "account_not_active")
    assert (review.status, status_of(held)) == ("open", "pending")

    unfreeze_account(account_id=frozen.pk, reason="r", origin=operator.origin)
    assert decide(operator, review.pk, "approve").status_code == 200
    assert state_of(shop)[0] == "100.00"


def test_is_rejected_while_its_account_is_frozen(held, review, ada_usd, operator):
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)

    assert decide(operator, review.pk, "reject").status_code == 200

    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")


def test_is_not_approved_when_its_funds_were_taken_by_force(
    ada, account_of, admin, operator, nothing_moves
):
    purse = account_of(ada, "USD")
    came_in = deposit(operator, purse, "100.00 USD")
    held = hold_purchase(ada, purse, "60.00 USD")
    review = Review.objects.get()
    reverse(admin, came_in, force=True)

    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        resolve(review, ReviewStatus.APPROVED, operator)

    assert caught.value.facts == {
        "available": "0.00",
        "required": "60.00",
        "currency": "USD",
    }
    assert status_of(held) == "pending"
    assert decide(operator, review.pk, "reject").status_code == 200
    assert state_of(purse) == ("0.00", "0.00", "0.00")


def test_can_be_reversed_after_it_was_approved(held, review, ada_usd, operator, admin):
    decide(operator, review.pk, "approve")

    assert send(admin, reversal_of(held), {"reason": "r"}).status_code == 201

    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")
    assert decide(operator, review.pk, "approve").status_code == 200
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")


def test_cannot_be_reversed_while_it_waits(held, admin, nothing_moves):
    with nothing_moves():
        response = send(admin, reversal_of(held), {"reason": "r"})

    assert refusal_of(response) == (409, "invalid_state")


def test_counts_towards_the_limit_until_it_is_rejected(ada, ada_usd, operator):
    limit("47.00 MYR")
    suspect_everything()
    made = send(ada, PURCHASES, buy(ada_usd, "10.00")).json()

    refused = send(ada, PURCHASES, buy(ada_usd, "0.01"))
    decide(operator, Review.objects.get(subject_id=made["id"]).pk, "reject")
    again = send(ada, PURCHASES, buy(ada_usd, "10.00"))

    assert refusal_of(refused) == (422, "limit_exceeded")
    assert again.status_code == 201


def test_is_replayed_as_it_was_answered(ada, ada_usd, operator):
    suspect_everything()
    first = send(ada, PURCHASES, buy(ada_usd), key="k")
    decide(operator, Review.objects.get().pk, "approve")

    again = send(ada, PURCHASES, buy(ada_usd), key="k")

    assert again.json() == first.json()
    assert again.json()["status"] == "pending"
    assert Review.objects.count() == 1


def test_leaves_nothing_when_there_is_not_enough_money(ada, ada_usd, nothing_moves):
    suspect_everything()

    with nothing_moves():
        response = send(ada, PURCHASES, buy(ada_usd, "1000.01"))

    assert refusal_of(response) == (422, "insufficient_balance")
    assert not Assessment.objects.exists()
    assert not Review.objects.exists()


@pytest.mark.parametrize("points", [20, 60])
def test_shows_its_risk_to_operators_only(ada, ada_usd, operator, points):
    suspect_everything(points=points)
    risk = {"score": points, "flags": ["OFF_HOURS"]}

    made = send(ada, PURCHASES, buy(ada_usd)).json()
    made_by_staff = send(operator, PURCHASES, buy(ada_usd)).json()

    assert (made["risk"], made_by_staff["risk"]) == (
        None,
        risk | {"flags": ["OFF_HOURS", "POSSIBLE_DUPLICATE"]},
    )
    path = f"/v1/transfers/{made['id']}"
    assert ada.get(path).json()["risk"] is None
    assert operator.get(path).json()["risk"] == risk

    def listed(caller):
        items = caller.get("/v1/transfers", kind="purchase").json()["items"]
        return [item["risk"] for item in items]

    assert listed(ada) == [None, None]
    assert listed(operator) == [made_by_staff["risk"], risk]


def test_has_no_risk_when_nobody_judged_it(operator, ada_usd):
    [opening] = operator.get("/v1/transfers").json()["items"]

    assert (opening["kind"], opening["risk"]) == ("opening", None)


def test_may_also_be_an_exchange(settings, ada, ada_usd, ada_eur, operator):
    settings.RISK_KINDS = settings.RISK_KINDS | {"exchange"}
    suspect_everything()

    made = send(ada, EXCHANGE, order(ada_usd, ada_eur, "100.00")).json()
    review = Review.objects.get()
    assert (made["status"], state_of(ada_usd)[1]) == ("pending", "100.00")
    decide(operator, review.pk, "approve")

    assert state_of(ada_usd) == ("900.00", "0.00", "0.00")
    assert state_of(ada_eur)[0] == "592.00"


def test_is_not_an_exchange_unless_it_is_configured(ada, ada_usd, ada_eur):
    suspect_everything()

    made = send(ada, EXCHANGE, order(ada_usd, ada_eur, "100.00")).json()

    assert made["status"] == "completed"
    assert not Assessment.objects.exists()


def test_cannot_be_decided_when_somebody_ended_it_otherwise(
    held, review, operator, nothing_moves
):
    # Nobody may, but if somebody did, the books would not move twice.
    resolve(review, ReviewStatus.REJECTED, operator)

    with nothing_moves(), refused_with(InvalidState):
        resolve(review, ReviewStatus.APPROVED, operator)
