"""The proof of the books."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from paycore.lib.metrics import (
    FX_LIQUIDITY,
    LEDGER_DIFFERENCES,
    LEDGER_IMBALANCE,
    LEDGER_PROVED_AT,
)
from paycore.lib.money import Money
from reconciliation.checks import CHECKS, Check


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not hold. Amounts in minor units, or counts."""

    check: Check
    subject: str
    currency: str
    expected: int
    found: int

    def __str__(self) -> str:
        return (
            f"{self.check.name}: {self.subject} {self.currency}".rstrip()
            + f": expected {self.expected}, found {self.found}. {self.check.rule}"
        )


def find_differences(*, checks: tuple[Check, ...] = CHECKS) -> Iterator[Difference]:
    """Ask every check of the whole database, on one snapshot, and stream what is wrong.

    Only reads, and keeps nobody waiting: movements go on while it runs.
    """
    with _one_snapshot():
        for check in checks:
            with connection.chunked_cursor() as cursor:
                cursor.execute(check.sql, check.given())
                for subject, currency, expected, found in cursor:
                    yield Difference(
                        check, subject, currency, int(expected), int(found)
                    )


def prove_books() -> Iterator[Difference]:
    """`find_differences`, and keep the metrics that alerts watch.

    The metrics are set when the iterator is exhausted.
    """
    found = 0
    for difference in find_differences():
        found += 1
        yield difference
    _measure_imbalance()
    _measure_liquidity()
    LEDGER_DIFFERENCES.set(found)
    LEDGER_PROVED_AT.set_to_current_time()


_IMBALANCES: Final = """
    SELECT currency, sum(posted_minor)
    FROM ledger_ledgeraccount GROUP BY currency ORDER BY currency
"""


def _measure_imbalance() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_IMBALANCES)
        for currency, imbalance in cursor.fetchall():
            LEDGER_IMBALANCE.labels(currency=currency).set(float(imbalance))


# The house's accounts are known by their codes. See `ledger.house`.
_LIQUIDITY: Final = """
    SELECT currency, posted_minor
    FROM ledger_ledgeraccount
    WHERE code = 'house:fx:' || currency AND version > 0
"""


def _measure_liquidity() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LIQUIDITY)
        for currency, posted_minor in cursor.fetchall():
            # A gauge is a float anyhow; nothing is decided by it.
            position = float(Money.of(posted_minor, currency).amount)
            FX_LIQUIDITY.labels(currency=currency).set(position)


@contextmanager
def _one_snapshot() -> Iterator[None]:
    # A transfer that commits between two checks would look like a difference.
    inside_another = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not inside_another:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A proof of large books takes longer than any request may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield
