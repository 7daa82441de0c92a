"""Keeping the roll-ups: moving their mark on, step by step.

Note [A step of the keeper]
    Each step is one transaction that moves `RollupMark.kept_until` on by some days at
    most, and leaves the roll-ups as they would be had they been made at once: it moves
    the people whose time zone has changed, computes again the days from which something
    was reversed, and adds the days that are over since. See Note [Roll-ups are as of a
    moment].

    Twice, or at once: the row of the mark is locked, and whoever finds it locked leaves
    it to the other. Died in between: the next run begins after the last step.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum, auto
from functools import cache
from importlib import resources
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from paycore.lib.days import DAY, day_of, days_between, start_of
from paycore.lib.errors import ServiceUnavailable
from paycore.lib.metrics import ROLLUPS_KEPT_UNTIL
from reports.models import THE_MARK, RolledPerson, RollupMark
from reports.purchases import REVERSED_SINCE, SPENT
from reports.services import sums
from reports.services.sums import PersonsDay

# How far one transaction goes: not so far that it runs for minutes.
STEP: Final = timedelta(days=7)
PEOPLE_AT_ONCE: Final = 100
# A day that has begun somewhere is over everywhere after so long.
LONGEST_DAY: Final = timedelta(days=3)
# Requests are over in milliseconds. For the keeper it is no matter: it will be back.
SECONDS_TO_WAIT: Final = 0.1
FEW_WAITS: Final = 5
MOST_WAITS: Final = 600


@dataclass(frozen=True, slots=True)
class _Look:
    """A moment, and a transaction number above all that had been given by then.

    The transaction of that number is over, or our own.
    """

    at: datetime
    xid: int


class _Left(Enum):
    """What a step leaves. Waiting: for those to end who were at something before."""

    NOTHING = auto()
    MORE = auto()
    WAITING = auto()


def keep_rollups(*, until: datetime, seconds: float) -> int:
    """Roll up the days that were over at `until`, and whatever changed since.

    Answers how many steps it took, and begins none after so many seconds. It leaves
    the work to another one that is at it, and what others have not ended to the next.
    """
    stop = time.monotonic() + seconds
    return _keep(until, is_patient=False, stop=stop)


def rebuild_rollups(*, until: datetime, user_id: UUID | None = None) -> int:
    """Make all roll-ups again, or those of one person as far as all are made.

    Answers how many steps it took: none for a person while nobody is rolled up. It
    waits for others that are at it, and answers given meanwhile are right, but slow.

    Raises: `ServiceUnavailable` when a transaction that began before is open for too
    long. The keeper goes on when that is over.
    """
    with _locked_mark(is_patient=True) as mark:
        assert mark is not None, "The row is there, and was waited for."
        if user_id is None:
            sums.remove_everything()
            mark.kept_until = None
        elif mark.kept_until is not None:
            _roll_again([user_id], until=mark.kept_until, as_of=mark.kept_until)
        _save(mark)
    if user_id is not None:
        return 0 if mark.kept_until is None else 1
    return _keep(until, is_patient=True, stop=None)


def _keep(until: datetime, *, is_patient: bool, stop: float | None) -> int:
    """Raises: `ServiceUnavailable` when who is patient has waited for too long."""
    steps, waits = 0, MOST_WAITS if is_patient else FEW_WAITS
    while waits and (stop is None or time.monotonic() < stop):
        look = _look_around(until)
        with _locked_mark(is_patient=is_patient) as mark:
            if mark is None:
                break
            left = _step(mark, look)
        if left is _Left.WAITING:
            waits -= 1
            if is_patient and not waits:
                raise _held_back(mark)
            time.sleep(SECONDS_TO_WAIT)
            continue
        steps += 1
        if mark.kept_until is not None:
            ROLLUPS_KEPT_UNTIL.set(mark.kept_until.timestamp())
        if left is _Left.NOTHING:
            break
    return steps


def _held_back(mark: RollupMark) -> ServiceUnavailable:
    reached = mark.kept_until
    return ServiceUnavailable(
        why=f"Waited {MOST_WAITS * SECONDS_TO_WAIT:g} seconds for a transaction that"
        " began before, and it is still open. Rolled up so far:"
        f" {'nothing' if reached is None else f'what was before {reached}'}. The keeper"
        " goes on when it is over; until then answers are right, but slower. It is in"
        " pg_stat_activity: of those with a backend_xid, the one with the oldest"
        " xact_start."
    )


@contextmanager
def _locked_mark(*, is_patient: bool) -> Iterator[RollupMark | None]:
    """The mark, locked until the block ends; None when another one has it."""
    if not RollupMark.objects.exists():
        # Before the transaction: others would wait for it to end.
        RollupMark.objects.bulk_create([RollupMark()], ignore_conflicts=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # A week of a large installation takes longer than any request may.
            cursor.execute("SET LOCAL statement_timeout = 0")
            if is_patient:
                cursor.execute("SET LOCAL lock_timeout = 0")
        rows = RollupMark.objects.select_for_update(skip_locked=not is_patient)
        yield rows.filter(pk=THE_MARK).first()


def _look_around(until: datetime) -> _Look:
    with connection.cursor() as cursor:
        # The time is that of the statement's arrival, before it gets a number. It gets
        # one because what a snapshot calls its end is only that of what is over.
        cursor.execute(
            "SELECT least(statement_timestamp(), %s),"
            " pg_current_xact_id()::text::bigint",
            [until],
        )
        return _Look(*cursor.fetchone())


def _are_over(xid: int | None) -> bool:
    """Whether all transactions below this number are over, but for our own."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [xid])
        return xid is not None and cursor.fetchone() == (0,)


# Numbers and snapshots are of the whole server. Who works in another of its databases
# changes nothing here; whoever cannot be seen there might.
_RUNNING: Final = """
    SELECT count(*) FROM pg_snapshot_xip(pg_current_snapshot()) AS running
    WHERE running::text::bigint < %s AND running::xid NOT IN (
        SELECT backend_xid FROM pg_stat_activity
        WHERE datname <> current_database() AND backend_xid IS NOT NULL
    )
"""


def _step(mark: RollupMark, look: _Look) -> _Left:
    """Note [A step of the keeper]. Says what is left to do."""
    goal = _goal(mark, look)
    if goal is None:
        _save(mark)
        return _Left.WAITING
    begin = mark.kept_until or _find_purchase(since=_ALWAYS) or goal
    moved = [] if mark.kept_until is None else _list_moved()
    idle_until = _idle_until(begin, goal)
    reached = idle_until or max(begin, min(begin + STEP, goal))
    _roll_again(moved, until=begin, as_of=reached)
    if mark.kept_until is not None:
        days = _list_reversed_days(begin, reached)
        sums.remove_days(days)
        sums.add_days(days, as_of=reached)
    if reached > begin and idle_until is None:
        sums.add_everybody(starts=_days_over(begin, reached), as_of=reached)
    _add_judged(mark.kept_until, reached)
    mark.kept_until = reached
    if mark.seen_at is not None and mark.seen_at <= reached:
        mark.seen_at, mark.seen_xid = look.at, look.xid
    _save(mark)
    is_more = reached < goal or len(moved) == PEOPLE_AT_ONCE
    return _Left.MORE if is_more else _Left.NOTHING


def _add_judged(begin: datetime | None, end: datetime) -> None:
    start = _ALWAYS if begin is None else _midnight(begin)
    if start < _midnight(end):
        sums.add_judged(start=start, end=_midnight(end))


def _midnight(moment: datetime) -> datetime:
    """When its day began in UTC."""
    return start_of(day_of(moment, "UTC"), "UTC")


def _idle_until(begin: datetime, goal: datetime) -> datetime | None:
    """When somebody spent something again, if that was long after `begin`."""
    if begin + STEP >= goal:
        return None
    # Also days that were not over anywhere yet must be without anything.
    spent_at = _find_purchase(since=begin - LONGEST_DAY) or goal
    return min(spent_at, goal) if spent_at > begin + STEP else None


def _goal(mark: RollupMark, look: _Look) -> datetime | None:
    """A moment before which nothing can change any more, or None for none new."""
    # What was seen later than now is of a clock that has been put back since.
    is_stale = mark.seen_at is None or mark.seen_at > look.at
    if is_stale or _are_over(look.xid):
        mark.seen_at, mark.seen_xid = look.at, look.xid
    # Somebody is always at something; but what was going on in an earlier run is over.
    return mark.seen_at if _are_over(mark.seen_xid) else None


def _save(mark: RollupMark) -> None:
    mark.version += 1
    mark.save()


def _find_purchase(*, since: datetime) -> datetime | None:
    """When the first one was completed, also if it was reversed later."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"since": since, "as_of": since})
        first: datetime | None = cursor.fetchone()[0]
    return first


_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
_FIRST: Final = f"""
    SELECT least(
        (SELECT min(completed_at) FROM ({SPENT}) AS spent
            WHERE completed_at >= %(since)s),
        (SELECT min(completed_at) FROM ({REVERSED_SINCE}) AS reversed_since
            WHERE completed_at >= %(since)s)
    )
"""  # noqa: S608


def _days_over(
    begin: datetime, end: datetime
) -> dict[str, list[tuple[date, datetime]]]:
    """Of each time zone, the days that end in between, and the one after them."""
    days = {}
    for zone in _time_zones():
        last = day_of(end, zone)
        found = days_between(day_of(begin, zone), last + DAY)
        days[zone] = [(day, start_of(day, zone)) for day in found]
    return days


@cache
def _time_zones() -> frozenset[str]:
    """Those that a person may have."""
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(names.split())


def _list_moved() -> list[UUID]:
    """People who are rolled up in a time zone that is no longer theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [PEOPLE_AT_ONCE])
        return [user_id for (user_id,) in cursor.fetchall()]


_MOVED: Final = f"""
    SELECT rolled.user_id FROM {RolledPerson._meta.db_table} AS rolled
    JOIN accounts_user AS person ON person.id = rolled.user_id
    WHERE person.time_zone <> rolled.time_zone
    LIMIT %s
"""  # noqa: S608


def _roll_again(user_ids: Sequence[UUID], *, until: datetime, as_of: datetime) -> None:
    """Make the roll-ups of people anew, in their time zone of now."""
    if not user_ids:
        return
    sums.remove_people(user_ids)
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [list(user_ids)])
        cursor.execute(_BEGINNINGS, {"user_ids": list(user_ids), "as_of": as_of})
        beginnings = cursor.fetchall()
    days = [
        PersonsDay(user_id, day, zone)
        for user_id, zone, first in beginnings
        for day in days_between(day_of(first, zone), day_of(until, zone))
    ]
    sums.add_days(days, as_of=as_of)


_SETTLE: Final = f"""
    INSERT INTO {RolledPerson._meta.db_table} AS rolled (user_id, time_zone)
    SELECT id, time_zone FROM accounts_user WHERE id = ANY(%s::uuid[])
    ON CONFLICT (user_id) DO UPDATE SET time_zone = excluded.time_zone
"""  # noqa: S608
_BEGINNINGS: Final = f"""
    SELECT rolled.user_id, rolled.time_zone, min(completed_at)
    FROM {RolledPerson._meta.db_table} AS rolled
    JOIN (
        {SPENT} AND source_owner_id = ANY(%(user_ids)s::uuid[])
        UNION ALL {REVERSED_SINCE}
    ) AS spent ON spent.source_owner_id = rolled.user_id
    WHERE rolled.user_id = ANY(%(user_ids)s::uuid[])
    GROUP BY rolled.user_id, rolled.time_zone
"""  # noqa: S608


def _list_reversed_days(begin: datetime, end: datetime) -> set[PersonsDay]:
    """The days over at `begin` from which something was reversed until `end`."""
    with connection.cursor() as cursor:
        cursor.execute(_REVERSED, {"as_of": begin, "end": end})
        return {
            PersonsDay(user_id, day, zone)
            for user_id, zone, completed_at in cursor.fetchall()
            if (day := day_of(completed_at, zone)) < day_of(begin, zone)
        }


_REVERSED: Final = f"""
    SELECT rolled.user_id, rolled.time_zone, spent.completed_at
    FROM ({REVERSED_SINCE} AND reversal.completed_at < %(end)s) AS spent
    JOIN {RolledPerson._meta.db_table} AS rolled
        ON rolled.user_id = spent.source_owner_id
"""  # noqa: S608
