"""Adding up purchases into roll-ups, and taking them out again.

For whoever holds the lock on `RollupMark`. A person's roll-ups and everybody's are
changed by one statement, so that they always agree. Everything is added as of a moment:
see Note [Roll-ups are as of a moment].
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from paycore.lib.days import end_of, start_of
from reports.models import (
    ANYWHERE,
    EverybodysRollup,
    FlagRollup,
    RolledPerson,
    ScoreRollup,
    SpendingRollup,
)
from reports.purchases import REVERSED_SINCE, SPENT


@dataclass(frozen=True, slots=True)
class PersonsDay:
    """A day of somebody's, in the time zone in which they are rolled up."""

    user_id: UUID
    day: date
    time_zone: str


def add_everybody(
    *, starts: Mapping[str, Sequence[tuple[date, datetime]]], as_of: datetime
) -> None:
    """Add days of everybody, by time zone: where each begins, and where the last ends.

    None of them may end after `as_of`. From now on it is known of all who had spent
    something by then in which time zone they are rolled up.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_EVERYBODY,
            {
                "zones": list(starts),
                "first_days": [days[0][0] for days in starts.values()],
                "starts": [_array(start for _, start in d) for d in starts.values()],
                "begin": min(days[0][1] for days in starts.values()),
                "as_of": as_of,
            },
        )


def add_days(days: Collection[PersonsDay], *, as_of: datetime) -> None:
    """Add these days of these people."""
    if days:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_DAYS, {**_columns(days), "as_of": as_of})


def add_judged(*, start: datetime, end: datetime) -> None:
    """Add how payments were judged between two midnights in UTC."""
    with connection.cursor() as cursor:
        cursor.execute(_ADD_SCORES, {"start": start, "end": end})
        cursor.execute(_ADD_FLAGS, {"start": start, "end": end})


def remove_days(days: Collection[PersonsDay]) -> None:
    """Take these days of these people out."""
    if days:
        _remove(_OF_DAYS, _columns(days))


def remove_people(user_ids: Collection[UUID]) -> None:
    """Take all days of these people out."""
    if user_ids:
        _remove("user_id = ANY(%(user_ids)s::uuid[])", {"user_ids": list(user_ids)})


def remove_everything() -> None:
    for model in (
        *(SpendingRollup, EverybodysRollup, RolledPerson),
        *(ScoreRollup, FlagRollup),
    ):
        model.objects.all().delete()


def _remove(condition: str, parameters: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE.format(condition=condition), parameters)
        # A statement cannot change a row and delete it too.
        left = [row[:4] for row in cursor.fetchall() if row[4] == 0]
        if left:
            zones, days, categories, currencies = (
                list(x) for x in zip(*left, strict=True)
            )
            cursor.execute(_REMOVE_EMPTY, [zones, days, categories, currencies])


def _columns(days: Collection[PersonsDay]) -> dict[str, Any]:
    return {
        "user_ids": [day.user_id for day in days],
        "days": [day.day for day in days],
        "zones": [day.time_zone for day in days],
        "starts": [start_of(day.day, day.time_zone) for day in days],
        "ends": [end_of(day.day, day.time_zone) for day in days],
    }


def _array(moments: Iterable[datetime]) -> str:
    # An array in an array would be unnested to the bottom; its text is not.
    return "{" + ",".join(moment.isoformat() for moment in moments) + "}"


_COLUMNS: Final = "day, time_zone, category, currency, count, total_minor"
_BOTH_WAYS: Final = """GROUP BY GROUPING SETS (
    (day, time_zone, category, currency), (day, category, currency)
)"""
# What was added to a person's roll-ups is added to everybody's.
_ADD_TO_EVERYBODYS: Final = f"""
    INSERT INTO {EverybodysRollup._meta.db_table} AS sums ({_COLUMNS})
    SELECT day, coalesce(time_zone, '{ANYWHERE}'), category, currency, sum(count),
        sum(total_minor)
    FROM added {_BOTH_WAYS}
    ON CONFLICT (time_zone, day, category, currency) DO UPDATE
    SET count = sums.count + excluded.count,
        total_minor = sums.total_minor + excluded.total_minor
"""  # noqa: S608
# A time zone that nobody has heard of is NULL in `placed` and then refused, rather than
# that what somebody spent were lost without a word.
_ADD_EVERYBODY: Final = f"""
    WITH zone AS MATERIALIZED (
        SELECT name, first_day, starts::timestamptz[]
        FROM unnest(%(zones)s::text[], %(first_days)s::date[], %(starts)s::text[])
            AS given (name, first_day, starts)
    ), spent AS (
        {SPENT} AND completed_at >= %(begin)s AND completed_at < %(as_of)s
        UNION ALL
        SELECT * FROM ({REVERSED_SINCE}) AS reversed_since
        WHERE completed_at >= %(begin)s AND completed_at < %(as_of)s
    ), placed AS MATERIALIZED (
        SELECT spent.*, zone.name AS time_zone, first_day, cardinality(starts) AS days,
            width_bucket(completed_at, starts) AS nth
        FROM spent
        JOIN accounts_user AS person ON person.id = source_owner_id
        LEFT JOIN {RolledPerson._meta.db_table} AS rolled
            ON rolled.user_id = source_owner_id
        LEFT JOIN zone ON zone.name = coalesce(rolled.time_zone, person.time_zone)
    ), known AS (
        INSERT INTO {RolledPerson._meta.db_table} (user_id, time_zone)
        SELECT DISTINCT source_owner_id, time_zone FROM placed
        ON CONFLICT DO NOTHING
    ), added AS (
        INSERT INTO {SpendingRollup._meta.db_table} (user_id, {_COLUMNS})
        SELECT source_owner_id, first_day + nth - 1, time_zone, merchant_category,
            currency, count(*), sum(amount_minor)
        FROM placed WHERE nth >= 1 AND nth < days
        GROUP BY 1, 2, 3, 4, 5
        RETURNING {_COLUMNS}
    )
    {_ADD_TO_EVERYBODYS}
"""  # noqa: S608
_ADD_DAYS: Final = f"""
    WITH reversed_since AS MATERIALIZED ({REVERSED_SINCE}), added AS (
        INSERT INTO {SpendingRollup._meta.db_table} (user_id, {_COLUMNS})
        SELECT given.user_id, day, time_zone, merchant_category, currency, count(*),
            sum(amount_minor)
        FROM unnest(
            %(user_ids)s::uuid[], %(days)s::date[], %(zones)s::text[],
            %(starts)s::timestamptz[], %(ends)s::timestamptz[]
        ) AS given (user_id, day, time_zone, starts_at, ends_at)
        CROSS JOIN LATERAL (
            {SPENT} AND source_owner_id = given.user_id
                AND completed_at >= given.starts_at AND completed_at < given.ends_at
            UNION ALL
            SELECT * FROM reversed_since
            WHERE source_owner_id = given.user_id
                AND completed_at >= given.starts_at AND completed_at < given.ends_at
        ) AS spent
        GROUP BY 1, 2, 3, 4, 5
        RETURNING {_COLUMNS}
    )
    {_ADD_TO_EVERYBODYS}
"""  # noqa: S608
_OF_DAYS: Final = """
    (user_id, day) IN (SELECT * FROM unnest(%(user_ids)s::uuid[], %(days)s::date[]))
"""
_REMOVE: Final = f"""
    WITH removed AS (
        DELETE FROM {SpendingRollup._meta.db_table} WHERE {{condition}}
        RETURNING {_COLUMNS}
    ), taken AS (
        SELECT day, coalesce(time_zone, '{ANYWHERE}') AS time_zone, category, currency,
            sum(count) AS count, sum(total_minor) AS total_minor
        FROM removed {_BOTH_WAYS}
    )
    UPDATE {EverybodysRollup._meta.db_table} AS sums
    SET count = sums.count - taken.count,
        total_minor = sums.total_minor - taken.total_minor
    FROM taken
    WHERE sums.time_zone = taken.time_zone AND sums.day = taken.day
        AND sums.category = taken.category AND sums.currency = taken.currency
    RETURNING sums.time_zone, sums.day, sums.category, sums.currency, sums.count
"""  # noqa: S608
_REMOVE_EMPTY: Final = f"""
    DELETE FROM {EverybodysRollup._meta.db_table}
    WHERE count = 0 AND (time_zone, day, category, currency) IN (
        SELECT * FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[])
    )
"""  # noqa: S608
_JUDGED: Final = """
    SELECT (assessed_at AT TIME ZONE 'UTC')::date AS day, band, score, flags,
        shadow_flags
    FROM risk_assessment
    WHERE assessed_at >= %(start)s AND assessed_at < %(end)s
"""
_ADD_SCORES: Final = f"""
    INSERT INTO {ScoreRollup._meta.db_table} (day, band, tens, count)
    SELECT day, band, least(score / 10, 9), count(*) FROM ({_JUDGED}) AS judged
    GROUP BY 1, 2, 3
"""  # noqa: S608
_ADD_FLAGS: Final = f"""
    WITH judged AS ({_JUDGED})
    INSERT INTO {FlagRollup._meta.db_table} (day, flag, count, shadow_count)
    SELECT day, flag, sum(counted), sum(shadowed)
    FROM (
        SELECT day, unnest(flags) AS flag, 1 AS counted, 0 AS shadowed FROM judged
        UNION ALL
        SELECT day, unnest(shadow_flags), 0, 1 FROM judged
    ) AS flagged
    GROUP BY 1, 2
"""  # noqa: S608
