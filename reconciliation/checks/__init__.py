"""What must always hold, each as one question to the database.

A check selects only what is wrong: (subject, currency, expected, found). The auditor
trusts no application code, so these read the tables themselves. No schema is named:
the search path decides which books are read.
"""

from typing import Final

from reconciliation.checks.books import BOOKS
from reconciliation.checks.check import Check
from reconciliation.checks.orders import ORDERS
from reconciliation.checks.payouts import PAYOUTS
from reconciliation.checks.rollups import ROLLUPS

__all__ = ["CHECKS", "Check"]

CHECKS: Final = (*BOOKS, *ORDERS, *PAYOUTS, *ROLLUPS)
