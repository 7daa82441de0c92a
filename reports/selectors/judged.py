"""How payments were judged: from the roll-ups, and live where they end."""

from datetime import date, datetime
from itertools import chain
from typing import Final

from django.db import connection

from reports.days import bounded, split
from risk.selectors import FlagCount, ScoreCount, ScoreSummary, count_judged


def summarize_judged(*, start: datetime, end: datetime) -> ScoreSummary:
    """How the payments from `start` on, `end` not included, were judged at first.

    The days that are rolled up are those of UTC. One statement sees how far they are
    and what they are; what is live may be read later, for it never changes.
    """
    start, end = bounded(start), bounded(end)
    whole = split(start, end, time_zone="UTC", kept_until=end)
    kept_until, rolled_up = _read_rollups(whole.rolled_from, whole.rolled_until)
    parts = split(start, end, time_zone="UTC", kept_until=kept_until)
    before = count_judged(start, parts.rolled_start)
    after = count_judged(parts.rolled_end, end)
    scores, flags = zip(before, rolled_up, after, strict=True)
    return ScoreSummary.of(chain(*scores), chain(*flags))


def _read_rollups(
    first: date, until: date
) -> tuple[datetime | None, tuple[list[ScoreCount], list[FlagCount]]]:
    """How far they are, and what they say of these days, as far as they are."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLLUPS, {"first": first, "until": until})
        rows = cursor.fetchall()
    scores = [(band, tens, count) for _, _, band, tens, count, _ in rows if band]
    flags = [(flag, count, shadow) for _, flag, _, _, count, shadow in rows if flag]
    return rows[0][0], (scores, flags)


# How far they are comes even where there is nothing else.
_ROLLUPS: Final = """
    SELECT mark.kept_until, cell.*
    FROM (SELECT max(kept_until) FROM reports_rollupmark) AS mark (kept_until)
    LEFT JOIN (
        SELECT NULL AS flag, band, tens, sum(count)::bigint, NULL
        FROM reports_scorerollup
        WHERE day >= %(first)s AND day < %(until)s GROUP BY band, tens
        UNION ALL
        SELECT flag, NULL, NULL, sum(count)::bigint, sum(shadow_count)::bigint
        FROM reports_flagrollup
        WHERE day >= %(first)s AND day < %(until)s GROUP BY flag
    ) AS cell ON TRUE
"""
