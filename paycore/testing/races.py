"""Several callers at once, each on a thread and a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

# Threads wait here for each other and later for a connection of the pool, so a stuck
# one fails the test instead of hanging it.
PATIENCE_SECONDS = 60


def race(*calls: Callable[[], Any]) -> list[Any]:
    """Call all at once. Answers, in order, what each returned or the exception it
    raised. Only for transactional tests: other threads see what is committed.
    """
    line = Barrier(len(calls), timeout=PATIENCE_SECONDS)

    def run(call: Callable[[], Any]) -> Any:
        try:
            line.wait()
            return call()
        except Exception as error:  # noqa: BLE001
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as threads:
        return list(threads.map(run, calls))
