"""Local days: which instants are somebody's 31 May. No I/O, no clock.

Note [A day is the instants between two midnights]
    A day begins with the first instant at which the clock on the wall shows it or a
    later one, and ends where the next day begins. So days follow each other without a
    gap, whatever clocks do at midnight: a day may have 23, 23.5, 24.5 or 25 hours, or,
    where a date was skipped, none.

    Time zones are read by Python alone, and the database is told where days begin. Its
    own tables may be of another year, and two that disagree would count a purchase
    twice or not at all; or they may lack names that people have, as those of Debian do
    without `tzdata-legacy`, and then nobody in `US/Pacific` could pay.
"""

from collections.abc import Iterator
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
