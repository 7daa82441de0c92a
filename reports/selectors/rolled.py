"""What the roll-ups say they hold, for whoever proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from paycore.lib.days import DAY, day_of, days_between, start_of
from reports.selectors.cells import read_zones


@dataclass(frozen=True, slots=True)
class RolledDays:
    """The days that were over at `as_of`, from the first purchase of all on.

    By time zone, where each of them begins, and the day after them. `as_of` None:
    nothing is rolled up.
    """

    as_of: datetime | None
    days: Mapping[str, Sequence[tuple[date, datetime]]]


def get_rolled_days() -> RolledDays:
    """In each time zone in which somebody is rolled up. Two statements."""
    mark, zones = read_zones()
    as_of = mark.kept_until
    if as_of is None:
        return RolledDays(None, {})
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"as_of": as_of})
        [first] = cursor.fetchone()
    return RolledDays(
        as_of,
        {
            zone: [
                (day, start_of(day, zone))
                for day in days_between(day_of(first, zone), day_of(as_of, zone) + DAY)
            ]
            for zone in zones
        },
    )


_FIRST: Final = """
    SELECT least(min(completed_at), %(as_of)s)
    FROM transfers_transfer WHERE kind = 'purchase'
"""
