"""The arithmetic of conversions: exact until the one rounding at the end.

Every rounding is against whoever converts, and between two currencies there is one way
only, so no sequence of conversions at one set of rates ends with more than it began.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, prod
from typing import Final

from fx.errors import AmountTooSmall
from paycore.lib.errors import LimitExceeded
from paycore.lib.money import LARGEST_MINOR, MOST_DECIMALS, Currency, Money

BASIS: Final = 10_000
# What a rate is shown with: the smallest error is far below a minor unit of any
# ordinary amount.
USUAL_RATE_DECIMALS: Final = 18
# What it is shown with where that is not enough. An amount has at most 19 digits, and a
# conversion makes at most `MOST_DECIMALS` of them: one more digit than both together,
# and the rate cut or rounded up there converts every amount as the exact one does.
MOST_RATE_DECIMALS: Final = len(str(LARGEST_MINOR)) + MOST_DECIMALS + 1


@dataclass(frozen=True, slots=True)
class PairRate:
    """A rate, exact: units of `quote` per unit of `base`.

    `basis_points` is the spread of the pair. `ages` is False for rates that are as
    good for ever.
    """

    base: str
    quote: str
    rate: Fraction
    source: str
    as_of: datetime
    ages: bool = True
    basis_points: int = 0

    @property
    def after_spread(self) -> Fraction:
        """What whoever converts really gets per unit."""
        return self.rate * Fraction(BASIS - self.basis_points, BASIS)

    @property
    def shown(self) -> Decimal:
        """As decimals, rounded up at the eighteenth."""
        return _decimal(ceil(self.rate * 10**USUAL_RATE_DECIMALS), USUAL_RATE_DECIMALS)

    def inverse(self) -> "PairRate":
        return replace(self, base=self.quote, quote=self.base, rate=1 / self.rate)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Both sides of a conversion, and what the house keeps of it.

    `income` is in the destination's currency for a sale (`convert`), in the source's
    for a purchase (`cost_of`). `rate` is destination units per source unit after the
    spread, in decimals from which the amounts can be computed again: source times rate
    cut is the destination of a sale, destination by rate rounded up the source of a
    purchase.
    """

    source: Money
    destination: Money
    income: Money
    rate: Decimal


def convert(amount: Money, rate: PairRate, *, to: Currency) -> Conversion:
    """What an amount becomes: cut once, at the end, on the receiving side.

    Raises: `AmountTooSmall` when nothing would be left; `LimitExceeded` when it is more
    than the books can store.
    """
    destination = amount.convert(rate=rate.after_spread, to=to)
    if destination.is_zero:
        raise AmountTooSmall(
            amount=amount.text,
            currency=amount.currency.code,
            destination_currency=to.code,
        )
    gross = amount.convert(rate=rate.rate, to=to)
    _require_storable(gross)
    return Conversion(
        source=amount,
        destination=destination,
        income=gross - destination,
        rate=_in_decimals(
            rate.after_spread,
            lambda shown: amount.convert(rate=shown, to=to) == destination,
        ),
    )


def cost_of(wanted: Money, rate: PairRate, *, paid_in: Currency) -> Conversion:
    """What it costs to pay an amount in another currency: rounded up, at least one.

    `rate` is units of the wanted currency per unit of the paying one.

    Raises: `LimitExceeded` when the cost is more than the books can store.
    """
    cost = _divided(wanted, rate.after_spread, paid_in)
    _require_storable(cost)
    return Conversion(
        source=cost,
        destination=wanted,
        income=cost - _divided(wanted, rate.rate, paid_in),
        rate=_in_decimals(
            rate.after_spread,
            lambda shown: _divided(wanted, Fraction(shown), paid_in) == cost,
        ),
    )


def rate_text(rate: Decimal) -> str:
    """A rate as the API writes it: `"0.92"`. No exponent, no zeros at the end."""
    # Not `normalize`, which rounds to the precision of the decimal context.
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rates_in_force(newest: Iterable[PairRate]) -> list[PairRate]:
    """Which of the newest rates of their pairs hold; all others follow from these.

    See Note [One way between two currencies]. Of rates of one age the alphabet
    decides, so the answer is always the same.
    """
    by_pair = sorted(newest, key=lambda rate: sorted((rate.base, rate.quote)))
    in_force: list[PairRate] = []
    connected: dict[str, set[str]] = {}
    for rate in sorted(by_pair, key=lambda rate: rate.as_of, reverse=True):
        here = connected.get(rate.base, {rate.base})
        if rate.quote not in here:
            in_force.append(rate)
            together = here | connected.get(rate.quote, {rate.quote})
            connected |= dict.fromkeys(together, together)
    return in_force


# Note [One way between two currencies]
#     Rates of three pairs that form a circle, such as EUR/USD, GBP/USD and EUR/GBP,
#     never fit each other exactly when they were said at different times or rounded.
#     If all of them held, whoever exchanges along the circle in the right direction
#     would end with more than they began. So the oldest of a circle does not hold: it
#     follows from the others. What remains has no circle, each two currencies are
#     connected by one way at most, and it is the way whose oldest part is newest.


def find_rate(
    in_force: Iterable[PairRate], *, base: str, quote: str
) -> PairRate | None:
    """The rate along the one way between two currencies, if there is one.

    It is as old as its oldest part that ages.
    """
    neighbours: dict[str, list[PairRate]] = {}
    for rate in in_force:
        neighbours.setdefault(rate.base, []).append(rate)
        neighbours.setdefault(rate.quote, []).append(rate)
    # From each currency that was reached, the rate that leads back towards the base.
    reached: dict[str, PairRate | None] = {base: None}
    frontier = [base]
    while frontier and quote not in reached:
        here = frontier.pop()
        for rate in neighbours.get(here, []):
            there = rate.quote if rate.base == here else rate.base
            if there not in reached:
                reached[there] = rate
                frontier.append(there)
    return _along(_way_to(quote, reached)) if quote in reached else None


def _way_to(quote: str, reached: Mapping[str, PairRate | None]) -> list[PairRate]:
    way = []
    here = quote
    while rate := reached[here]:
        step = rate if rate.quote == here else rate.inverse()
        way.append(step)
        here = step.base
    return way[::-1]


def _along(way: list[PairRate]) -> PairRate:
    ageing = [step for step in way if step.ages]
    return PairRate(
        base=way[0].base,
        quote=way[-1].quote,
        rate=prod((step.rate for step in way), start=Fraction(1)),
        source="+".join(dict.fromkeys(step.source for step in way)),
        as_of=min(step.as_of for step in ageing or way),
        ages=bool(ageing),
    )


def _divided(amount: Money, rate: Fraction, to: Currency) -> Money:
    """What, multiplied by the rate, is at least the amount."""
    decimals = to.decimals - amount.currency.decimals
    return Money(ceil(amount.minor / rate * Fraction(10) ** decimals), to)


def _require_storable(amount: Money) -> None:
    if amount.minor > LARGEST_MINOR:
        raise LimitExceeded(
            why=f"In {amount.currency} this is more than the books can store."
        )


def _in_decimals(rate: Fraction, is_right: Callable[[Decimal], bool]) -> Decimal:
    # Rounded up first: a rate that was cut would turn exactly 100.00 into 99.99.
    for decimals in (USUAL_RATE_DECIMALS, MOST_RATE_DECIMALS):
        for rounded in (ceil, floor):
            shown = _decimal(rounded(rate * 10**decimals), decimals)
            if shown > 0 and is_right(shown):
                return shown
    return _decimal(ceil(rate * 10**MOST_RATE_DECIMALS), MOST_RATE_DECIMALS)


def _decimal(scaled: int, decimals: int) -> Decimal:
    # Built from digits: a quotient would be cut to the precision of the context.
    return Decimal((0, tuple(int(digit) for digit in str(scaled)), -decimals))
