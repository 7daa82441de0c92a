"""sum_spending ...: what was spent, by what, when, and in which currency."""

from datetime import timedelta

import pytest

from paycore.testing.wallets import open_for
from reports.tests.stage import (
    groups_of,
    keep,
    live_in,
    moment,
    reverse,
    spend,
    spending,
)
from transfers.tests.movements import hold_purchase, purchase, refund

pytestmark = pytest.mark.django_db

MAY = {"start": moment("2026-05-01"), "end": moment("2026-06-01")}


@pytest.fixture(params=["live", "rolled up"])
def ready(request):
    """What is asked is answered from purchases, or from roll-ups: the same."""

    def call():
        if request.param == "rolled up":
            keep()

    return call


def test_has_exactly_these_members(ada, ada_usd, ready):
    spend(ada, ada_usd, "10.00", "food", at=moment("2026-05-02 12:00"))
    spend(ada, ada_usd, "25.00", "books", at=moment("2026-05-03 12:00"))
    spend(ada, ada_usd, "0.01", "food", at=moment("2026-05-31 23:59"))
    ready()

    answer = spending(ada, **MAY)

    assert answer == {
        "currency": "USD",
        "total": "35.01",
        "count": 3,
        "average": "11.67",
        "groups": [
            {"key": "books", "total": "25.00", "count": 1},
            {"key": "food", "total": "10.01", "count": 2},
        ],
    }


def test_is_nothing_where_nothing_was_spent(ada):
    assert spending(ada) == {
        "currency": "USD",
        "total": "0.00",
        "count": 0,
        "average": "0.00",
        "groups": [],
    }


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        ("category", {"food": ("9.00", 3), "fun": ("6.00", 2)}),
        (
            "day",
            {
                "2026-05-01": ("1.00", 1),
                "2026-05-03": ("2.00", 1),
                "2026-05-04": ("7.00", 2),
                "2026-05-31": ("5.00", 1),
            },
        ),
        (
            "week",
            {"2026-W18": ("3.00", 2), "2026-W19": ("7.00", 2), "2026-W22": ("5.00", 1)},
        ),
        ("month", {"2026-05": ("15.00", 5)}),
    ],
)
def test_groups_in_order_and_without_empty_ones(ada, ada_usd, ready, group_by, groups):
    spend(ada, ada_usd, "1.00", "food", at=moment("2026-05-01"))
    spend(ada, ada_usd, "2.00", "fun", at=moment("2026-05-03 23:59"))
    spend(ada, ada_usd, "3.00", "food", at=moment("2026-05-04"))
    spend(ada, ada_usd, "4.00", "fun", at=moment("2026-05-04 23:59"))
    spend(ada, ada_usd, "5.00", "food", at=moment("2026-05-31 12:00"))
    ready()

    answer = groups_of(spending(ada, group_by=group_by, **MAY))

    assert list(answer.items()) == list(groups.items())


def test_orders_equal_categories_by_name(ada, ada_usd, ready):
    for category in ("pets", "art", "food"):
        spend(ada, ada_usd, "1.00", category, at=moment("2026-05-02"))
    ready()

    assert list(groups_of(spending(ada, **MAY))) == ["art", "food", "pets"]


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2024-12-29", "2024-W52"),
        ("2024-12-30", "2025-W01"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
    ],
)
def test_counts_the_days_around_new_year_to_the_week_they_are_in(
    ada, ada_usd, day, week
):
    at = moment(f"{day} 12:00")
    spend(ada, ada_usd, "1.00", at=at)

    around = {"start": at - timedelta(days=20), "end": at + timedelta(days=20)}

    assert list(groups_of(spending(ada, group_by="week", **around))) == [week]
    assert list(groups_of(spending(ada, group_by="month", **around))) == [day[:7]]


def test_includes_from_and_not_to(ada, ada_usd, ready):
    start, end = moment("2026-05-02 08:30"), moment("2026-05-09 17:45")
    instant = timedelta(microseconds=1)
    for amount, at in (
        ("1.00", start - instant),
        ("2.00", start),
        ("4.00", end - instant),
        ("8.00", end),
        ("16.00", moment("2026-05-05")),
    ):
        spend(ada, ada_usd, amount, at=at)
    ready()

    answer = spending(ada, start=start, end=end, group_by="day")

    assert groups_of(answer) == {
        "2026-05-02": ("2.00", 1),
        "2026-05-05": ("16.00", 1),
        "2026-05-09": ("4.00", 1),
    }
    assert spending(ada, start=start, end=start)["count"] == 0


def test_is_of_the_last_thirty_days_unless_said(ada, ada_usd, now, ready):
    spend(ada, ada_usd, "1.00", at=now - timedelta(days=30, minutes=1))
    spend(ada, ada_usd, "2.00", at=now - timedelta(days=29, hours=23))
    spend(ada, ada_usd, "4.00")
    ready()

    assert spending(ada)["total"] == "6.00"
    assert spending(ada, start=now - timedelta(days=31))["total"] == "7.00"
    assert spending(ada, end=now - timedelta(days=1))["total"] == "3.00"
    assert spending(ada, start=now + timedelta(days=1))["total"] == "0.00"


def test_counts_what_the_payer_was_debited(ada, grace, ada_usd, ada_eur, rates):
    purchase(ada, ada_usd, "9.20 EUR", merchant=open_for(grace, "EUR"))

    assert spending(ada)["total"] == "10.00"
    assert spending(grace)["count"] == 0


def test_counts_purchases_alone(ada, grace, operator, ada_usd, grace_usd, pay):
    pay(ada, ada_usd, grace_usd, "5.00")
    returned = purchase(ada, ada_usd, "7.00 USD", merchant=grace_usd)
    refund(grace, returned, "3.00")
    purchase(ada, ada_usd, "1.00 USD")

    assert spending(ada)["total"] == "8.00"
    assert spending(ada)["count"] == 2


def test_counts_what_was_held_once_it_is_completed(ada, ada_usd, operator):
    hold_purchase(ada, ada_usd, "7.00 USD")
    assert spending(ada)["count"] == 0

    [review] = operator.get("/v1/reviews", status="open").json()["items"]
    operator.post(f"/v1/reviews/{review['id']}/approve", {"reason": "r"}, key="k")

    assert spending(ada)["total"] == "7.00"


def test_forgets_what_was_reversed(ada, ada_usd, operator, ready):
    wrong = spend(ada, ada_usd, "7.00", at=moment("2026-05-03 12:00"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-03 13:00"))
    ready()

    reverse(wrong, operator)

    # At once, also where the day is rolled up, and after the roll-ups follow.
    assert groups_of(spending(ada, **MAY)) == {"food": ("2.00", 1)}
    assert groups_of(spending(operator, **MAY)) == {"food": ("2.00", 1)}
    ready()
    assert groups_of(spending(ada, **MAY)) == {"food": ("2.00", 1)}
    assert groups_of(spending(operator, **MAY)) == {"food": ("2.00", 1)}


def test_leaves_out_a_day_of_which_everything_was_reversed(
    ada, ada_usd, operator, ready
):
    wrong = spend(ada, ada_usd, "7.00", at=moment("2026-05-03 12:00"))
    ready()
    reverse(wrong, operator)

    assert spending(ada, **MAY)["groups"] == []
    ready()
    assert spending(ada, **MAY)["groups"] == []


def test_is_in_the_days_of_the_user(ada, ada_usd, ready):
    live_in(ada, "Asia/Kuala_Lumpur")
    spend(ada, ada_usd, "1.00", at=moment("2026-05-31 15:59"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-31 16:00"))
    ready()

    around = {"start": moment("2026-05-30"), "end": moment("2026-06-03")}

    assert groups_of(spending(ada, group_by="day", **around)) == {
        "2026-05-31": ("1.00", 1),
        "2026-06-01": ("2.00", 1),
    }
    assert groups_of(spending(ada, group_by="month", **around)) == {
        "2026-05": ("1.00", 1),
        "2026-06": ("2.00", 1),
    }


def test_is_of_everybody_each_in_their_own_days(
    ada, grace, mallory, operator, ada_usd, grace_usd, ready
):
    live_in(ada, "America/New_York")
    live_in(grace, "Pacific/Auckland")
    at = moment("2026-05-15 18:00")
    spend(ada, ada_usd, "1.00", at=at)
    spend(grace, grace_usd, "2.00", at=at)
    spend(mallory, open_for(mallory, "USD", "9.00"), "4.00", at=at)
    ready()

    assert groups_of(spending(operator, group_by="day", **MAY)) == {
        "2026-05-15": ("5.00", 2),
        "2026-05-16": ("2.00", 1),
    }
    assert spending(operator, user_id=str(grace.id), **MAY)["total"] == "2.00"
