"""Whether a payment is within its user's limits. Asked under the user's lock."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol

from paycore.lib.errors import LimitExceeded
from paycore.lib.money import Currency, Money
from risk.configuration import Configuration
from risk.models import Period
from risk.payments import Payment


class Rates(Protocol):
    """What amounts are compared by, such as a `RateTable`."""

    def value_of(self, amount: Money, currency: Currency) -> Fraction | None:
        """In major units; None when nothing connects the two currencies."""


def refuse_beyond_limits(
    payment: Payment,
    *,
    configuration: Configuration,
    used: Mapping[str, int],
    rates: Rates,
) -> None:
    """Raises: `LimitExceeded` with the limit, what is used of it, and what is left.

    Everything is converted into the limit's currency at the rate in force. What no
    rate connects with it cannot be compared, and is not counted.
    """
    for period in Period:
        limit = configuration.limit(payment.kind, period, user_id=payment.user_id)
        if limit is None:
            continue
        asked = rates.value_of(payment.amount, limit.currency)
        if asked is None:
            continue
        spent = Fraction(0)
        if period == Period.DAY:
            spent = total_of(used, limit.currency, rates)
        if spent + asked > Fraction(limit.amount):
            raise _exceeded(payment, period, limit, spent, asked)


def total_of(used: Mapping[str, int], currency: Currency, rates: Rates) -> Fraction:
    """What these amounts, by currency, are worth together, in major units."""
    values = (
        rates.value_of(Money.of(minor, code), currency) for code, minor in used.items()
    )
    return sum((value for value in values if value is not None), start=Fraction(0))


def _exceeded(
    payment: Payment, period: Period, limit: Money, spent: Fraction, asked: Fraction
) -> LimitExceeded:
    used = rounded_up(spent, limit.currency)
    left = limit - used if used < limit else Money(0, limit.currency)
    many, this = payment.kind.many.capitalize(), rounded_up(asked, limit.currency)
    why = f"{many} may be {limit} each at most; this one is {this}."
    if period == Period.DAY:
        why = (
            f"{many} may be {limit} a day at most; {used} is used, {left} is left,"
            f" and this one is {this}."
        )
    return LimitExceeded(
        why=why,
        period=period.value,
        limit=limit.text,
        used=used.text,
        left=left.text,
        currency=limit.currency.code,
    )


def rounded_up(major: Fraction, currency: Currency) -> Money:
    """So that nobody is told of more room than there is."""
    scaled = major * 10**currency.decimals
    return Money(-(-scaled.numerator // scaled.denominator), currency)
