"""Money as whole minor units of a currency.

Integers cannot hold a third of a cent, so nothing can be rounded by accident. Decimal
strings exist only at the edge: `Money.parse` reads one, `money.text` writes one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NoReturn, Self

import iso4217

from paycore.lib.errors import InvalidAmount, UnsupportedCurrency

# The grammar of an amount in the API: ASCII digits only, no sign, no exponent.
AMOUNT_PATTERN: Final = r"^[0-9]{1,15}(\.[0-9]{1,8})?$"
# The most decimals that it allows, and so that a currency may have.
MOST_DECIMALS: Final = 8
# What a BIGINT column holds.
LARGEST_MINOR: Final = 2**63 - 1

_AMOUNT = re.compile(AMOUNT_PATTERN.removesuffix("$") + r"\Z")


class CurrencyMismatch(TypeError):
    """Two currencies met in one calculation. A bug, never a refusal."""


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency and how many decimals its amounts show (ISO 4217 exponent)."""

    code: str
    decimals: int

    def __str__(self) -> str:
        return self.code


class CurrencyRegistry:
    """The currencies that the books may be kept in.

    Starts with every ISO 4217 currency that has a minor unit (metals, funds units and
    test codes have none); `extend` adds or overrides, e.g. `{"BTC": 8}`.
    """

    def __init__(self, currencies: Iterable[Currency]) -> None:
        self._by_code = {currency.code: currency for currency in currencies}

    def extend(self, decimals_by_code: Mapping[str, int]) -> None:
        """Raises: `ValueError` for more decimals than an amount can show."""
        for code, decimals in decimals_by_code.items():
            if not 0 <= decimals <= MOST_DECIMALS:
                raise ValueError(f"{code}: 0 to {MOST_DECIMALS} decimals, please.")
            self._by_code[code] = Currency(code, decimals)

    def get(self, code: str) -> Currency:
        """Raises: `UnsupportedCurrency`."""
        try:
            return self._by_code[code]
        except KeyError:
            raise UnsupportedCurrency(currency=code) from None

    def all(self) -> list[Currency]:
        return sorted(self._by_code.values(), key=lambda currency: currency.code)


CURRENCIES: Final = CurrencyRegistry(
    Currency(entry.code, entry.exponent)
    for entry in iso4217.Currency
    if entry.exponent is not None
)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """A signed number of minor units of one currency."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("Money counts whole minor units; pass an int.")

    @classmethod
    def of(cls, minor: int, code: str) -> Self:
        """Raises: `UnsupportedCurrency`."""
        return cls(minor, CURRENCIES.get(code))

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Self:
        """Read an amount as the API writes it, e.g. `"150.75"`. Never rounds.

        Raises: `InvalidAmount` when it is not of the grammar, not above zero, has more
        decimals than the currency, or is more than the books can store.
        """
        if not _AMOUNT.match(text):
            raise InvalidAmount(
                why='An amount is a decimal string such as "150.75": digits, at most'
                " 15 before and 8 after the point, no sign, no exponent.",
            )
        whole, _, decimals = text.partition(".")
        if len(decimals) > currency.decimals:
            raise InvalidAmount(
                why=f"{currency} has {currency.decimals} decimals;"
                f" the amount has {len(decimals)}. Nothing is rounded.",
            )
        minor = int(whole + decimals.ljust(currency.decimals, "0"))
        if minor == 0:
            raise InvalidAmount(why="The amount must be greater than zero.")
        if minor > LARGEST_MINOR:
            raise InvalidAmount(why="The amount is larger than the books can store.")
        return cls(minor, currency)

    @property
    def amount(self) -> Decimal:
        """The value in major units, with exactly the currency's decimals."""
        # Built from digits, not by division: a quotient would be cut to the
        # precision of the decimal context.
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((self.minor < 0, digits, -self.currency.decimals))

    @property
    def text(self) -> str:
        """The amount as the API writes it: `"150.75"`, `"1200"` for JPY."""
        return minor_text(self.minor, self.currency.decimals)

    @property
    def is_zero(self) -> bool:
        return self.minor == 0

    @property
    def is_positive(self) -> bool:
        return self.minor > 0

    @property
    def is_negative(self) -> bool:
        return self.minor < 0

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def __bool__(self) -> NoReturn:
        # `if amount:` reads as "is there an amount?" but would mean "is it not
        # zero?". Both questions are fair, so make the author pick one.
        raise TypeError("Money has no truth value; ask `is_zero` or `is not None`.")

    def __add__(self, other: Self) -> Self:
        self._require_same_currency(other)
        return type(self)(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> Self:
        self._require_same_currency(other)
        return type(self)(self.minor - other.minor, self.currency)

    def __neg__(self) -> Self:
        return type(self)(-self.minor, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._require_same_currency(other)
        return self.minor < other.minor

    def __le__(self, other: Self) -> bool:
        self._require_same_currency(other)
        return self.minor <= other.minor

    def __gt__(self, other: Self) -> bool:
        self._require_same_currency(other)
        return self.minor > other.minor

    def __ge__(self, other: Self) -> bool:
        self._require_same_currency(other)
        return self.minor >= other.minor

    def allocate(self, weights: Sequence[int]) -> list[Self]:
        """Split by integer weights without losing or creating a minor unit.

        Each share is first cut towards zero; the minor units left over go, one each,
        to the first shares that have a weight.

        Raises: `ValueError` when a weight is negative or all are zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("Weights must not be negative, and one must be positive.")
        sign = -1 if self.minor < 0 else 1
        whole = abs(self.minor)
        shares = [whole * weight // total for weight in weights]
        left_over = whole - sum(shares)
        weighted = [index for index, weight in enumerate(weights) if weight]
        for index in weighted[:left_over]:
            shares[index] += 1
        return [type(self)(sign * share, self.currency) for share in shares]

    def convert(self, *, rate: Decimal | Fraction, to: Currency) -> Self:
        """The value in another currency, cut once towards zero to its minor unit.

        `rate` is units of `to` per unit of this currency, exact: pass
        `Fraction(1, Decimal("0.92"))` for an inverse, never a rounded quotient.

        Raises: `ValueError` when the rate is not above zero.
        """
        exact = Fraction(rate)
        if exact <= 0:
            raise ValueError("A rate is greater than zero.")
        scaled = (
            abs(self.minor)
            * exact
            * Fraction(10) ** (to.decimals - self.currency.decimals)
        )
        converted = scaled.numerator // scaled.denominator
        return type(self)(-converted if self.minor < 0 else converted, to)

    def _require_same_currency(self, other: Self) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} met {other.currency}.")


def minor_text(minor: int, decimals: int) -> str:
    """Minor units as a decimal string with exactly so many decimals."""
    if decimals == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
