"""Judging a payment costs the same number of statements ..."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from risk.rules import RULES
from risk.services import Screening
from risk.tests.past import paid, payment_of, screen
from risk.tests.settings import STAGE, configure, limit

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


def asked_by(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"].split()[0] for query in captured]


def screen_many(players, count):
    payments = [
        payment_of(player, f"{number}.00 MYR")
        for number in range(1, count + 1)
        for player in players
    ]
    screening = Screening(payments)
    for payment in payments:
        screening.keep(screening.judge(payment))
    screening.write(origin=STAGE)


def test_whatever_was_paid_before(ada):
    first = asked_by(lambda: screen(ada))
    for number in range(20):
        paid(ada, ago=number)
    later = asked_by(lambda: screen(ada))

    # The lock with what is configured, the look back, the assessment.
    assert first == later == ["WITH", "WITH", "INSERT"]


def test_whatever_the_number_of_rules(ada, monkeypatch):
    for number in range(10):
        rule = type(
            "Another",
            (type(RULES["HIGH_VELOCITY"]),),
            {
                "code": f"ANOTHER_{number}",
                "parameters": {"most": 5, "seconds": 60 + number},
            },
        )
        monkeypatch.setitem(RULES, f"ANOTHER_{number}", rule())
        configure(f"ANOTHER_{number}", points=1)

    assert len(asked_by(lambda: screen(ada))) == 3


def test_and_one_more_for_another_currency_than_limits_are_in(ada, rates):
    assert len(asked_by(lambda: screen(ada, "10.00 USD"))) == 4
    # 10.00 USD of the day have to be converted.
    assert len(asked_by(lambda: screen(ada))) == 4


def test_whatever_the_limits(ada, grace):
    for player in (ada, grace):
        limit("9999.00 MYR", user_id=player.id)

    assert len(asked_by(lambda: screen(ada))) == 3


@pytest.mark.parametrize("count", [1, 3, 50])
def test_whatever_the_size_of_a_batch(ada, grace, mallory, count, no_rules):
    asked = asked_by(lambda: screen_many([ada, grace, mallory], count))

    assert asked == ["WITH", "WITH", "INSERT"]


def test_and_two_for_those_of_a_batch_that_are_held(ada, no_rules):
    configure("HIGH_VALUE", points=60, parameters={"above": 10}, state="on")

    asked = asked_by(lambda: screen_many([ada], 20))

    # The reviews and their events.
    assert asked == ["WITH", "WITH", "INSERT", "INSERT", "INSERT"]
