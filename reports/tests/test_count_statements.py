"""Statements of the database per report: few, whatever it is of. Pinned exactly."""

from datetime import timedelta

import pytest

from paycore.testing.statements import statements_of
from paycore.testing.wallets import open_for
from reports.tests.stage import SPENDING, keep, spend

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]

CALLER = "SELECT accounts_user"


@pytest.fixture(autouse=True)
def _spent(ada, ada_usd, ada_eur, now):
    for days in range(1, 25):
        for category in ("food", "fun"):
            at = now - timedelta(days=days)
            spend(ada, ada_usd, "1.00", category, at=at)
            spend(ada, ada_eur, "1.00", category, at=at)
    spend(ada, ada_usd, "1.00")


@pytest.mark.parametrize("group_by", ["category", "day"])
def test_of_ones_own(ada, group_by):
    keep()

    asked = statements_of(lambda: ada.get(SPENDING, group_by=group_by, currency="MYR"))

    assert asked == [
        CALLER,
        "SELECT accounts_user",
        "SELECT reports_rollupmark",
        "SELECT fx_rate",
        "SELECT fx_rate",
    ]


def test_of_ones_own_without_roll_ups(ada):
    assert len(statements_of(lambda: ada.get(SPENDING))) == 5


def test_of_one_currency(ada, operator):
    # Only the rates are left out.
    query = {"user_id": str(operator.id), "currency": "USD"}

    assert len(statements_of(lambda: operator.get(SPENDING, **query))) == 3


def test_of_everybody(operator):
    keep()

    asked = statements_of(lambda: operator.get(SPENDING))

    assert asked == [
        CALLER,
        "SELECT reports_rolledperson",
        "SELECT reports_rollupmark",
        "SELECT fx_rate",
        "SELECT fx_rate",
    ]


def test_of_everybody_when_somebody_is_from_elsewhere(operator, grace):
    keep()
    spend(grace, open_for(grace, "USD", "9.00"), "1.00")
    grace.user.time_zone = "Asia/Tokyo"
    grace.user.save()

    # Once more, with their time zone.
    assert len(statements_of(lambda: operator.get(SPENDING))) == 7


def test_of_risk(operator):
    def cost():
        return len(statements_of(lambda: operator.get("/v1/analytics/risk")))

    # Who asks, what is rolled up, and scores and flags of what is live.
    assert cost() == 4

    keep()

    # The same of the two days that the period cuts.
    assert cost() == 6
