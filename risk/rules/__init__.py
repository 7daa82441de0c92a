"""Every rule there is, by its code, in the order in which reasons are told."""

from collections.abc import Mapping
from typing import Final

from risk.rules.amounts import HighValue, UnusualAmount
from risk.rules.base import (
    AlikeWithin,
    Average,
    AverageWithin,
    Case,
    CountWithin,
    Figures,
    History,
    Measure,
    Parameters,
    Rule,
)
from risk.rules.hours import OffHours
from risk.rules.unpriced import NoRate
from risk.rules.velocity import HighVelocity, PossibleDuplicate, SuspiciousVelocity

__all__ = [
    "RULES",
    "AlikeWithin",
    "Average",
    "AverageWithin",
    "Case",
    "CountWithin",
    "Figures",
    "History",
    "Measure",
    "Parameters",
    "Rule",
]

RULES: Final[Mapping[str, Rule]] = {
    rule.code: rule
    for rule in (
        HighVelocity(),
        SuspiciousVelocity(),
        UnusualAmount(),
        HighValue(),
        OffHours(),
        PossibleDuplicate(),
        NoRate(),
    )
}
