"""Reads of rates and quotes. Never writes, never locks."""

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from fx.arithmetic import PairRate, find_rate, rates_in_force
from fx.errors import RateUnavailable
from fx.models import SEED, Quote
from paycore.lib.errors import NotFound
from paycore.lib.money import Currency


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


def list_current_rates(*, at: datetime) -> list[PairRate]:
    """The rates in force, however old, by their currencies.

    Those of all other pairs follow from these.
    """
    newest, _ = _read(at, "", "")
    return sorted(rates_in_force(newest), key=lambda rate: (rate.base, rate.quote))


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
    newest = [
        PairRate(base, quote, Fraction(rate), source, as_of, ages=source != SEED)
        for base, quote, rate, source, as_of, _ in rows
    ]
    return newest, (rows[0][5] or 0) if rows else 0


def _is_too_old(rate: PairRate, at: datetime) -> bool:
    return rate.ages and at - rate.as_of > timedelta(seconds=settings.FX_MAX_AGE)
