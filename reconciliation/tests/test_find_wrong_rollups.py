"""find_differences, where roll-ups say something else than the purchases, ..."""

import re
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction

from paycore.testing.attacks import corrupt
from paycore.testing.races import PATIENCE_SECONDS, race
from paycore.testing.wallets import open_for
from reconciliation.tests.findings import found
from reports.models import SpendingRollup
from reports.services import keeping, rebuild_rollups
from reports.tests.stage import keep, live_in, reverse, spend
from risk.tests.past import paid

PEOPLES, EVERYBODYS = (
    "rollup_is_what_was_spent",
    "everybodys_rollup_is_the_sum_of_peoples",
)
NOON = datetime(2026, 5, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    # Tests of other processes are at something on the same server: see the fixtures
    # of reports.
    monkeypatch.setattr(keeping, "FEW_WAITS", keeping.MOST_WAITS)


@pytest.fixture
def spending(ada, ada_usd, operator):
    """Of ada in Auckland, on her 31 May and 1 June; a purchase was taken back since."""
    live_in(ada, "Pacific/Auckland")
    for days in (0, 1):
        spend(ada, ada_usd, "10.00", at=NOON + timedelta(days=days - 0.5))
    mistake = spend(ada, ada_usd, "7.00", at=NOON)
    spend(ada, ada_usd, "5.00", "books", at=NOON)
    keep()
    reverse(mistake, operator)


def all_found():
    """Every difference; of people only that it is somebody's."""
    return sorted(
        (check, re.sub(r"of user \S+", "of hers", what), *rest)
        for check, what, *rest in found()
    )


@pytest.mark.django_db
def test_is_content_before_anything_was_rolled_up(ada, ada_usd):
    spend(ada, ada_usd, "10.00", at=NOON)

    assert found() == []


@pytest.mark.django_db
def test_is_content_with_what_the_keeper_makes(spending, ada, ada_usd, operator):
    assert found() == []

    # Live, late, and from another time zone, until the keeper comes again.
    spend(ada, ada_usd, "3.00")
    live_in(ada, "America/Los_Angeles")
    assert found() == []

    keep()
    assert found() == []
    rebuild_rollups(until=datetime.now(UTC))
    assert found() == []


BOOKS = "on 2026-06-01 for books"
BOOKS_THERE = f"{BOOKS} in Pacific/Auckland"


@pytest.mark.django_db
@pytest.mark.breaks_the_books
@pytest.mark.parametrize(
    ("sql", "differences"),
    [
        (
            "UPDATE reports_spendingrollup SET total_minor = 501"
            " WHERE category = 'books'",
            [
                (EVERYBODYS, f"spending of everybody {BOOKS}", "USD", 501, 500),
                (EVERYBODYS, f"spending of everybody {BOOKS_THERE}", "USD", 501, 500),
                (PEOPLES, f"spending of hers {BOOKS}", "USD", 500, 501),
            ],
        ),
        (
            "UPDATE reports_spendingrollup SET count = 2 WHERE category = 'books'",
            [
                (EVERYBODYS, f"purchases of everybody {BOOKS}", "USD", 2, 1),
                (EVERYBODYS, f"purchases of everybody {BOOKS_THERE}", "USD", 2, 1),
                (PEOPLES, f"purchases of hers {BOOKS}", "USD", 1, 2),
            ],
        ),
        (
            "UPDATE reports_everybodysrollup SET total_minor = 501"
            " WHERE category = 'books' AND time_zone = ''",
            [(EVERYBODYS, f"spending of everybody {BOOKS}", "USD", 500, 501)],
        ),
        (
            "DELETE FROM reports_everybodysrollup"
            " WHERE category = 'books' AND time_zone <> ''",
            [
                (EVERYBODYS, f"purchases of everybody {BOOKS_THERE}", "USD", 1, 0),
                (EVERYBODYS, f"spending of everybody {BOOKS_THERE}", "USD", 500, 0),
            ],
        ),
    ],
)
def test_finds_what_was_written_by_hand(spending, sql, differences):
    corrupt(sql)

    assert all_found() == differences


@pytest.mark.django_db
@pytest.mark.breaks_the_books
def test_finds_a_day_that_was_moved(spending, ada):
    for table in ("spending", "everybodys"):
        corrupt(
            f"UPDATE reports_{table}rollup SET day = '2026-05-30'"
            " WHERE category = 'books'"
        )

    assert all_found() == [
        (PEOPLES, "purchases of hers on 2026-05-30 for books", "USD", 0, 1),
        (PEOPLES, "purchases of hers on 2026-06-01 for books", "USD", 1, 0),
        (PEOPLES, "spending of hers on 2026-05-30 for books", "USD", 0, 500),
        (PEOPLES, "spending of hers on 2026-06-01 for books", "USD", 500, 0),
    ]
    assert f" of user {ada.id} on " in found()[0][1]


@pytest.mark.django_db
@pytest.mark.breaks_the_books
def test_finds_a_purchase_that_was_not_rolled_up(spending, ada, ada_usd):
    spend(ada, ada_usd, "2.00", "books", at=NOON)

    assert all_found() == [
        (PEOPLES, "purchases of hers on 2026-06-01 for books", "USD", 2, 1),
        (PEOPLES, "spending of hers on 2026-06-01 for books", "USD", 700, 500),
    ]


@pytest.mark.django_db
@pytest.mark.breaks_the_books
def test_finds_somebody_whose_time_zone_was_forgotten(spending):
    corrupt("DELETE FROM reports_rolledperson")

    assert (
        PEOPLES,
        "spending of hers on no day for books",
        "USD",
        500,
        0,
    ) in all_found()


@pytest.mark.django_db
@pytest.mark.breaks_the_books
def test_finds_roll_ups_of_nothing(spending):
    corrupt("UPDATE reports_rollupmark SET kept_until = NULL")

    assert (
        PEOPLES,
        "spending of hers on 2026-06-01 for books",
        "USD",
        0,
        500,
    ) in all_found()


@pytest.mark.django_db
@pytest.mark.breaks_the_books
@pytest.mark.parametrize(
    ("sql", "differences"),
    [
        ("SELECT 1", []),
        (
            "UPDATE reports_scorerollup SET count = 2",
            [("payments scored review in tens 6 on 2026-05-31", 1, 2)],
        ),
        (
            "UPDATE reports_scorerollup SET tens = 7",
            [
                ("payments scored review in tens 6 on 2026-05-31", 1, 0),
                ("payments scored review in tens 7 on 2026-05-31", 0, 1),
            ],
        ),
        (
            "DELETE FROM reports_flagrollup",
            [
                ("payments flagged A on 2026-05-31", 1, 0),
                ("payments flagged in shadow B on 2026-05-31", 1, 0),
            ],
        ),
        (
            "UPDATE reports_flagrollup SET day = '2026-05-30' WHERE flag = 'B'",
            [
                ("payments flagged in shadow B on 2026-05-30", 0, 1),
                ("payments flagged in shadow B on 2026-05-31", 1, 0),
            ],
        ),
    ],
)
def test_finds_what_nobody_judged(ada, sql, differences):
    judged: dict[str, Any] = {
        "score": 60,
        "band": "review",
        "flags": ["A"],
        "shadow_flags": ["B"],
    }
    paid(ada, at=NOON, **judged)
    keep()
    # Of a day that is not over.
    paid(ada, at=datetime.now(UTC), **judged)

    corrupt(sql)

    assert sorted(found()) == [
        ("rollup_is_what_was_judged", what, "", *rest) for what, *rest in differences
    ]


@pytest.mark.django_db(transaction=True)
def test_is_content_with_a_purchase_that_commits_late(ada, ada_usd):
    live_in(ada, "UTC")
    spend(ada, ada_usd, "1.00", at=NOON - timedelta(days=3))
    keep(until=NOON - timedelta(days=2))
    begun, proved = Event(), Event()

    def pay():
        with transaction.atomic():
            spend(ada, ada_usd, "10.00", at=NOON)
            begun.set()
            assert proved.wait(timeout=PATIENCE_SECONDS)

    def prove():
        assert begun.wait(timeout=PATIENCE_SECONDS)
        try:
            # Its day is over, but the keeper knows that somebody is still at something.
            keep(until=NOON + timedelta(days=2))
            return found()
        finally:
            proved.set()

    assert race(pay, prove) == [None, []]
    assert found() == []
    keep(until=NOON + timedelta(days=2))
    assert found() == []
    assert [row.total_minor for row in SpendingRollup.objects.order_by("day")] == [
        *(100, 1000)
    ]


@pytest.mark.django_db(transaction=True)
def test_raises_no_false_alarm_while_the_keeper_is_at_it(ada, grace, operator):
    accounts = {player: open_for(player, "USD", "1000.00") for player in (ada, grace)}
    live_in(grace, "America/New_York")
    mistakes = [
        spend(player, account, "1.00", at=NOON + timedelta(days=number))
        for number in range(30)
        for player, account in accounts.items()
    ]
    done = Event()

    def change():
        try:
            for zone in ("Asia/Tokyo", "UTC") * 3:
                live_in(ada, zone)
                spend(ada, accounts[ada], "2.00")
                reverse(mistakes.pop(), operator)
        finally:
            done.set()

    def roll_up():
        while not done.is_set():
            rebuild_rollups(until=datetime.now(UTC))

    def prove():
        wrong = found()
        while not done.is_set():
            wrong += found()
        return wrong

    assert race(change, roll_up, prove) == [None, None, []]
    keep()
    assert found() == []
