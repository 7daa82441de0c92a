"""Answers that are computed from what others wrote."""

from reports.selectors.cells import get_person
from reports.selectors.spending import (
    GroupBy,
    Spending,
    SpendingGroup,
    sum_spending,
)

__all__ = [
    "GroupBy",
    "Spending",
    "SpendingGroup",
    "get_person",
    "sum_spending",
]
