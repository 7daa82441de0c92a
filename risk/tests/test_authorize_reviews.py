"""authorize_reviews: who may see what is held, and decide about it."""

import pytest

from paycore.api.principals import Role
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.problems import refusal_of
from paycore.testing.suspicion import suspect_everything
from risk.models import Review
from risk.tests.calls import PURCHASES, REVIEWS, buy, decide, send

pytestmark = pytest.mark.django_db

CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
REVIEWERS = [
    "operator",
    "operator with reviews:write",
    "operator with admin",
    "admin",
    "admin with reviews:write",
]
OTHERS = [
    ("anonymous", 401),
    ("ada", 403),
    ("mallory", 403),
    ("suspended operator", 403),
    ("suspended operator with reviews:write", 403),
    ("ada with transfers:write accounts:read payouts:write", 403),
    ("operator with transfers:write accounts:read payouts:write deposits:write", 403),
    ("admin with reports:read", 403),
]


@pytest.fixture
def review(ada, ada_usd):
    suspect_everything()
    send(ada, PURCHASES, buy(ada_usd))
    return Review.objects.get()


@pytest.mark.parametrize("who", REVIEWERS)
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_who_may_decide(caller, who, review, verdict):
    response = decide(caller(who), review.pk, verdict)

    assert response.status_code == 200


@pytest.mark.parametrize(("who", "status"), OTHERS)
@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_who_may_not_decide(caller, who, status, review, verdict, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = decide(somebody, review.pk, verdict)

    assert refusal_of(response) == (status, CODES[status])
    review.refresh_from_db()
    assert review.status == "open"


@pytest.mark.parametrize("who", REVIEWERS)
def test_who_may_list(caller, who, review):
    items = caller(who).get(REVIEWS).json()["items"]

    assert [item["id"] for item in items] == [str(review.pk)]


@pytest.mark.parametrize(("who", "status"), OTHERS)
def test_who_may_not_list(caller, who, status, review):
    assert refusal_of(caller(who).get(REVIEWS)) == (status, CODES[status])


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_nobody_decides_about_their_own(operator, admin, account_of, verdict):
    suspect_everything()
    purse = account_of(operator, "USD", "10.00")
    send(operator, PURCHASES, buy(purse))
    review = Review.objects.get()

    response = decide(operator, review.pk, verdict)

    assert refusal_of(response) == (403, "permission_denied")
    assert decide(admin, review.pk, verdict).status_code == 200


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_nobody_decides_about_what_is_not_there(operator, verdict):
    for review_id in (new_id(), "x"):
        response = decide(operator, review_id, verdict)

        assert refusal_of(response) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": None},
        {"reason": "x" * 501},
        {"reason": "r", "colour": "red"},
    ],
)
def test_nobody_decides_without_saying_why(operator, review, body, nothing_moves):
    with nothing_moves():
        response = operator.post(f"{REVIEWS}/{review.pk}/approve", body)

    assert refusal_of(response) == (400, "invalid_input")


def test_a_second_operator_sees_what_the_first_decided(operator, review):
    other = enter("second", role=Role.OPERATOR)
    decide(operator, review.pk, "approve", "Known well")

    answer = decide(other, review.pk, "approve", "Me too").json()

    assert (answer["decided_by"], answer["reason"]) == (str(operator.id), "Known well")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", REVIEWS),
        ("delete", REVIEWS),
        ("get", f"{REVIEWS}/{{}}/approve"),
        ("delete", f"{REVIEWS}/{{}}/reject"),
    ],
)
def test_nobody_may_what_there_is_no_method_for(operator, review, method, path):
    response = getattr(operator, method)(path.format(review.pk))

    assert refusal_of(response) == (405, "method_not_allowed")
