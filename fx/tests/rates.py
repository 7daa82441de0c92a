"""Saying rates in tests, in few words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fx.arithmetic import PairRate
from fx.services import record_rates
from fx.sources import RateDraft
from paycore.lib.money import CURRENCIES, Currency, Money

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def currency(code: str) -> Currency:
    return CURRENCIES.get(code)


def money(text: str) -> Money:
    """`"100.00 USD"`."""
    amount, code = text.split()
    return Money.parse(amount, currency(code))


def rate(pair: str, value: str, *, days_old: int = 0, **more: Any) -> PairRate:
    """`rate("USD/EUR", "0.92")`."""
    base, quote = pair.split("/")
    as_of = NOW - timedelta(days=days_old)
    return PairRate(
        base, quote, Fraction(value), more.pop("source", "x"), as_of, **more
    )


def say(
    pair: str, value: str, *, as_of: datetime = NOW, source: str = "a source"
) -> int:
    """Record one rate; answers whether it was news."""
    base, quote = pair.split("/")
    draft = RateDraft(base, quote, Decimal(value), as_of)
    return record_rates(drafts=[draft], source=source)
