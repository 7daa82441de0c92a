"""Answers that are computed from what others wrote."""

from reports.selectors.cells import get_person
from reports.selectors.judged import summarize_judged
from reports.selectors.rolled import RolledDays, get_rolled_days
from reports.selectors.spending import (
    GroupBy,
    Spending,
    SpendingGroup,
    sum_spending,
)

__all__ = [
    "GroupBy",
    "RolledDays",
    "Spending",
    "SpendingGroup",
    "get_person",
    "get_rolled_days",
    "sum_spending",
    "summarize_judged",
]
