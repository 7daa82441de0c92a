"""What must hold of the roll-ups that reports are answered from.

They are as of a moment, see Note [Roll-ups are as of a moment], and so are these: a
purchase that was made since is not missing, and one that was reversed since still
counts. Where days begin is the only thing that is taken from elsewhere: see Note [A
day is the instants between two midnights].
"""

from typing import Any, Final

from reconciliation.checks.check import Check
from reports.selectors import get_rolled_days


def _rolled_days() -> dict[str, Any]:
    rolled = get_rolled_days()
    zones = rolled.days.items()
    return {
        "as_of": rolled.as_of,
        "zones": [zone for zone, _ in zones],
        "first_days": [days[0][0] for _, days in zones],
        # An array in an array would be unnested to the bottom; its text is not.
        "starts": [
            "{" + ",".join(start.isoformat() for _, start in days) + "}"
            for _, days in zones
        ],
    }


ROLLUPS: Final = (
    Check(
        name="rollup_is_what_was_spent",
        rule="What is rolled up of somebody's day is what they spent on it.",
        given=_rolled_days,
        # Who has spent something and is in no time zone has no day either, and so
        # nothing that it could agree with.
        sql="""
            WITH zone AS MATERIALIZED (
                SELECT name, first_day, starts::timestamptz[]
                FROM unnest(%(zones)s::text[], %(first_days)s::date[],
                    %(starts)s::text[]) AS given (name, first_day, starts)
            ), counted AS (
                SELECT source_owner_id, completed_at, merchant_category, currency,
                    amount_minor
                FROM transfers_transfer
                WHERE kind = 'purchase' AND status = 'completed'
                    AND completed_at < %(as_of)s
                UNION ALL
                SELECT purchase.source_owner_id, purchase.completed_at,
                    purchase.merchant_category, purchase.currency,
                    purchase.amount_minor
                FROM transfers_transfer AS reversal
                JOIN transfers_transfer AS purchase
                    ON purchase.id = reversal.original_transfer_id
                WHERE reversal.kind = 'reversal' AND purchase.kind = 'purchase'
                    AND reversal.completed_at >= %(as_of)s
                    AND purchase.completed_at < %(as_of)s
            ), spent AS (
                SELECT source_owner_id AS user_id, rolled.time_zone,
                    first_day + width_bucket(completed_at, starts) - 1 AS day,
                    merchant_category AS category, currency,
                    count(*) AS count, sum(amount_minor) AS total_minor
                FROM counted
                LEFT JOIN reports_rolledperson AS rolled
                    ON rolled.user_id = source_owner_id
                LEFT JOIN zone ON zone.name = rolled.time_zone
                WHERE zone.name IS NULL
                    OR completed_at < starts[cardinality(starts)]
                GROUP BY 1, 2, 3, 4, 5
            )
            SELECT told.what || ' of user ' || user_id || ' on '
                    || coalesce(day::text, 'no day') || ' for ' || category,
                currency, told.expected, told.found
            FROM spent
            FULL JOIN reports_spendingrollup AS rolled
                USING (user_id, time_zone, day, category, currency)
            CROSS JOIN LATERAL (VALUES
                ('spending', coalesce(spent.total_minor, 0),
                    coalesce(rolled.total_minor, 0)),
                ('purchases', coalesce(spent.count, 0), coalesce(rolled.count, 0))
            ) AS told (what, expected, found)
            WHERE told.expected <> told.found
        """,
    ),
    Check(
        name="everybodys_rollup_is_the_sum_of_peoples",
        rule="What is rolled up of everybody is the sum of what is of each person, by"
        " time zone and in all of them.",
        sql="""
            SELECT told.what || ' of everybody on ' || day || ' for ' || category
                    || CASE WHEN time_zone = '' THEN '' ELSE ' in ' || time_zone END,
                currency, told.expected, told.found
            FROM (
                SELECT coalesce(time_zone, '') AS time_zone, day, category, currency,
                    sum(count) AS count, sum(total_minor) AS total_minor
                FROM reports_spendingrollup
                GROUP BY GROUPING SETS (
                    (time_zone, day, category, currency), (day, category, currency)
                )
            ) AS people
            FULL JOIN reports_everybodysrollup AS everybody
                USING (time_zone, day, category, currency)
            CROSS JOIN LATERAL (VALUES
                ('spending', coalesce(people.total_minor, 0),
                    coalesce(everybody.total_minor, 0)),
                ('purchases', coalesce(people.count, 0), coalesce(everybody.count, 0))
            ) AS told (what, expected, found)
            WHERE told.expected <> told.found
        """,
    ),
    Check(
        name="rollup_is_what_was_judged",
        rule="What is rolled up of a day's scores and flags is what its payments got.",
        sql="""
            WITH judged AS (
                SELECT (assessed_at AT TIME ZONE 'UTC')::date AS day, band, score,
                    flags, shadow_flags
                FROM risk_assessment
                WHERE assessed_at < (
                    SELECT date_trunc('day', max(kept_until), 'UTC')
                    FROM reports_rollupmark
                )
            ), expected AS (
                SELECT day, 'scored ' || band || ' in tens ' || least(score / 10, 9)
                    AS what, count(*) AS count
                FROM judged GROUP BY 1, 2
                UNION ALL
                SELECT day, 'flagged ' || unnest(flags), count(*)
                FROM judged GROUP BY 1, 2
                UNION ALL
                SELECT day, 'flagged in shadow ' || unnest(shadow_flags), count(*)
                FROM judged GROUP BY 1, 2
            ), found AS (
                SELECT day, 'scored ' || band || ' in tens ' || tens AS what, count
                FROM reports_scorerollup
                UNION ALL
                SELECT day, 'flagged ' || flag, count FROM reports_flagrollup
                UNION ALL
                SELECT day, 'flagged in shadow ' || flag, shadow_count
                FROM reports_flagrollup
            )
            SELECT 'payments ' || what || ' on ' || day, '',
                coalesce(expected.count, 0), coalesce(found.count, 0)
            FROM expected FULL JOIN found USING (day, what)
            WHERE coalesce(expected.count, 0) <> coalesce(found.count, 0)
        """,
    ),
)
