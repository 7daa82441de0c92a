"""Whether taking up what is due stays as quick when there are many finished payouts.

All of it happens in one transaction that is never committed: afterwards nobody can tell
that a million payouts were there, and the proof of the books never sees them.
"""

import time
from typing import Final

from django.db import connection, transaction

from paycore.stack.bench.figures import Claims
from paycore.stack.bench.payouts import PayingOut
from payouts.models import Payout, Step
from payouts.services.claims import BATCH, list_due

FINISHED: Final = 1_000_000
TRIES: Final = 100
# More than a batch: the query must stop at one by itself.
DUE: Final = 2 * BATCH


def look_at_claims(paying: PayingOut, *, finished: int = FINISHED) -> Claims:
    """Time the query that workers claim by, and read its plan."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
        paying.request(DUE)
        before = _time_claims()
        _finish_payouts(finished)
        after = _time_claims()
        plan = list_due(step=Step.SUBMIT).explain(analyze=True)
        transaction.set_rollback(True)
    return Claims(finished, before, after, plan)


def _time_claims() -> float:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payouts_payout")
    # Half a minute lies between the two: the shortest of many is the least disturbed.
    return min(_time_claim() for _ in range(TRIES))


def _time_claim() -> float:
    started = time.perf_counter()
    claimed = len(list_due(step=Step.SUBMIT))
    assert claimed == BATCH
    return time.perf_counter() - started


def _finish_payouts(number: int) -> None:
    columns = [field.column or "" for field in Payout._meta.concrete_fields]
    values = [_FINISHED.get(column, f"given.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO payouts_payout ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(values)}"
            " FROM (SELECT * FROM payouts_payout LIMIT 1) AS given,"
            " generate_series(1, %s) AS number",
            [number],
        )


# What makes of one due payout many finished ones, each with the size and the index
# entries of a real one. They refer to holds and entries that do not exist, which the
# database would look at when the transaction ends, if it ended otherwise than it does.
_MOMENT: Final = "statement_timestamp() - number * interval '1 second'"
_FINISHED: Final = {
    "id": "uuidv7()",
    "status": "'completed'",
    "reference": "'finished-' || (10000000000 + number)",
    "gateway_reference": "'bank-' || (10000000000 + number)",
    "hold_id": "uuidv7()",
    "journal_entry_id": "uuidv7()",
    "attempts": "1",
    "step": "'ask'",
    "due_at": "NULL::timestamptz",
    "fence": "1",
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
    "completed_at": _MOMENT,
}
