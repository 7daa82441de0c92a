"""Transactions, and what PostgreSQL says when it refuses."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, transaction

from paycore.lib.errors import ServiceUnavailable

Result = TypeVar("Result")

# serialization_failure, deadlock_detected, lock_not_available (PostgreSQL, appendix A).
CONTENTION_STATES: Final = frozenset({"40001", "40P01", "55P03"})
TRIES: Final = 3
LONGEST_PAUSE_MILLISECONDS: Final = 50


class StartOver(Exception):
    """Another transaction got in between; this one, run again, will see it."""


def joined_atomic() -> transaction.Atomic:
    """A transaction, or the caller's when there is one, without a savepoint.

    A service that is called inside another one's transaction fails or succeeds with
    it, so a savepoint would only cost two statements.
    """
    return transaction.atomic(savepoint=False)


def run_in_transaction(
    work: Callable[[], Result], *, on_retry: Callable[[str], None] | None = None
) -> Result:
    """Run `work` in one transaction, again from the start after a lost race.

    `work` must have no effect outside the database. `on_retry` is told the reason
    (an SQLSTATE, or `start_over`) each time.

    Raises: `ServiceUnavailable` when it lost every time; nothing was changed then.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return work()
        except (OperationalError, StartOver) as error:
            reason = _contention(error)
            if reason is None:
                raise
            if attempt == TRIES:
                raise ServiceUnavailable(
                    why="Too many requests for the same accounts. Try again shortly."
                ) from error
            if on_retry is not None:
                on_retry(reason)
            # Without a random pause the racers would meet again.
            time.sleep(secrets.randbelow(LONGEST_PAUSE_MILLISECONDS * attempt) / 1000)
    raise AssertionError("The loop returns or raises.")


def sql_state(error: BaseException) -> str | None:
    """The SQLSTATE behind a Django database error, if the server sent one."""
    return getattr(error.__cause__, "sqlstate", None)


def violated_constraint(error: DatabaseError) -> str | None:
    """The name of the constraint (or the trigger's own) that refused the statement."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)


@contextmanager
def refuse_on(refusals: Mapping[str, Exception]) -> Iterator[None]:
    """Translate violations of the named constraints; any other stays a bug.

    The transaction is lost all the same: leave it, do not read in it.
    """
    try:
        yield
    except IntegrityError as error:
        refusal = refusals.get(violated_constraint(error) or "")
        if refusal is None:
            raise
        raise refusal from error


def _contention(error: Exception) -> str | None:
    if isinstance(error, StartOver):
        return "start_over"
    state = sql_state(error)
    return state if state in CONTENTION_STATES else None
