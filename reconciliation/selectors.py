"""What is known of the books without proving them all over again."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from prometheus_client import REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector

from paycore.lib.db import sql_state
from paycore.lib.money import Money

# Somebody is waiting for a page.
QUICK_SECONDS: Final = 1
QUERY_CANCELED: Final = "57014"


@dataclass(frozen=True, slots=True)
class LastProof:
    """When the books were last proved, and how many differences there were."""

    at: datetime
    differences: int


@dataclass(frozen=True, slots=True)
class CurrencyTotal:
    """What customers and the house have in one currency: together nothing."""

    customers: Money
    house: Money

    @property
    def together(self) -> Money:
        return self.customers + self.house


def find_last_proof() -> LastProof | None:
    """The last proof, from the metrics; None when there is none that they know of.

    Metrics begin anew with the servers, so None does not mean that there never was one.
    """
    values = {
        sample.name: sample.value for metric in _gauges() for sample in metric.samples
    }
    proved_at = values.get("ledger_proved_at_seconds", 0)
    if not proved_at:
        return None
    at = datetime.fromtimestamp(proved_at, tz=UTC)
    return LastProof(at, int(values.get("ledger_differences", 0)))


def find_currency_totals() -> list[CurrencyTotal] | None:
    """The sums of all balances now, of every currency that was ever used.

    It reads every ledger account once; None when that takes too long for a page.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{QUICK_SECONDS}s'")
            cursor.execute(_TOTALS)
            rows = cursor.fetchall()
    except OperationalError as error:
        if sql_state(error) == QUERY_CANCELED:
            return None
        raise
    return [
        CurrencyTotal(Money.of(int(customers), code), Money.of(int(house), code))
        for code, customers, house in rows
    ]


# The house has no floor. See `LedgerAccount`.
_TOTALS: Final = """
    SELECT currency,
        coalesce(sum(posted_minor) FILTER (WHERE floor_minor IS NOT NULL), 0),
        coalesce(sum(posted_minor) FILTER (WHERE floor_minor IS NULL), 0)
    FROM ledger_ledgeraccount
    GROUP BY currency HAVING bool_or(version > 0)
    ORDER BY currency
"""


def _gauges() -> Iterable[Any]:
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if directory is None:
        return REGISTRY.collect()
    # Only the files that can tell: this is asked for a page, not for a scrape.
    files = sorted(str(path) for path in Path(directory).glob("gauge_mostrecent_*.db"))
    merged: Iterable[Any] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return merged
