"""What people spend, added up in one currency.

Note [Each cell is converted and rounded once]
    What was spent on one day in one category and one currency is converted by the rate
    that was in force at the end of that day (of everybody: at the end of that date in
    UTC), or now while it lasts, and rounded half-even to the smallest unit. Everything
    else is adding whole units. So the groups add up to the total, the total is the same
    however it is grouped, and two periods that meet at a midnight add up to the one
    that they make together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID

from fx.selectors import get_past_rates
from paycore.lib.days import end_of
from paycore.lib.money import CURRENCIES, Currency
from reports.days import bounded
from reports.selectors.cells import Cells, list_cells_of, list_cells_of_everybody

# What everybody's spending is counted in where nobody says.
USUAL_CURRENCY: Final = "USD"
# The last instant of a day is so long before its end.
INSTANT: Final = timedelta(microseconds=1)


class GroupBy(StrEnum):
    CATEGORY = "category"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class SpendingGroup:
    key: str
    total_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Spending:
    """Groups that have something: categories by total, largest first; else by time."""

    currency: Currency
    groups: list[SpendingGroup]

    @property
    def total_minor(self) -> int:
        return sum(group.total_minor for group in self.groups)

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def average_minor(self) -> int:
        """Rounded half-even; nothing of nothing."""
        return _half_even(self.total_minor, 1, self.count or 1)


def sum_spending(
    *,
    user_id: UUID | None,
    start: datetime,
    end: datetime,
    group_by: GroupBy,
    currency: Currency | None,
    now: datetime,
) -> Spending:
    """What somebody (None: everybody) spent from `start` on, `end` not included.

    Without a currency it is the one that the person prefers.

    Raises: `NotFound`; `RateUnavailable` when something cannot be converted;
    `ServiceUnavailable` when the roll-ups change all the time.
    """
    start, end = bounded(start), bounded(end)
    if user_id is None:
        time_zone, code = "UTC", USUAL_CURRENCY
        cells = list_cells_of_everybody(start=start, end=end)
    else:
        person, cells = list_cells_of(user_id=user_id, start=start, end=end)
        time_zone, code = person.time_zone, person.currency
    currency = currency or CURRENCIES.get(code)
    rates = _rates(cells, currency, time_zone, now)
    return Spending(currency, _grouped(cells, group_by, rates))


# By currency and day, what a smallest unit was worth in smallest units: numerator and
# denominator.
_Rates = Mapping[str, Mapping[date, tuple[int, int]]]


def _grouped(cells: Cells, group_by: GroupBy, rates: _Rates) -> list[SpendingGroup]:
    key_of = _KEYS[group_by]
    every_day = set().union(*cells.values())
    keys = {} if key_of is None else {day: key_of(day) for day in every_day}
    sums: dict[str, tuple[int, int]] = {}
    for (category, code), days in cells.items():
        worth = rates.get(code)
        for day, (count, minor) in days.items():
            total = minor if worth is None else _half_even(minor, *worth[day])
            key = keys.get(day, category)
            before = sums.get(key, (0, 0))
            sums[key] = before[0] + total, before[1] + count
    groups = [SpendingGroup(key, *found) for key, found in sums.items()]
    if key_of is None:
        return sorted(groups, key=lambda group: (-group.total_minor, group.key))
    return sorted(groups, key=lambda group: group.key)


def _rates(cells: Cells, currency: Currency, time_zone: str, now: datetime) -> _Rates:
    """For each currency and day that must be converted."""
    days: dict[str, set[date]] = {}
    for (_, code), by_day in cells.items():
        if code != currency.code and by_day:
            days.setdefault(code, set()).update(by_day)
    moments = {
        day: min(end_of(day, time_zone) - INSTANT, now)
        for day in set().union(*days.values())
    }
    found = get_past_rates(
        quote=currency,
        moments={
            code: {moments[day] for day in its_days} for code, its_days in days.items()
        },
    )
    rates: dict[str, dict[date, tuple[int, int]]] = {}
    for code, its_days in days.items():
        shift = Fraction(10) ** (currency.decimals - CURRENCIES.get(code).decimals)
        rate, worth = None, (0, 1)
        for day in sorted(its_days):
            # Most days have the rate of the day before.
            if found[code, moments[day]] is not rate:
                rate = found[code, moments[day]]
                worth = (rate * shift).as_integer_ratio()
            rates.setdefault(code, {})[day] = worth
    return rates


def _half_even(number: int, numerator: int, denominator: int) -> int:
    """A number times a fraction, rounded; of two equally near ones the even one."""
    whole, rest = divmod(number * numerator, denominator)
    is_up = rest * 2 > denominator or (rest * 2 == denominator and whole % 2 == 1)
    return whole + is_up


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


# How a day decides; None where it does not.
_KEYS: Final[Mapping[GroupBy, Callable[[date], str] | None]] = {
    GroupBy.CATEGORY: None,
    GroupBy.DAY: date.isoformat,
    GroupBy.WEEK: _week,
    GroupBy.MONTH: lambda day: day.isoformat()[:7],
}
