"""Every metric of our own, in one place, so that names and labels stay a promise.

Right with several processes: each writes to files in `PROMETHEUS_MULTIPROC_DIR`, and
`/metrics` adds them up. A gauge therefore says how its processes' values are combined.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from paycore.lib.errors import DomainError

HTTP_REQUEST_DURATION: Final = Histogram(
    "http_request_duration_seconds",
    "How long a request took, from the first middleware to its answer.",
    ["method", "route", "status"],
    buckets=(
        *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
        *(0.5, 1.0, 2.5, 5.0, 10.0),
    ),
)
IDEMPOTENCY_EVENTS: Final = Counter(
    "idempotency_events_total",
    "Requests with an Idempotency-Key: new, replay, mismatch or in_progress.",
    ["outcome"],
)
RATE_LIMIT_UNAVAILABLE: Final = Counter(
    "rate_limit_unavailable_total",
    "Requests that nobody could count, because Valkey did not answer.",
    ["tier"],
)
RATE_LIMITED: Final = Counter(
    "rate_limited_total", "Requests refused for being too many.", ["tier"]
)
TRANSFERS: Final = Counter(
    "transfers_total", "Transfers asked for, by kind and outcome.", ["kind", "outcome"]
)
TRANSACTION_RETRIES: Final = Counter(
    "transaction_retries_total",
    "Transactions run again: reason is an SQLSTATE, or start_over.",
    ["reason"],
)
POSTING_BATCH_SIZE: Final = Histogram(
    "posting_batch_size",
    "Journal entries written by one call of the posting engine.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000),
)
LOCK_WAIT: Final = Histogram(
    "ledger_lock_wait_seconds",
    "How long a request waited for the accounts that it touches.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
)
LEDGER_DIFFERENCES: Final = Gauge(
    "ledger_differences",
    "What the latest proof of the books found wrong; anything but 0 pages someone.",
    multiprocess_mode="mostrecent",
)
LEDGER_PROVED_AT: Final = Gauge(
    "ledger_proved_at_seconds",
    "When the books were last proved (Unix time), whatever the proof found.",
    multiprocess_mode="mostrecent",
)
LEDGER_IMBALANCE: Final = Gauge(
    "ledger_imbalance",
    "Minor units by which the books do not balance; anything but 0 pages someone.",
    ["currency"],
    # Proofs run one at a time, now here, now there: the latest is the true one.
    multiprocess_mode="mostrecent",
)
FX_RATE_AS_OF: Final = Gauge(
    "fx_rate_as_of_seconds",
    "Of when the rate in force of a pair is (Unix time); seeded rates are left out.",
    ["base", "quote"],
    multiprocess_mode="mostrecent",
)
FX_LIQUIDITY: Final = Gauge(
    "fx_liquidity",
    "What the house holds from exchanges, in major units of the currency (so of BTC 0.5"
    " is half a coin), when the books were last proved; below zero it is short.",
    ["currency"],
    multiprocess_mode="mostrecent",
)
PAYOUT_MANUAL_REVIEW_QUEUE_SIZE: Final = Gauge(
    "payout_manual_review_queue_size",
    "Payouts that wait for a person.",
    multiprocess_mode="mostrecent",
)
PAYOUT_MANUAL_REVIEW_TRANSITIONS: Final = Counter(
    "payout_manual_review_transitions_total",
    "What became of payouts in manual review.",
    ["action"],
)
PAYOUTS: Final = Counter(
    "payouts_total",
    "Payouts by gateway and what became of them; a refusal is counted by its code.",
    ["gateway", "outcome"],
)
PAYOUT_ANSWERS: Final = Counter(
    "payout_answers_total",
    "What gateways answered, by what they were told or asked.",
    ["gateway", "kind", "outcome"],
)
PAYOUT_LEASES_EXPIRED: Final = Counter(
    "payout_leases_expired_total",
    "Payouts that a worker had taken up and did not finish: it died, or was too slow.",
)
PAYOUT_QUEUE_SIZE: Final = Gauge(
    "payout_queue_size",
    "Payouts that are due, when the queue was last looked at.",
    ["step"],
    multiprocess_mode="mostrecent",
)
PAYOUT_OLDEST_DUE: Final = Gauge(
    "payout_oldest_due_seconds",
    "For how long the oldest due payout had been due, when last looked at.",
    multiprocess_mode="mostrecent",
)
PAYOUT_APPROVALS_WAITING: Final = Gauge(
    "payout_approvals_waiting",
    "Payouts that wait for the approval of a second person.",
    multiprocess_mode="mostrecent",
)
PAYOUT_DISCREPANCIES: Final = Gauge(
    "payout_discrepancies_open",
    "Payouts of which a gateway says something else than the books do.",
    multiprocess_mode="mostrecent",
)
RISK_ASSESSMENTS: Final = Counter(
    "risk_assessments_total", "Payments judged, by what followed.", ["kind", "band"]
)
RISK_RULE_ERRORS: Final = Counter(
    "risk_rule_errors_total", "Rules that raised instead of judging.", ["rule"]
)
RISK_UNPRICED: Final = Counter(
    "risk_unpriced_payments_total",
    "Payments that no limit in another currency applied to, for want of a rate.",
    ["currency"],
)
REVIEWS_OPEN: Final = Gauge(
    "reviews_open",
    "Held payments that wait for a person, when last looked at.",
    ["band"],
    multiprocess_mode="mostrecent",
)
REVIEWS_OVERDUE: Final = Gauge(
    "reviews_overdue",
    "Held payments that have waited for longer than REVIEW_SLA.",
    multiprocess_mode="mostrecent",
)
ROLLUPS_KEPT_UNTIL: Final = Gauge(
    "rollups_kept_until_seconds",
    "Up to when spending is rolled up (Unix time); what comes after is added up live.",
    multiprocess_mode="mostrecent",
)
WORKER_RUNS: Final = Counter(
    "worker_runs_total", "Runs of background tasks.", ["worker", "result"]
)


@contextmanager
def refusals_counted(orders: Counter, **labels: str) -> Iterator[None]:
    """Count the refusal that leaves the block, if one does, as an `outcome`."""
    try:
        yield
    except DomainError as refusal:
        orders.labels(**labels, outcome=refusal.code).inc()
        raise
