"""Reports are read along indexes, whatever else is in the tables."""

from datetime import timedelta

import pytest
from django.db import connection

from paycore.lib.money import CURRENCIES
from paycore.testing.statements import scans_of
from paycore.testing.wallets import open_for
from reports.selectors import GroupBy, sum_spending
from reports.services import rebuild_rollups
from reports.tests.stage import keep, moment, spend
from transfers.tests.test_plan_lists import indexes_of

pytestmark = pytest.mark.django_db
DAYS = 30


@pytest.fixture
def now():
    """Noon, whenever the test runs: so half a day is live at both ends of a month."""
    return moment("2026-05-15 12:00")


@pytest.fixture
def crowd(ada, mallory, ada_usd, now):
    """Much of mallory's, a little of ada's, over two months, rolled up; and today's."""
    account = open_for(mallory, "USD", "9000.00")
    for number in range(900):
        at = now - timedelta(hours=2 * number)
        spend(mallory, account, "0.01", "abcdefgh"[number % 8], at=at)
    for number in range(20):
        spend(ada, ada_usd, "1.00", at=now - timedelta(days=number))
    keep(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return account


@pytest.fixture
def busy_hours(crowd, mallory, now):
    """Much of mallory's where it is live: nobody would read it all for ada's."""
    for number in range(60):
        for end in (now, now - timedelta(days=DAYS) + timedelta(hours=11)):
            spend(mallory, crowd, "0.01", at=end - timedelta(minutes=10 * number))
    rebuild_rollups(until=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def scans(table, *, user_id, days, now):
    return scans_of(
        lambda: sum_spending(
            user_id=user_id,
            start=now - timedelta(days=days),
            end=now,
            group_by=GroupBy.DAY,
            currency=CURRENCIES.get("USD"),
            now=now,
        ),
        table,
    )


def test_of_one_person(busy_hours, ada, now):
    live = scans("transfers_transfer", user_id=ada.id, days=DAYS, now=now)
    rolled = scans("reports_spendingrollup", user_id=ada.id, days=DAYS, now=now)

    assert "transfers_spent_by_owner" in indexes_of(live)
    assert indexes_of(live) <= {
        "transfers_spent_by_owner",
        "transfers_reversals_by_time",
        "transfers_transfer_pkey",
    }
    assert indexes_of(rolled) == {"reports_spendingrollup_is_of_one_day_of_a_person"}


def test_of_everybody(crowd, now):
    live = scans("transfers_transfer", user_id=None, days=DAYS, now=now)

    assert "transfers_spent_by_time" in indexes_of(live)
    assert indexes_of(live) <= {
        "transfers_spent_by_time",
        "transfers_reversals_by_time",
        "transfers_transfer_pkey",
    }
