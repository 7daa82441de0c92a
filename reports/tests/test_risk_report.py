"""The risk report ...: how payments were judged when they were made."""

from collections import Counter
from typing import Any

import pytest

from paycore.lib.ids import new_id
from paycore.testing.races import race
from reports.models import FlagRollup, ScoreRollup
from reports.services import rebuild_rollups
from reports.tests.stage import FUTURE, keep, moment
from risk.models import Assessment
from transfers.tests.movements import purchase

pytestmark = pytest.mark.django_db

RISK = "/v1/analytics/risk"
MAY: Any = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}


@pytest.fixture
def judge(ada):
    """A payment of ada's that got a score, at some time."""

    def call(score, band, at, *, flags=(), shadow_flags=()):
        Assessment.objects.create(
            subject_type="transfer",
            subject_id=new_id(),
            kind="purchase",
            user_id=ada.id,
            amount_minor=100,
            currency="USD",
            currency_of_worth="MYR",
            time_zone="UTC",
            score=score,
            band=band,
            flags=list(flags),
            shadow_flags=list(shadow_flags),
            assessed_at=moment(at),
        )

    return call


# How far the roll-ups are: nowhere, in the middle, and to the end.
KEPT = (None, "2026-05-04 12:00", "2026-06-01 12:00")


def kept(until):
    if until is not None:
        keep(until=moment(until))


@pytest.mark.parametrize("until", KEPT)
def test_counts_bands_scores_and_flags(operator, judge, until):
    judge(0, "approve", "2026-04-30 23:59", flags=["HIGH_VALUE"])
    judge(0, "approve", "2026-05-01", shadow_flags=["HIGH_VALUE"])
    judge(9, "approve", "2026-05-02", flags=["OFF_HOURS"])
    judge(10, "approve", "2026-05-03")
    judge(59, "monitor", "2026-05-04", flags=["OFF_HOURS", "HIGH_VALUE"])
    judge(60, "review", "2026-05-05", flags=["OFF_HOURS"], shadow_flags=["A_RULE"])
    judge(90, "urgent", "2026-05-06")
    judge(100, "urgent", "2026-05-31 23:59")
    judge(100, "urgent", "2026-06-01")
    kept(until)

    answer = operator.get(RISK, **MAY).json()

    assert answer == {
        "from": "2026-05-01T00:00:00.000000Z",
        "to": "2026-06-01T00:00:00.000000Z",
        "total": 7,
        "bands": {"approve": 3, "monitor": 1, "review": 1, "urgent": 2},
        "scores": [
            {"from": 0, "to": 9, "count": 2},
            {"from": 10, "to": 19, "count": 1},
            {"from": 20, "to": 29, "count": 0},
            {"from": 30, "to": 39, "count": 0},
            {"from": 40, "to": 49, "count": 0},
            {"from": 50, "to": 59, "count": 1},
            {"from": 60, "to": 69, "count": 1},
            {"from": 70, "to": 79, "count": 0},
            {"from": 80, "to": 89, "count": 0},
            {"from": 90, "to": 100, "count": 2},
        ],
        "flags": [
            {"flag": "OFF_HOURS", "count": 3, "shadow_count": 0},
            {"flag": "HIGH_VALUE", "count": 1, "shadow_count": 1},
            {"flag": "A_RULE", "count": 0, "shadow_count": 1},
        ],
    }


@pytest.mark.parametrize("until", KEPT)
@pytest.mark.parametrize(
    ("start", "end", "scores"),
    [
        ("2026-05-03 12:00", "2026-05-03 12:00", []),
        ("2026-05-03 12:00", "2026-05-03 13:00", [12]),
        ("2026-05-02 23:00", "2026-05-04 01:00", [23, 24, 0, 12, 23, 24, 0]),
        ("2026-05-03", "2026-05-04", [0, 12, 23, 24]),
        ("0001-01-01", "0001-12-01", []),
        ("9999-01-01", "9999-12-01", []),
    ],
)
def test_is_of_any_time_however_much_is_rolled_up(
    operator, judge, until, start, end, scores
):
    for day in range(2, 6):
        for hour in (0, 12, 23):
            flags = [f"AT_{hour}"]
            judge(hour, "approve", f"2026-05-{day:02} {hour:02}:00", flags=flags)
        judge(24, "approve", f"2026-05-{day:02} 23:59:59.999999", shadow_flags=["LATE"])
    kept(until)

    bounds = {"from": instant(start), "to": instant(end)}
    answer = operator.get(RISK, **bounds).json()

    assert answer["total"] == len(scores)
    assert counts(answer["scores"], "from") == Counter(
        score // 10 * 10 for score in scores
    )
    assert counts(answer["flags"], "flag") == Counter(
        f"AT_{score}" for score in scores if score != 24
    )


def counts(rows, key):
    return {row[key]: row["count"] for row in rows if row["count"]}


def instant(text):
    return moment(text).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)


def test_is_made_again_to_the_same_numbers(operator, judge):
    for day in range(1, 20):
        flags, shadow_flags = ["A"] * (day % 2), ["B"] * (day % 3 == 0)
        judge(
            day, "approve", f"2026-05-{day:02}", flags=flags, shadow_flags=shadow_flags
        )
    live = operator.get(RISK, **MAY).json()
    for day in (3, 4, 17, 25):
        keep(until=moment(f"2026-05-{day:02} 18:00"))
    rolled = judged_rollups()

    assert len(rolled[0]) == 19
    assert operator.get(RISK, **MAY).json() == live
    rebuild_rollups(until=FUTURE)
    assert judged_rollups() == rolled
    assert operator.get(RISK, **MAY).json() == live


def judged_rollups():
    return [
        sorted(model.objects.values_list(*columns))
        for model, columns in (
            (ScoreRollup, ("day", "band", "tens", "count")),
            (FlagRollup, ("day", "flag", "count", "shadow_count")),
        )
    ]


@pytest.mark.django_db(transaction=True)
def test_is_right_while_roll_ups_are_made_again(operator, judge):
    for day in range(1, 29):
        judge(day, "approve", f"2026-05-{day:02}", flags=["A"])
    keep()

    def read():
        return {operator.get(RISK, **MAY).json()["total"] for _ in range(20)}

    def make():
        for _ in range(4):
            rebuild_rollups(until=FUTURE)

    assert race(read, make, read) == [{28}, None, {28}]


def test_is_all_zero_where_nothing_was_judged(operator):
    answer = operator.get(RISK, **MAY).json()

    assert answer["total"] == 0
    assert answer["bands"] == {"approve": 0, "monitor": 0, "review": 0, "urgent": 0}
    assert [scores["count"] for scores in answer["scores"]] == [0] * 10
    assert answer["flags"] == []


def test_is_of_the_last_thirty_days_unless_said(ada, ada_usd, operator, judge):
    judge(0, "approve", "2016-05-01")
    purchase(ada, ada_usd, "1.00 USD")

    assert operator.get(RISK).json()["total"] == 1
