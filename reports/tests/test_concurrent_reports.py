"""Keepers, readers and spenders at the same time."""

from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from paycore.testing.races import PATIENCE_SECONDS, race
from paycore.testing.wallets import open_for
from reports.models import EverybodysRollup, RollupMark, SpendingRollup
from reports.selectors import cells
from reports.services import keeping, rebuild_rollups
from reports.tests.stage import (
    FUTURE,
    groups_of,
    keep,
    live_in,
    moment,
    reverse,
    rollups,
    spend,
    spending,
)

pytestmark = pytest.mark.django_db(transaction=True)

MAY = {"start": moment("2026-05-01"), "end": moment("2026-06-01")}


def kept_until():
    mark = RollupMark.objects.first()
    return mark and mark.kept_until


@pytest.fixture
def month(ada, ada_usd):
    """1.00 USD on each day of May, in turns on three things."""
    for day in range(1, 32):
        at = moment(f"2026-05-{day:02} 12:00")
        spend(ada, ada_usd, "1.00", "abc"[day % 3], at=at)


def test_keepers_do_not_count_twice(month):
    outcomes = race(*[keep] * 4)

    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    kept = rollups()
    assert len(kept[0]) == 31
    rebuild_rollups(until=FUTURE)
    assert rollups() == kept


def test_one_who_rebuilds_waits_for_a_keeper(month):
    outcomes = race(
        keep, lambda: rebuild_rollups(until=FUTURE), keep, lambda: keep() + keep()
    )

    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    keep()
    assert len(rollups()[0]) == 31


def test_a_keeper_leaves_it_to_the_other(month):
    with keeping._locked_mark(is_patient=True):
        [steps] = race(keep)

    assert steps == 0
    assert SpendingRollup.objects.count() == 0


def test_a_reader_sees_everything_at_any_time(ada, operator, month, monkeypatch):
    # On a busy machine the roll-ups may move on more often than that.
    monkeypatch.setattr(cells, "TRIES", 1000)
    answers = []

    def read():
        for _ in range(15):
            answers.append(spending(ada, group_by="month", **MAY))
            answers.append(spending(operator, group_by="day", **MAY))

    def write():
        for _ in range(3):
            rebuild_rollups(until=FUTURE)

    outcomes = race(read, write, read)

    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert {(answer["total"], answer["count"]) for answer in answers} == {("31.00", 31)}


def test_a_reader_looks_again_when_the_roll_ups_moved_on(
    ada, operator, month, monkeypatch
):
    reads: list[str] = []
    plain = cells._read

    def keep_before(sql, parameters):
        if not reads:
            keep()
        reads.append(sql)
        return plain(sql, parameters)

    monkeypatch.setattr(cells, "_read", keep_before)

    assert spending(ada, **MAY)["total"] == "31.00"
    assert len(reads) == 2
    reads.clear()
    assert spending(operator, **MAY)["total"] == "31.00"
    assert len(reads) == 2


def test_a_reader_does_not_look_for_ever(ada, month, monkeypatch):
    plain = cells._read

    def keep_before(sql, parameters):
        keep()
        return plain(sql, parameters)

    monkeypatch.setattr(cells, "_read", keep_before)

    response = ada.get("/v1/analytics/spending")

    assert response.status_code == 503
    assert response.json()["code"] == "service_unavailable"


class Slow:
    """Somebody who spends, and takes their time to commit."""

    def __init__(self, act):
        self.act, self.began, self.goes_on = act, Event(), Event()
        self.thread = Thread(target=self.run)
        self.haste = pytest.MonkeyPatch()

    def run(self):
        try:
            with transaction.atomic():
                self.act()
                self.began.set()
                assert self.goes_on.wait(PATIENCE_SECONDS)
        finally:
            connection.close()

    def __enter__(self):
        self.thread.start()
        assert self.began.wait(PATIENCE_SECONDS)
        # Nobody waits for the one who is slow.
        self.haste.setattr(keeping, "FEW_WAITS", 10)
        return self

    def __exit__(self, *_):
        self.haste.undo()
        self.goes_on.set()
        self.thread.join(PATIENCE_SECONDS)


def test_a_keeper_does_not_overtake_who_is_slow(ada, grace, ada_usd, grace_usd):
    spend(grace, grace_usd, "1.00", at=moment("2026-05-02"))
    keep(moment("2026-05-10"))

    # It was completed before the day was over, and is committed long after.
    with Slow(lambda: spend(ada, ada_usd, "7.00", at=moment("2026-05-20"))):
        keep()
        assert kept_until() == moment("2026-05-10")
        keep()
        assert kept_until() == moment("2026-05-10")

    keep()
    assert kept_until() > moment("2026-06-01")
    assert SpendingRollup.objects.filter(user_id=ada.id).count() == 1
    assert spending(ada, **MAY)["total"] == "7.00"


def test_a_keeper_goes_as_far_as_the_last_one_looked(ada, grace, ada_usd, grace_usd):
    spend(grace, grace_usd, "1.00", at=moment("2026-05-02"))
    with Slow(lambda: spend(ada, ada_usd, "1.00")):
        keep(moment("2026-05-20"))
        assert kept_until() is None
    # Somebody is always at something, but not the same one.
    with Slow(lambda: spend(ada, ada_usd, "1.00")):
        keep()
        assert kept_until() == moment("2026-05-20")
    with Slow(lambda: spend(ada, ada_usd, "1.00")):
        keep()
        assert kept_until() > moment("2026-06-01")


def test_one_who_rebuilds_says_that_somebody_held_them_back(
    ada, ada_usd, month, monkeypatch
):
    with Slow(lambda: spend(ada, ada_usd, "7.00")):
        monkeypatch.setattr(keeping, "MOST_WAITS", 2)
        with pytest.raises(
            CommandError, match=r"still open\. Rolled up so far: nothing"
        ):
            call_command("rebuild_rollups")

    keep()
    assert len(rollups()[0]) == 31


def test_a_keeper_does_not_believe_a_clock_that_was_put_back(ada, ada_usd, monkeypatch):
    RollupMark.objects.create(seen_at=FUTURE, seen_xid=1)

    # Somebody who keeps it from looking again.
    with Slow(lambda: spend(ada, ada_usd, "1.00")):
        monkeypatch.setattr(keeping, "FEW_WAITS", 2)
        keep()

    assert kept_until() is None


def test_a_keeper_waits_for_nobody_in_another_database(ada, ada_usd, monkeypatch):
    spend(ada, ada_usd, "7.00", at=moment("2026-05-20"))
    monkeypatch.setattr(keeping, "FEW_WAITS", 10)

    with connection._nodb_cursor() as elsewhere:
        elsewhere.execute("BEGIN")
        elsewhere.execute("SELECT pg_current_xact_id()")
        keep()

    assert kept_until() > moment("2026-06-01")


def test_a_slow_reversal_is_not_forgotten(ada, operator, ada_usd):
    wrong = spend(ada, ada_usd, "7.00", at=moment("2026-05-20"))
    keep()
    assert EverybodysRollup.objects.count() == 2

    with Slow(lambda: reverse(wrong, operator)):
        keep()
        assert spending(ada, **MAY)["total"] == "7.00"

    assert spending(ada, **MAY)["total"] == "0.00"
    assert spending(operator, **MAY)["total"] == "0.00"
    keep()
    assert EverybodysRollup.objects.count() == 0
    assert spending(ada, **MAY)["total"] == "0.00"


def test_one_who_moves_meanwhile_is_counted_once(ada, operator, month):
    keep()
    outcomes = race(
        lambda: live_in(ada, "Asia/Tokyo"),
        keep,
        lambda: live_in(ada, "America/New_York"),
        keep,
    )
    assert [o for o in outcomes if isinstance(o, Exception)] == []

    assert spending(ada, group_by="month", **MAY)["count"] == 31
    assert spending(operator, group_by="month", **MAY)["count"] == 31
    keep()
    assert groups_of(spending(operator, group_by="month", **MAY)) == {
        "2026-05": ("31.00", 31)
    }


def test_spenders_and_keepers_at_once(ada, grace, ada_usd, grace_usd, operator):
    accounts = [open_for(ada, "USD", "100.00") for _ in range(2)]

    def buy(account):
        for _ in range(8):
            spend(ada, account, "1.00")

    outcomes = race(
        lambda: buy(accounts[0]),
        lambda: buy(accounts[1]),
        lambda: [keep() for _ in range(5)],
        lambda: [keep() for _ in range(5)],
    )

    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert spending(ada)["total"] == "16.00"
    assert spending(operator)["total"] == "16.00"
