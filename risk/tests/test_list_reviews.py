"""GET /v1/reviews ..."""

import pytest

from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.suspicion import suspect_everything
from risk.models import Review
from risk.tests.calls import (
    PURCHASES,
    REVIEWS,
    buy,
    decide,
    open_reviews,
    pay_out,
    send,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(ada, ada_usd, no_rules, rates):
    """Purchases that are held, urgently the last one, and a payout."""
    suspect_everything(points=60)
    made = [send(ada, PURCHASES, buy(ada_usd)).json() for _ in range(2)]
    made.append(pay_out(ada, ada_usd).json())
    suspect_everything(points=80)
    made.append(send(ada, PURCHASES, buy(ada_usd)).json())
    return [item["id"] for item in made]


def subjects(response):
    return [item["subject_id"] for item in response.json()["items"]]


def test_shows_what_is_held_and_why(ada, ada_usd, operator, no_rules):
    suspect_everything(points=80)
    made = send(ada, PURCHASES, buy(ada_usd)).json()

    [item] = open_reviews(operator)

    review = Review.objects.get()
    sentence = review.assessment.findings[0]["sentence"]
    assert item == {
        "id": str(review.pk),
        "subject_type": "transfer",
        "subject_id": made["id"],
        "score": 80,
        "band": "urgent",
        "flags": ["OFF_HOURS"],
        "reasons": [sentence],
        "status": "open",
        "decided_by": None,
        "decided_at": None,
        "reason": None,
        "created_at": item["created_at"],
    }
    assert sentence.startswith("At ")


def test_shows_the_newest_first(operator, held):
    assert subjects(operator.get(REVIEWS)) == held[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [3, 2, 1, 0]),
        ({"status": "open"}, [3, 2, 1]),
        ({"status": "rejected"}, [0]),
        ({"status": "approved"}, []),
        ({"subject_type": "payout"}, [2]),
        ({"subject_type": "transfer"}, [3, 1, 0]),
        ({"band": "urgent"}, [3]),
        ({"band": "review", "status": "open"}, [2, 1]),
    ],
)
def test_finds(operator, held, query, found):
    first = Review.objects.get(subject_id=held[0])
    assert decide(operator, first.pk, "reject").status_code == 200

    assert subjects(operator.get(REVIEWS, **query)) == [held[n] for n in found]


def test_goes_page_by_page(operator, held):
    first = operator.get(REVIEWS, limit=3).json()
    rest = operator.get(REVIEWS, limit=3, cursor=first["next_cursor"]).json()

    seen = [item["subject_id"] for page in (first, rest) for item in page["items"]]
    assert seen == held[::-1]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "closed"),
        ("band", "purple"),
        ("subject_type", "gift"),
        ("limit", "0"),
        ("colour", "red"),
    ],
)
def test_refuses_what_it_does_not_know(operator, name, value):
    response = operator.get(REVIEWS, **{name: value})

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [f"/{name}"]


def test_takes_as_many_statements_whatever_there_is(
    operator, held, django_assert_num_queries
):
    # The caller, and the reviews with their assessments.
    with django_assert_num_queries(2):
        operator.get(REVIEWS)
