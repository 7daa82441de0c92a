"""Scheduled work leaves a trace, whatever becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from paycore.lib.metrics import WORKER_RUNS


@contextmanager
def recorded_run(worker: str) -> Iterator[None]:
    """Count one run of `worker` as ok, or as failed if the block raises."""
    try:
        yield
    except BaseException:
        WORKER_RUNS.labels(worker=worker, result="failed").inc()
        raise
    WORKER_RUNS.labels(worker=worker, result="ok").inc()
