"""What a rule is: a small class that looks at a payment and its user's history.

To add one: subclass `Rule`, give it a code, points, parameters and a sentence, and list
it in `risk.rules`. What it needs to know of the past it names as measures; those of all
rules are answered by one statement.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from risk.payments import Moment, Payment, PaymentKind, Worth

Parameters = Mapping[str, int]
Figures = Mapping[str, Any]
# How far rules look back at most.
LONGEST_DAYS: Final = 366
DAY_SECONDS: Final = 86400


@dataclass(frozen=True, slots=True)
class CountWithin:
    """How many earlier payments the user made in the last so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class AverageWithin:
    """What the user's earlier payments in the last so many seconds were worth.

    Those that came to nothing are left out.
    """

    seconds: int


@dataclass(frozen=True, slots=True)
class AlikeWithin:
    """How many earlier ones had the same amount and counterparty."""

    seconds: int


Measure = CountWithin | AverageWithin | AlikeWithin


@dataclass(frozen=True, slots=True)
class Average:
    """`total` in major units of `RISK_CURRENCY`, of `count` payments."""

    count: int
    total: Fraction

    @property
    def value(self) -> Fraction:
        return self.total / self.count if self.count else Fraction(0)


@dataclass(frozen=True, slots=True)
class History:
    """What was measured of a user's past, before a payment."""

    counts: Mapping[Measure, int]
    averages: Mapping[Measure, Average]

    def count(self, measure: CountWithin | AlikeWithin) -> int:
        return self.counts[measure]

    def average(self, measure: AverageWithin) -> Average:
        return self.averages[measure]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at."""

    payment: Payment
    moment: Moment
    worth: Worth
    history: History


class Rule(ABC):
    """One sign of fraud.

    `points`, `parameters` and `kinds` are defaults; what holds is configuration. A
    parameter is a whole number: seconds, hours, a count, or major units of
    `RISK_CURRENCY`.
    """

    code: ClassVar[str]
    points: ClassVar[int]
    parameters: ClassVar[Parameters]
    # How far those go that mean nothing, or take too long, beyond.
    highest: ClassVar[Parameters] = {}
    kinds: ClassVar[tuple[PaymentKind, ...]] = (
        PaymentKind.PURCHASE,
        PaymentKind.PAYOUT,
    )
    # What a person is told when it applies; the braces are its figures.
    sentence: ClassVar[str]

    def measures(self, parameters: Parameters) -> tuple[Measure, ...]:
        """What of the past it needs to know."""
        return ()

    @abstractmethod
    def judge(self, case: Case, parameters: Parameters) -> Figures | None:
        """The figures that it found, or None when it does not apply."""

    def explain(self, figures: Figures) -> str:
        """The sentence with its figures."""
        return self.sentence.format(**figures)
