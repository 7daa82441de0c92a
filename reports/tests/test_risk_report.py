"""The risk report ...: how payments were judged when they were made."""

from typing import Any

import pytest

from paycore.lib.ids import new_id
from reports.tests.stage import moment
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


def test_counts_bands_scores_and_flags(operator, judge):
    judge(0, "approve", "2026-04-30 23:59", flags=["HIGH_VALUE"])
    judge(0, "approve", "2026-05-01", shadow_flags=["HIGH_VALUE"])
    judge(9, "approve", "2026-05-02", flags=["OFF_HOURS"])
    judge(10, "approve", "2026-05-03")
    judge(59, "monitor", "2026-05-04", flags=["OFF_HOURS", "HIGH_VALUE"])
    judge(60, "review", "2026-05-05", flags=["OFF_HOURS"], shadow_flags=["A_RULE"])
    judge(90, "urgent", "2026-05-06")
    judge(100, "urgent", "2026-05-31 23:59")
    judge(100, "urgent", "2026-06-01")

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
