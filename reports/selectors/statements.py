"""The statements that add up what was spent, from roll-ups and purchases at once.

What they take is in `cells`, and in Note [One look at roll-ups and purchases].
"""

from typing import Final

from reports.models import ANYWHERE
from reports.purchases import REVERSED_SINCE, SPENT

# Instead of a time zone, for days of which there is one row each.
ROLLED_UP: Final = ""

# In all of these the version comes even where there is nothing else.
_FRAME: Final = """
    SELECT mark.version, cell.*
    FROM (SELECT coalesce(max(version), 0) FROM reports_rollupmark) AS mark (version)
    LEFT JOIN (
        SELECT category, currency, time_zone, moment, array_agg(day), array_agg(count),
            array_agg(total_minor)
        FROM ({cells}) AS found (
            time_zone, moment, day, category, currency, count, total_minor
        )
        GROUP BY 1, 2, 3, 4
    ) AS cell ON TRUE
"""

# Live days are told by where they begin; `width_bucket` finds that of a purchase.
OF_A_PERSON: Final = _FRAME.format(
    cells=f"""
        SELECT '{ROLLED_UP}', NULL::timestamptz, day, category, currency, count,
            total_minor
        FROM reports_spendingrollup
        WHERE user_id = %(user_id)s
            AND day >= %(rolled_from)s AND day < %(rolled_until)s
        UNION ALL
        SELECT NULL, NULL,
            (%(days)s::date[])[width_bucket(completed_at, %(starts)s::timestamptz[])],
            merchant_category, currency, count(*), sum(amount_minor)
        FROM (
            {SPENT} AND source_owner_id = %(user_id)s
                AND completed_at >= %(start)s AND completed_at < %(rolled_start)s
            UNION ALL
            {SPENT} AND source_owner_id = %(user_id)s
                AND completed_at >= %(rolled_end)s AND completed_at < %(end)s
        ) AS live
        GROUP BY 3, 4, 5
        UNION ALL
        SELECT %(time_zone)s::text, completed_at, NULL, merchant_category, currency,
            -1, -amount_minor
        FROM ({REVERSED_SINCE}) AS reversed_since
        WHERE source_owner_id = %(user_id)s
            AND completed_at >= %(rolled_start)s AND completed_at < %(rolled_end)s
    """  # noqa: S608
)

# The part of each time zone: see `Split`.
_ZONES_GIVEN: Final = """
    WITH zone AS MATERIALIZED (
        SELECT name, days::date[], starts::timestamptz[], rolled_from, rolled_until,
            rolled_start, rolled_end
        FROM unnest(
            %(zones)s::text[], %(days)s::text[], %(starts)s::text[],
            %(rolled_from)s::date[], %(rolled_until)s::date[],
            %(rolled_start)s::timestamptz[], %(rolled_end)s::timestamptz[]
        ) AS given (
            name, days, starts, rolled_from, rolled_until, rolled_start, rolled_end
        )
    )
"""
# A time zone that was not given has neither a day nor a moment: somebody's first
# purchase ever, since the roll-ups. It is given the next time.
OF_EVERYBODY: Final = _ZONES_GIVEN + _FRAME.format(
    cells=f"""
        SELECT '{ROLLED_UP}', NULL::timestamptz, day, category, currency, count,
            total_minor
        FROM reports_everybodysrollup
        WHERE time_zone = '{ANYWHERE}'
            AND day >= %(whole_from)s AND day < %(whole_until)s
        UNION ALL
        SELECT NULL, NULL, day, category, currency, count, total_minor
        FROM zone
        JOIN reports_everybodysrollup AS rolled ON rolled.time_zone = zone.name
            AND day >= zone.rolled_from
            AND day < least(zone.rolled_until, %(whole_from)s)
        UNION ALL
        SELECT NULL, NULL, day, category, currency, count, total_minor
        FROM zone
        JOIN reports_everybodysrollup AS rolled ON rolled.time_zone = zone.name
            AND day >= greatest(zone.rolled_from, %(whole_until)s)
            AND day < zone.rolled_until
        UNION ALL
        SELECT CASE WHEN zone.name IS NULL THEN person.time_zone END, NULL,
            zone.days[width_bucket(completed_at, zone.starts)],
            merchant_category, live.currency, count(*), sum(amount_minor)
        FROM ({{live}}) AS live
        JOIN accounts_user AS person ON person.id = live.source_owner_id
        LEFT JOIN reports_rolledperson AS rolled
            ON rolled.user_id = live.source_owner_id
        LEFT JOIN zone ON zone.name = coalesce(rolled.time_zone, person.time_zone)
        WHERE zone.name IS NULL
            OR completed_at < zone.rolled_start OR completed_at >= zone.rolled_end
        GROUP BY 1, 3, 4, 5
        UNION ALL
        SELECT zone.name, completed_at, NULL, merchant_category, currency,
            -1, -amount_minor
        FROM ({REVERSED_SINCE}) AS reversed_since
        JOIN reports_rolledperson AS rolled
            ON rolled.user_id = reversed_since.source_owner_id
        JOIN zone ON zone.name = rolled.time_zone
        WHERE completed_at >= zone.rolled_start AND completed_at < zone.rolled_end
    """  # noqa: S608
)
SPENT_IN: Final = f"{SPENT} AND completed_at >= %(low)s AND completed_at < %(high)s"
SPENT_IN_TWO: Final = f"""{SPENT_IN} UNION ALL {SPENT}
    AND completed_at >= %(second_low)s AND completed_at < %(second_high)s
"""
PERSON: Final = """
    SELECT person.time_zone, person.currency, rolled.time_zone,
        coalesce(mark.version, 0), mark.kept_until
    FROM accounts_user AS person
    LEFT JOIN reports_rolledperson AS rolled ON rolled.user_id = person.id
    LEFT JOIN reports_rollupmark AS mark ON TRUE
    WHERE person.id = %s
"""
# From one time zone to the next along the index: there are few, of very many people.
ZONES: Final = """
    WITH RECURSIVE zone AS (
        SELECT min(time_zone) AS name FROM reports_rolledperson
        UNION ALL
        SELECT (
            SELECT min(time_zone) FROM reports_rolledperson
            WHERE time_zone > zone.name
        ) FROM zone WHERE zone.name IS NOT NULL
    )
    SELECT coalesce(max(version), 0), max(kept_until),
        ARRAY(SELECT name FROM zone WHERE name IS NOT NULL)
    FROM reports_rollupmark
"""
