"""The numbers behind risk: how often rules apply, how much of limits is used.

Read by people who configure it. Nothing is decided by them.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection, transaction

from fx.selectors import get_rate_table
from paycore.lib.db import sql_state
from paycore.lib.money import CURRENCIES, Money
from paycore.lib.rows import given
from risk.configuration import LIMITED_KINDS, Configuration
from risk.models import Period
from risk.payments import PaymentKind
from risk.selectors import ScoreSummary, summarize_scores
from risk.services.configuration import read_configuration
from risk.services.history import QUARTER, sum_of_the_day
from risk.services.limits import rounded_up, total_of

Answer = TypeVar("Answer")

WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)
# Somebody is waiting for a page.
QUICK_SECONDS: Final = 2
QUERY_CANCELED: Final = "57014"


@dataclass(frozen=True, slots=True)
class Times:
    """How often something was in the last 7 and in the last 30 days."""

    week: int = 0
    month: int = 0

    def __str__(self) -> str:
        return f"{self.week:,} / {self.month:,}"


@dataclass(frozen=True, slots=True)
class RuleUse:
    """How often a rule applied: where it counted, and in shadow.

    `moved`: how many payments to which it applied in shadow would be in another band if
    it counted with the points that it has now, by the bands of now.
    """

    counted: Times = Times()
    shadow: Times = Times()
    moved: Times = Times()


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit of somebody, and what they have used of it today.

    `limit` None: none. Per payment nothing is used.
    """

    kind: PaymentKind
    period: Period
    limit: Money | None
    is_own: bool
    used: Money | None = None

    @property
    def used_text(self) -> str:
        return "-" if self.used is None else str(self.used)

    @property
    def left_text(self) -> str:
        if self.limit is None or self.used is None:
            return "-"
        left = self.limit.minor - self.used.minor
        return str(Money(max(left, 0), self.limit.currency))


def measure_rules(
    configuration: Configuration, *, at: datetime
) -> dict[str, RuleUse] | None:
    """How often each rule applied, by code; None when that takes too long for a page.

    One statement, over the flagged payments of 30 days.
    """
    bands = configuration.bands
    rows, parameters = given(
        {
            "code": ("text", [rule.rule.code for rule in configuration.rules]),
            "points": ("bigint", [rule.points for rule in configuration.rules]),
        }
    )
    steps = [bands.monitor_from, bands.review_from, bands.urgent_from]
    sql = _RULES.format(given=rows)

    def read() -> dict[str, RuleUse]:
        with connection.cursor() as cursor:
            moments = [at - MONTH, at - MONTH]
            cursor.execute(sql, [at - WEEK, steps, *moments, *parameters])
            return {
                code: RuleUse(Times(*times[:2]), Times(*times[2:4]), Times(*times[4:]))
                for code, *times in cursor.fetchall()
            }

    return _quickly(read)


# Bands by number: 0 for approve to 3 for urgent. A payment that is held because a rule
# failed stays held, whatever its score.
_RULES: Final = """
    SELECT code,
        count(*) FILTER (WHERE counts AND assessed_at >= week),
        count(*) FILTER (WHERE counts),
        count(*) FILTER (WHERE NOT counts AND assessed_at >= week),
        count(*) FILTER (WHERE NOT counts),
        count(*) FILTER (WHERE NOT counts AND moved AND assessed_at >= week),
        count(*) FILTER (WHERE NOT counts AND moved)
    FROM (
        SELECT flagged.*, asked.week,
            greatest(lowest, width_bucket(score::bigint, steps))
                <> greatest(lowest, width_bucket(least(score + points, 100), steps))
                AS moved
        FROM (SELECT %s::timestamptz AS week, %s::bigint[] AS steps) AS asked,
            (
                SELECT assessed_at, score, TRUE AS counts, unnest(flags) AS code,
                    0 AS lowest
                FROM risk_assessment
                WHERE assessed_at >= %s AND flags <> '{{}}'
                UNION ALL
                SELECT assessed_at, score, FALSE, unnest(shadow_flags),
                    CASE WHEN jsonb_path_exists(errors, '$.* ? (@ == "closed")')
                        THEN 2 ELSE 0 END
                FROM risk_assessment
                WHERE assessed_at >= %s AND shadow_flags <> '{{}}'
            ) AS flagged
        JOIN {given} USING (code)
    ) AS counted
    GROUP BY code
"""


def measure_scores(*, at: datetime) -> ScoreSummary | None:
    """How payments scored in 30 days; None when that takes too long for a page."""
    return _quickly(lambda: summarize_scores(at - MONTH, at))


def measure_limits(user_id: UUID, *, at: datetime) -> list[LimitUse]:
    """What somebody may pay, and how much of it they have used today.

    Three statements.
    """
    configuration = read_configuration(user_ids=[user_id])
    spent = _sum_of_the_day(user_id, at)
    rates = get_rate_table(at=at)
    limited = {*LIMITED_KINDS, *(limit.kind for limit in configuration.limits)}
    base = CURRENCIES.get(settings.RISK_CURRENCY)
    own = {(it.kind, it.period) for it in configuration.limits if it.user_id == user_id}
    uses: list[LimitUse] = []
    for kind in (kind for kind in PaymentKind if kind in limited):
        for period in Period:
            limit = configuration.limit(kind, period, user_id=user_id)
            currency = base if limit is None else limit.currency
            used = None
            if period == Period.DAY:
                total = total_of(spent.get(kind, {}), currency, rates)
                used = rounded_up(total, currency)
            is_own = (kind, period) in own
            uses.append(LimitUse(kind, period, limit, is_own=is_own, used=used))
    return uses


def _sum_of_the_day(user_id: UUID, at: datetime) -> dict[str, dict[str, int]]:
    """What they paid, by kind and currency."""
    with connection.cursor() as cursor:
        cursor.execute(_PAID, {"user_id": user_id, "at": at})
        rows = cursor.fetchall()
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    if rows:
        spent, time_zone = [row[1:] for row in rows], rows[0][0]
        today = sum_of_the_day(spent, at=at, time_zone=time_zone)
        for (kind, currency), total in today.items():
            sums[kind][currency] = total
    return sums


# As limits count it: see `risk.services.history`.
_PAID: Final = f"""
    SELECT person.time_zone, kind, risk_assessment.currency, sum(amount_minor),
        {QUARTER} AS quarter
    FROM risk_assessment
    JOIN accounts_user AS person ON person.id = user_id
    WHERE user_id = %(user_id)s AND voided_at IS NULL
        AND assessed_at > %(at)s - interval '2 days' AND assessed_at <= %(at)s
    GROUP BY person.time_zone, kind, risk_assessment.currency, quarter
"""  # noqa: S608


def _quickly(read: Callable[[], Answer]) -> Answer | None:
    """What was read; None when it takes too long for a page."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{QUICK_SECONDS}s'")
            return read()
    except OperationalError as error:
        if sql_state(error) == QUERY_CANCELED:
            return None
        raise
