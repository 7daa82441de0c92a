"""Local days: which instants are somebody's 31 May. No I/O, no clock.

Note [A day is the instants between two midnights]
    A day begins with the first instant at which the clock on the wall shows it or a
    later one, and ends where the next day begins. So days follow each other without a
    gap, whatever clocks do at midnight: a day may have 23, 23.5, 24.5 or 25 hours, or,
    where a date was skipped, none.

    Time zones are read by Python alone. The database's own tables may be of another
    year, and two that disagree would count a purchase twice or not at all; it is told
    where days begin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@lru_cache(maxsize=100_000)
def start_of(day: date, time_zone: str) -> datetime:
    """The first instant of a day, in UTC."""
    zone = ZoneInfo(time_zone)
    midnight = datetime.combine(day, time(), zone)
    start = midnight.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    # There is no such time: clocks jump over midnight. They do it between what it
    # would be by the offset after the jump, and what it would be by the one before.
    before, after = midnight.replace(fold=1).astimezone(UTC) - SECOND, start
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        if middle.astimezone(zone).date() >= day:
            after = middle
        else:
            before = middle
    return after


def end_of(day: date, time_zone: str) -> datetime:
    """The first instant that is no longer of the day."""
    return start_of(day + DAY, time_zone)


def day_of(moment: datetime, time_zone: str) -> date:
    """The day in which an instant is."""
    day = moment.astimezone(ZoneInfo(time_zone)).date()
    # Where clocks are put back over midnight, the wall shows a day that was over.
    while moment >= end_of(day, time_zone):
        day += DAY
    return day


def days_between(first: date, until: date) -> Iterator[date]:
    """From the first one on, `until` not included."""
    while first < until:
        yield first
        first += DAY


@dataclass(frozen=True, slots=True)
class Split:
    """A period in a time zone: whole days that are rolled up, and what is not.

    `rolled_from` to `rolled_until` (not included) are the days, `rolled_start` to
    `rolled_end` their instants. Everything else is live: `live_days`, in order, each
    with the instant at which it begins.
    """

    rolled_from: date
    rolled_until: date
    rolled_start: datetime
    rolled_end: datetime
    live_days: list[date]
    live_starts: list[datetime]


def split(
    start: datetime, end: datetime, *, time_zone: str, kept_until: datetime | None
) -> Split:
    """What of a period can be answered from days that were over at `kept_until`.

    A day that the period cuts in the middle is live.
    """
    first = day_of(start, time_zone)
    after_last = day_of(end, time_zone)
    if start_of(after_last, time_zone) < end:
        after_last += DAY
    rolled_from = first if start_of(first, time_zone) == start else first + DAY
    rolled_until = rolled_from
    if kept_until is not None:
        rolled_until = min(day_of(kept_until, time_zone), day_of(end, time_zone))
    if rolled_until <= rolled_from:
        days = list(days_between(first, after_last))
        return Split(first, first, end, end, days, _starts(days, time_zone))
    days = [
        *days_between(first, rolled_from),
        *days_between(rolled_until, after_last),
    ]
    return Split(
        rolled_from,
        rolled_until,
        start_of(rolled_from, time_zone),
        start_of(rolled_until, time_zone),
        days,
        _starts(days, time_zone),
    )


def _starts(days: list[date], time_zone: str) -> list[datetime]:
    return [start_of(day, time_zone) for day in days]
