"""Every metric of our own, in one place, so that names and labels stay a promise.

Right with several processes: each writes to files in `PROMETHEUS_MULTIPROC_DIR`, and
`/metrics` adds them up. A gauge therefore says how its processes' values are combined.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

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
WORKER_RUNS: Final = Counter(
    "worker_runs_total", "Runs of background tasks.", ["worker", "result"]
)
