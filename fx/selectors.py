"""Reads of rates and quotes. Never writes, never locks."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from fx.arithmetic import PairRate, find_rate, rates_in_force
from fx.errors import RateUnavailable
from fx.models import SEED, Quote
from paycore.lib.errors import NotFound
from paycore.lib.money import Currency, Money


def get_rate(base: Currency, quote: Currency, *, at: datetime) -> PairRate:
    """The rate between two different currencies, with their spread. One statement.

    Raises: `RateUnavailable` when nothing connects them, or a part of what does is
    older than `FX_MAX_AGE`.
    """
    assert base != quote, "Nothing is converted into its own currency."
    newest, basis_points = _read(at, *sorted((base.code, quote.code)))
    found = find_rate(
        rates_in_force(newest),
        base=base.code,
        quote=quote.code,
    )
    if found is None or _is_too_old(found, at):
        raise RateUnavailable(base=base.code, quote=quote.code)
    return replace(found, basis_points=basis_points)


@dataclass(frozen=True, slots=True)
class RateTable:
    """The rates in force at one moment, to compare amounts by. Nothing is converted."""

    in_force: tuple[PairRate, ...]

    def value_of(self, amount: Money, currency: Currency) -> Fraction | None:
        """What the amount is worth, exactly, in major units, without any spread.

        None when no rate connects the currencies. A rate that is too old to convert
        by is still the best there is to compare by.
        """
        major = Fraction(amount.amount)
        if amount.currency == currency:
            return major
        rate = find_rate(self.in_force, base=amount.currency.code, quote=currency.code)
        return None if rate is None else major * rate.rate


def get_rate_table(*, at: datetime) -> RateTable:
    """All rates in force, however old. One statement."""
    newest, _ = _read(at, "", "")
    return RateTable(tuple(rates_in_force(newest)))


def list_current_rates(*, at: datetime) -> list[PairRate]:
    """The rates in force, however old, by their currencies.

    Those of all other pairs follow from these.
    """
    newest, _ = _read(at, "", "")
    return sorted(rates_in_force(newest), key=lambda rate: (rate.base, rate.quote))


def get_past_rates(
    *, quote: Currency, moments: Mapping[str, Collection[datetime]]
) -> dict[tuple[str, datetime], Fraction]:
    """What one unit of each currency was worth in `quote` at each of its moments.

    For reports, which look at what was and move nothing: before any spread, and by the
    rates that were in force, however old they were. Two statements.

    Raises: `RateUnavailable` when nothing connected two of them at a moment.
    """
    if not moments:
        return {}
    pairs = _on_the_way({*moments, quote.code})
    every_moment = sorted(set().union(*moments.values()))
    news = _read_past(every_moment, pairs)
    found: dict[tuple[str, datetime], Fraction] = {}
    newest: dict[tuple[str, str], PairRate] = {}
    known: dict[str, PairRate | None] = {}
    for moment in every_moment:
        if moment in news:
            newest |= news[moment]
            in_force = rates_in_force(newest.values())
            known = {
                code: find_rate(in_force, base=code, quote=quote.code)
                for code in moments
            }
        for code, its_moments in moments.items():
            if moment in its_moments:
                rate = known.get(code)
                if rate is None:
                    raise RateUnavailable(base=code, quote=quote.code)
                found[code, moment] = rate.rate
    return found


def get_quote(*, quote_id: UUID, owner_id: UUID | None = None) -> Quote:
    """Raises: `NotFound`, also when it is not the owner's. None sees all."""
    quotes = Quote.objects.filter(pk=quote_id)
    if owner_id is not None:
        quotes = quotes.filter(owner_id=owner_id)
    quote = quotes.first()
    if quote is None:
        raise NotFound
    return quote


# From pair to pair along an index: as many look-ups as there are pairs, however many
# rates are kept. A rate of the future is not in force yet.
_NEWEST_OF_EACH_PAIR: Final = """
    WITH RECURSIVE newest AS (
        (
            SELECT * FROM fx_rate WHERE as_of <= %(at)s
            ORDER BY low, high, as_of DESC, id DESC LIMIT 1
        )
        UNION ALL
        SELECT following.* FROM newest, LATERAL (
            SELECT * FROM fx_rate
            WHERE (low, high) > (newest.low, newest.high) AND as_of <= %(at)s
            ORDER BY low, high, as_of DESC, id DESC LIMIT 1
        ) AS following
    )
    SELECT base, quote, rate, source, as_of, (
        SELECT basis_points FROM fx_spread
        WHERE fx_spread.base = %(low)s AND fx_spread.quote = %(high)s
        ORDER BY fx_spread.id DESC LIMIT 1
    )
    FROM newest
"""


def _read(at: datetime, low: str, high: str) -> tuple[list[PairRate], int]:
    """The newest rate of each pair, and the spread of one of the pairs."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_OF_EACH_PAIR, {"at": at, "low": low, "high": high})
        rows = cursor.fetchall()
    newest = [_pair_rate(*facts) for *facts, _ in rows]
    return newest, (rows[0][5] or 0) if rows else 0


# From pair to pair along the index, as above.
_PAIRS: Final = """
    WITH RECURSIVE pair AS (
        (SELECT low, high FROM fx_rate ORDER BY low, high LIMIT 1)
        UNION ALL
        SELECT following.* FROM pair, LATERAL (
            SELECT low, high FROM fx_rate
            WHERE (low, high) > (pair.low, pair.high)
            ORDER BY low, high LIMIT 1
        ) AS following
    )
    SELECT low, high FROM pair
"""
# Where the rate of a pair is that of the moment before, it is left out.
_NEWS: Final = """
    SELECT at, low, high, base, quote, rate, source, as_of
    FROM (
        SELECT given.at, newest.*,
            lag(newest.id) OVER (PARTITION BY low, high ORDER BY given.at) AS before
        FROM unnest(%s::timestamptz[]) AS given (at)
        CROSS JOIN unnest(%s::text[], %s::text[]) AS pair (of_low, of_high)
        CROSS JOIN LATERAL (
            SELECT * FROM fx_rate
            WHERE low = of_low AND high = of_high AND as_of <= given.at
            ORDER BY as_of DESC, id DESC LIMIT 1
        ) AS newest
    ) AS found
    WHERE id IS DISTINCT FROM before
"""


def _on_the_way(codes: Collection[str]) -> list[tuple[str, str]]:
    """The pairs that can be a part of the way between two of these currencies.

    A currency that only one pair knows leads nowhere else, so that pair is left out,
    and so on: of a source that says what each currency is in euros, nearly all are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS)
        pairs: list[tuple[str, str]] = cursor.fetchall()
    while True:
        ends = Counter(chain.from_iterable(pairs))
        kept = [
            pair
            for pair in pairs
            if all(ends[code] > 1 or code in codes for code in pair)
        ]
        if len(kept) == len(pairs):
            return pairs
        pairs = kept


def _read_past(
    moments: list[datetime], pairs: Iterable[tuple[str, str]]
) -> dict[datetime, dict[tuple[str, str], PairRate]]:
    """The rates of pairs that are other ones than at the moment before."""
    lows, highs = [low for low, _ in pairs], [high for _, high in pairs]
    news: dict[datetime, dict[tuple[str, str], PairRate]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NEWS, [moments, lows, highs])
        for at, low, high, *facts in cursor.fetchall():
            news.setdefault(at, {})[low, high] = _pair_rate(*facts)
    return news


def _pair_rate(
    base: str, quote: str, rate: Any, source: str, as_of: datetime
) -> PairRate:
    return PairRate(base, quote, Fraction(rate), source, as_of, ages=source != SEED)


def _is_too_old(rate: PairRate, at: datetime) -> bool:
    return rate.ages and at - rate.as_of > timedelta(seconds=settings.FX_MAX_AGE)
