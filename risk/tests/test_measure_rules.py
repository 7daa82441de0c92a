"""How often rules apply ...: measure_rules."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from risk import statistics
from risk.models import Band, RuleState
from risk.services import read_configuration
from risk.statistics import RuleUse, Times, measure_rules, measure_scores
from risk.tests.past import paid
from risk.tests.settings import begin_bands, configure

# Payments of nothing but risk: there is no transfer behind them.
pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def measured(code):
    uses = measure_rules(read_configuration(user_ids=[]), at=NOW)
    assert uses is not None
    return uses.get(code, RuleUse())


def scored(player, score, *, days=1.0, flags=(), shadow=(), **more):
    at = NOW - timedelta(days=days)
    more |= {"flags": list(flags), "shadow_flags": list(shadow)}
    return paid(player, at=at, score=score, **more)


def test_counts_the_last_seven_and_thirty_days(ada):
    for days in (0, 6.9, 7.1, 29.9, 30.1):
        scored(ada, 20, days=days, flags=["HIGH_VALUE", "OFF_HOURS"])
    scored(ada, 20, days=1, flags=["OFF_HOURS"], shadow=["HIGH_VALUE"])

    assert measured("HIGH_VALUE") == RuleUse(
        counted=Times(2, 4), shadow=Times(1, 1), moved=Times(1, 1)
    )
    assert measured("OFF_HOURS").counted == Times(3, 5)
    assert measured("HIGH_VELOCITY") == RuleUse()


@pytest.mark.parametrize(
    ("score", "points", "is_moved"),
    [
        (0, 39, False),
        (0, 40, True),
        (20, 20, True),
        (39, 0, False),
        (40, 19, False),
        (40, 20, True),
        (59, 1, True),
        (60, 19, False),
        (79, 1, True),
        (80, 100, False),
        (100, 100, False),
    ],
)
def test_a_rule_in_shadow_would_move_what_it_lifts_into_another_band(
    ada, score, points, is_moved
):
    configure("HIGH_VALUE", state=RuleState.SHADOW, points=points)
    scored(ada, score, shadow=["HIGH_VALUE"])

    assert measured("HIGH_VALUE").moved == Times(is_moved, is_moved)


def test_it_is_by_the_bands_of_now(ada):
    configure("HIGH_VALUE", state=RuleState.SHADOW, points=10)
    scored(ada, 10, shadow=["HIGH_VALUE"])
    assert measured("HIGH_VALUE").moved == Times(0, 0)

    begin_bands(15, 60, 80)

    assert measured("HIGH_VALUE").moved == Times(1, 1)


def test_no_score_is_above_a_hundred(ada):
    configure("HIGH_VALUE", state=RuleState.SHADOW, points=20)
    scored(ada, 90, shadow=["HIGH_VALUE"])
    begin_bands(40, 60, 101)

    assert measured("HIGH_VALUE").moved == Times(0, 0)


def test_what_is_held_because_a_rule_failed_stays_held(ada):
    configure("HIGH_VALUE", state=RuleState.SHADOW, points=50)
    held = {"errors": {"OFF_HOURS": "closed"}, "band": Band.REVIEW}
    let_go = {"errors": {"OFF_HOURS": "open"}}
    scored(ada, 0, shadow=["HIGH_VALUE"], **held)
    assert measured("HIGH_VALUE").moved == Times(0, 0)
    scored(ada, 0, shadow=["HIGH_VALUE"], **let_go)
    assert measured("HIGH_VALUE").moved == Times(1, 1)

    scored(ada, 30, shadow=["HIGH_VALUE"], **held)

    assert measured("HIGH_VALUE").moved == Times(2, 2)


def test_it_is_one_statement_beside_its_time_limit(ada, django_assert_num_queries):
    configuration = read_configuration(user_ids=[])
    for _ in range(5):
        scored(ada, 20, flags=["HIGH_VALUE"])

    # With the savepoint around it, and the limit.
    with django_assert_num_queries(4):
        measure_rules(configuration, at=NOW)


def test_nobody_waits_for_too_long(ada, monkeypatch):
    def sleep(start, end):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    scored(ada, 20, flags=["HIGH_VALUE"])
    slow = statistics._RULES.replace("SELECT code,", "SELECT pg_sleep(30)::text,", 1)
    monkeypatch.setattr(statistics, "QUICK_SECONDS", "0.05")
    monkeypatch.setattr(statistics, "_RULES", slow)
    monkeypatch.setattr(statistics, "summarize_scores", sleep)

    assert measure_rules(read_configuration(user_ids=[]), at=NOW) is None
    assert measure_scores(at=NOW) is None

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() != ("50ms",)
