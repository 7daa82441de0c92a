"""What a user did before: everything that rules and limits ask, by one statement."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import chain
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connection

from paycore.lib.days import day_of, start_of
from paycore.lib.rows import given
from risk.models import Assessment
from risk.payments import Moment, Payment
from risk.rules import (
    AlikeWithin,
    Average,
    AverageWithin,
    CountWithin,
    History,
    Measure,
)


@dataclass(frozen=True, slots=True)
class Look:
    """From where to look back: a payment, and when; `at` None is now."""

    id: UUID
    payment: Payment
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was found. `used` is today's payments of the same kind, by currency."""

    moment: Moment
    history: History
    used: Mapping[str, int]


NOTHING: Final = Average(0, Fraction(0))


@dataclass(slots=True)
class Earlier:
    """What a user does before in the same batch.

    As new as can be, so it is within every window.
    """

    count: int = 0
    worths: Average = NOTHING
    used: Counter[tuple[str, str]] = field(default_factory=Counter)
    alike: Counter[tuple[int, str, str]] = field(default_factory=Counter)

    def add(self, one: Assessment) -> None:
        self.count += 1
        if one.worth is not None:
            self.worths = Average(
                self.worths.count + 1, self.worths.total + Fraction(one.worth)
            )
        self.used[one.kind, one.currency] += one.amount_minor
        self.alike[one.amount_minor, one.currency, one.counterparty] += 1


def look_back(
    looks: Sequence[Look], *, measures: Collection[Measure]
) -> dict[UUID, Past]:
    """The past of each payment, before it; by the ids of the looks.

    One statement for one payment or for many, however many the rules. Under the lock
    of the users (see `risk.services.screening`) nothing can be added in between.
    """
    alike = [measure for measure in measures if isinstance(measure, AlikeWithin)]
    others = [measure for measure in measures if not isinstance(measure, AlikeWithin)]
    rows, parameters = given(
        {
            "id": ("uuid", [look.id for look in looks]),
            "user_id": ("uuid", [look.payment.user_id for look in looks]),
            "amount_minor": ("bigint", [look.payment.amount.minor for look in looks]),
            "currency": ("text", [look.payment.amount.currency.code for look in looks]),
            "counterparty": ("text", [look.payment.counterparty for look in looks]),
            "asked_at": ("timestamptz", [look.at for look in looks]),
        }
    )
    for some in (others, alike):
        for measure in some:
            parameters.extend(_parameters(measure))
        parameters.append(max((measure.seconds for measure in some), default=0))
    sql = _LOOK_BACK.format(
        given=rows,
        whole=_columns(others),
        alike=_columns(alike),
        quarter=QUARTER,
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    wanted = [*others, *alike]
    return {look.id: _past(look, found[look.id], wanted) for look in looks}


def _columns(measures: Sequence[Measure]) -> str:
    columns = ", ".join(_COLUMN[type(measure)] for measure in measures)
    return f"jsonb_build_array({columns})"


def _parameters(measure: Measure) -> list[Any]:
    if isinstance(measure, AverageWithin):
        counted = [measure.seconds, settings.RISK_CURRENCY]
        return counted * 2
    return [measure.seconds]


# Void payments stay in counts: that somebody tried ten times is what velocity is
# about. They leave averages and limits. A payment voided later was not void then.
_COUNT: Final = "count(*) FILTER (WHERE assessed_at > at - make_interval(secs => %s))"
_VALUED: Final = (
    "FILTER (WHERE assessed_at > at - make_interval(secs => %s)"
    " AND currency_of_worth = %s AND (voided_at IS NULL OR voided_at > at))"
)
_COLUMN: Final[Mapping[type[Measure], str]] = {
    CountWithin: _COUNT,
    AlikeWithin: _COUNT,
    # As text: as a number of a document it would lose its last digits.
    AverageWithin: f"count(worth) {_VALUED}, (sum(worth) {_VALUED})::text",
}

# In which quarter of an hour a payment was made, in seconds since 1970.
QUARTER: Final = (
    "extract(epoch FROM date_bin('15 minutes', assessed_at, 'epoch'))::bigint"
)

# Of a batch each user's past is read once, whatever the number of payments. HAVING
# makes one row of any past, also where no measure is asked for.
#
# The time is the statement's own, because it begins after the user's lock was given;
# and it is later than the user's last payment even if the clock was set back. So later
# payments of a user have later times: none of them is overlooked, and a back-test can
# see what was seen.
#
# What may be of today is added up by quarters of an hour, and Python knows which of
# them are: see Note [A day is the instants between two midnights]. No day begins
# within one, and none is as long as two days.
_LOOK_BACK: Final = """
    WITH look AS MATERIALIZED (
        SELECT given.*, person.time_zone,
            coalesce(given.asked_at, greatest(
                statement_timestamp(), last.at + interval '1 microsecond'
            )) AS at,
            CASE WHEN given.asked_at IS NULL
                THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE given.id
            END AS before_id
        FROM {given}
        JOIN accounts_user AS person ON person.id = given.user_id
        LEFT JOIN LATERAL (
            SELECT max(assessed_at) AS at FROM risk_assessment
            WHERE user_id = given.user_id
        ) AS last ON given.asked_at IS NULL
    ), past AS MATERIALIZED (
        SELECT person.*, used.spent, whole.measures
        FROM (SELECT DISTINCT user_id, time_zone, at, before_id FROM look) AS person
        CROSS JOIN LATERAL (
            SELECT {whole} AS measures
            FROM risk_assessment
            WHERE user_id = person.user_id
                AND assessed_at > person.at - make_interval(secs => %s)
                AND (assessed_at, id) < (person.at, person.before_id)
            HAVING TRUE
        ) AS whole
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(
                jsonb_build_array(kind, currency, total::text, quarter)
            ) AS spent
            FROM (
                SELECT kind, currency, sum(amount_minor) AS total,
                    {quarter} AS quarter
                FROM risk_assessment
                WHERE user_id = person.user_id
                    AND assessed_at > person.at - interval '2 days'
                    AND (assessed_at, id) < (person.at, person.before_id)
                    AND voided_at IS NULL
                GROUP BY kind, currency, quarter
            ) AS quarters
        ) AS used
    ), alike AS MATERIALIZED (
        SELECT past.user_id, past.at, past.before_id, recent.*
        FROM past
        CROSS JOIN LATERAL (
            SELECT amount_minor, currency, counterparty, {alike} AS measures
            FROM risk_assessment
            WHERE user_id = past.user_id
                AND assessed_at > past.at - make_interval(secs => %s)
                AND (assessed_at, id) < (past.at, past.before_id)
                AND counterparty <> ''
            GROUP BY amount_minor, currency, counterparty
        ) AS recent
    )
    SELECT look.id, look.at, look.time_zone, past.spent, past.measures, alike.measures
    FROM look
    JOIN past USING (user_id, at, before_id)
    LEFT JOIN alike USING (user_id, at, before_id, amount_minor, currency, counterparty)
"""


def _past(look: Look, row: Sequence[Any], measures: Sequence[Measure]) -> Past:
    at, time_zone, spent, *measured = row
    # Where nothing is alike there is nothing to measure.
    parts = [orjson.loads(part) if part is not None else [] for part in measured]
    values = chain.from_iterable(parts)
    counts: dict[Measure, int] = {}
    averages: dict[Measure, Average] = {}
    for measure in measures:
        if isinstance(measure, AverageWithin):
            averages[measure] = Average(next(values), Fraction(next(values) or 0))
        else:
            counts[measure] = next(values, 0)
    return Past(
        moment=Moment(at, at.astimezone(ZoneInfo(time_zone))),
        history=History(counts, averages),
        used={
            currency: total
            for (kind, currency), total in sum_of_the_day(
                orjson.loads(spent or "[]"), at=at, time_zone=time_zone
            ).items()
            if kind == look.payment.kind
        },
    )


def sum_of_the_day(
    spent: Iterable[tuple[str, str, Any, int]], *, at: datetime, time_zone: str
) -> Counter[tuple[str, str]]:
    """What of these sums is of the day of a moment, by kind and currency.

    Each is a kind, a currency, the sum, and the `QUARTER` of an hour that it is of.
    """
    midnight = start_of(day_of(at, time_zone), time_zone).timestamp()
    sums: Counter[tuple[str, str]] = Counter()
    for kind, currency, total, quarter in spent:
        if quarter >= midnight:
            sums[kind, currency] += int(total)
    return sums


def after(past: Past, payment: Payment, earlier: Earlier) -> Past:
    """The past of a payment that others of its batch come before."""
    if not earlier.count:
        return past
    amount = payment.amount
    likeness = amount.minor, amount.currency.code, payment.counterparty
    alike = earlier.alike[likeness] if payment.counterparty else 0
    counts = {
        measure: count + (alike if isinstance(measure, AlikeWithin) else earlier.count)
        for measure, count in past.history.counts.items()
    }
    averages = {
        measure: Average(
            average.count + earlier.worths.count, average.total + earlier.worths.total
        )
        for measure, average in past.history.averages.items()
    }
    used = dict(past.used)
    for (kind, currency), minor in earlier.used.items():
        if kind == payment.kind:
            used[currency] = used.get(currency, 0) + minor
    return Past(past.moment, History(counts, averages), used)
