"""Spending by day, category and currency: from the roll-ups, and live where they end.

Note [One look at roll-ups and purchases]
    Which days are live depends on how far the roll-ups are, so that is read first. The
    statement that adds up both reads their version again, on its own snapshot: had
    they moved on in between, a day would be counted twice or not at all, and it is
    asked once more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection

from paycore.lib.days import day_of
from paycore.lib.errors import NotFound, ServiceUnavailable
from reports.days import Split, split
from reports.selectors.statements import (
    OF_A_PERSON,
    OF_EVERYBODY,
    PERSON,
    ROLLED_UP,
    SPENT_IN,
    SPENT_IN_TWO,
    ZONES,
)

TRIES: Final = 5

# What was spent in a category and a currency, by day: how often, and how much in minor
# units. Plain, because a year of everybody's are ten thousands of days.
Cells = dict[tuple[str, str], dict[date, tuple[int, int]]]

# A row of the statements below: the version, category and currency, and by day (in
# three arrays) what was spent. Where the day must be found yet, of a purchase that is
# taken back, the row has its moment and its time zone; and only its time zone, if that
# was not given. Of whole days the time zone is `ROLLED_UP`.
Row = tuple[
    int,
    str,
    str,
    str | None,
    datetime | None,
    list[date | None],
    list[int],
    list[Decimal],
]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as far as it matters for what they spent."""

    id: UUID
    time_zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the roll-ups are."""

    version: int
    kept_until: datetime | None


def get_person(*, user_id: UUID) -> Person:
    """Raises: `NotFound`."""
    return _read_person(user_id)[0]


def list_cells_of(
    *, user_id: UUID, start: datetime, end: datetime
) -> tuple[Person, Cells]:
    """What somebody spent from `start` on, `end` not included. Two statements.

    Raises: `NotFound`.
    """
    for _ in range(TRIES):
        person, rolled_in, mark = _read_person(user_id)
        # Until the roll-ups follow, nothing of them is of use in another time zone.
        is_usable = rolled_in in {None, person.time_zone}
        parts = split(
            start,
            end,
            time_zone=person.time_zone,
            kept_until=mark.kept_until if is_usable else None,
        )
        version, rows = _read(
            OF_A_PERSON,
            {
                "user_id": user_id,
                "as_of": mark.kept_until,
                "start": start,
                "end": end,
                "rolled_from": parts.rolled_from,
                "rolled_until": parts.rolled_until,
                "rolled_start": parts.rolled_start,
                "rolled_end": parts.rolled_end,
                "days": parts.live_days,
                "starts": parts.live_starts,
                "time_zone": person.time_zone,
            },
        )
        if version == mark.version:
            return person, _added_up(rows)
    raise _moving()


def list_cells_of_everybody(*, start: datetime, end: datetime) -> Cells:
    """What everybody spent, each on their own days. Two statements.

    A person's changed time zone counts from the next run of the keeper on.
    """
    newcomers: set[str] = set()
    for _ in range(TRIES):
        mark, rolled_zones = read_zones()
        zones = sorted({*rolled_zones, *newcomers})
        parts = [
            split(start, end, time_zone=zone, kept_until=mark.kept_until)
            for zone in zones
        ]
        ranges = _live_ranges(parts, start, end)
        version, rows = _read(
            OF_EVERYBODY.format(live=SPENT_IN_TWO if len(ranges) > 1 else SPENT_IN),
            {
                "as_of": mark.kept_until,
                "zones": zones,
                "days": [_array(part.live_days) for part in parts],
                "starts": [_array(part.live_starts) for part in parts],
                "rolled_from": [part.rolled_from for part in parts],
                "rolled_until": [part.rolled_until for part in parts],
                "rolled_start": [part.rolled_start for part in parts],
                "rolled_end": [part.rolled_end for part in parts],
                **_whole_days(parts),
                "low": ranges[0][0],
                "high": ranges[0][1],
                "second_low": ranges[-1][0],
                "second_high": ranges[-1][1],
            },
        )
        strangers = {row[3] for row in rows if row[3] and row[4] is None}
        newcomers |= strangers
        if version == mark.version and not strangers:
            return _added_up(rows)
    raise _moving()


def _whole_days(parts: Sequence[Split]) -> dict[str, date]:
    """The days that are rolled up in every time zone; possibly none."""
    first = max((part.rolled_from for part in parts), default=date.min)
    until = min((part.rolled_until for part in parts), default=date.min)
    return {"whole_from": first, "whole_until": max(first, until)}


def _live_ranges(
    parts: Iterable[Split], start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """What is live in any time zone: before the whole days, and after them."""
    first_ends = max((part.rolled_start for part in parts), default=end)
    second_begins = min((part.rolled_end for part in parts), default=end)
    if first_ends >= second_begins:
        return [(start, end)]
    return [(start, first_ends), (second_begins, end)]


def _read(sql: str, parameters: dict[str, Any]) -> tuple[int, list[Row]]:
    """The version that the statement saw, and its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    return found[0][0], [row for row in found if row[1] is not None]


def _read_person(user_id: UUID) -> tuple[Person, str | None, Mark]:
    """Somebody, in which time zone they are rolled up, and how far all roll-ups are."""
    with connection.cursor() as cursor:
        cursor.execute(PERSON, [user_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    time_zone, currency, rolled_in, *mark = row
    return Person(user_id, time_zone, currency), rolled_in, Mark(*mark)


def read_zones() -> tuple[Mark, list[str]]:
    """How far the roll-ups are, and in which time zones people are rolled up."""
    with connection.cursor() as cursor:
        cursor.execute(ZONES)
        version, kept_until, zones = cursor.fetchone()
    return Mark(version, kept_until), zones


def _added_up(rows: Iterable[Row]) -> Cells:
    """The rows by day; what nothing is left of is left out."""
    cells: Cells = {}
    for _, category, currency, time_zone, moment, days, counts, totals in rows:
        by_day = cells.setdefault((category, currency), {})
        sums = zip(counts, map(int, totals), strict=True)
        if time_zone == ROLLED_UP and not by_day:
            # There is nothing to add to, and of a year there are ten thousands of days.
            by_day.update(zip(cast("list[date]", days), sums, strict=True))
            continue
        for known_day, (count, total) in zip(days, sums, strict=True):
            day = known_day or day_of(*_given(moment, time_zone))
            before = by_day.get(day, (0, 0))
            by_day[day] = before[0] + count, before[1] + total
    for by_day in cells.values():
        for day in [day for day, (count, _) in by_day.items() if count == 0]:
            del by_day[day]
    return cells


def _given(moment: datetime | None, time_zone: str | None) -> tuple[datetime, str]:
    assert moment is not None, "A row has days, or a moment in a time zone."
    assert time_zone is not None
    return moment, time_zone


def _array(values: Iterable[date]) -> str:
    # An array in an array would be unnested to the bottom; its text is not.
    return "{" + ",".join(value.isoformat() for value in values) + "}"


def _moving() -> ServiceUnavailable:
    return ServiceUnavailable(why="Reports are being computed anew. Try again shortly.")
