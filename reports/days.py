"""Which days of a period are rolled up, and which are live. No I/O, no clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from paycore.lib.days import DAY, day_of, days_between, start_of

# There are no days far outside of these, and nothing happened before or after.
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def bounded(moment: datetime) -> datetime:
    """The moment, or the nearest that is of a day."""
    return min(max(moment, EARLIEST), LATEST)


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
