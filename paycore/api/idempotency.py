"""Doing a request once, however often it is sent.

Note [Life of an idempotency key]
    One transaction inserts the key's row, does the work, and completes the row with
    the answer. The insert is the lock: a second request with the key waits there.

    Twice: the second finds the row and is answered from it; the work is not called.
    At once: the second waits in its insert until the first ends. After a commit it is
    answered from the row; after a rollback its own insert succeeds and it does the
    work. Who waits longer than lock_timeout is told `idempotency_in_progress`.
    Late: the row is kept for IDEMPOTENCY_RETENTION_DAYS; then the business reference
    still protects.
    Died before the commit: PostgreSQL forgets row and work together, so a retry does
    the work. Died after it, or the answer was lost on the way: a retry is answered
    from the row.

    A refusal by a business rule (422) changes nothing and is remembered. Its
    transaction is rolled back first, whatever it had written, and a second one inserts
    a completed row. Died in between: nothing was moved and nothing is remembered, so a
    retry is judged anew. Another request got in between: its answer is in the row, and
    whoever comes second takes that one, so that all of them hear the same.

    Every other error leaves no row: the caller may correct the request, or try again
    later, with the same key.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from django.conf import settings
from django.db import OperationalError, connection

from paycore.api.errors import (
    IdempotencyInProgress,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    ShapeErrors,
)
from paycore.api.models import IdempotencyKey, packed, unpacked
from paycore.lib import db, metrics
from paycore.lib.errors import DomainError, Kind
from paycore.lib.rows import pipelined

KEY: Final = re.compile(r"[\x20-\x7e]{1,255}\Z")
# lock_not_available, query_canceled: the first request kept us waiting too long.
WAITED_TOO_LONG: Final = frozenset({"55P03", "57014"})
PURGE_AT_ONCE: Final = 5000

# Raw SQL, because no ORM call inserts or tells that it did not in one statement.
_TABLE: Final = IdempotencyKey._meta.db_table
RESERVE: Final = (
    f'INSERT INTO "{_TABLE}" (principal, route, key, fingerprint)'  # noqa: S608
    " VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id"
)
COMPLETE: Final = f'UPDATE "{_TABLE}" SET status = %s, body = %s WHERE id = %s'  # noqa: S608
REMEMBER: Final = (
    f'INSERT INTO "{_TABLE}"'  # noqa: S608
    " (principal, route, key, fingerprint, status, body)"
    " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id"
)
RECALL: Final = (
    f'SELECT fingerprint, status, body FROM "{_TABLE}"'  # noqa: S608
    " WHERE principal = %s AND route = %s AND key = %s"
)
# Rows that another purge has locked are its own to delete.
PURGE: Final = (
    f'DELETE FROM "{_TABLE}" WHERE id IN (SELECT id FROM "{_TABLE}"'  # noqa: S608
    " WHERE created_at < %s LIMIT %s FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the very bytes of a body; what is sent is what is stored."""

    status: int
    body: bytes
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key for one route, and the fingerprint of what came with it."""

    principal: str
    route: str
    key: str
    fingerprint: bytes


def read_key(header: str | None, *, is_required: bool) -> str | None:
    """The Idempotency-Key header, if there is one.

    Raises: `IdempotencyKeyRequired`, `ShapeErrors` when it is not printable ASCII.
    """
    if not header and is_required:
        raise IdempotencyKeyRequired
    if header is None:
        return None
    if not KEY.match(header):
        raise ShapeErrors.of(
            "", "Idempotency-Key must be 1 to 255 printable ASCII characters."
        )
    return header


def fingerprint(
    method: str, path: str, document: dict[str, Any], *, is_keyed: bool = False
) -> bytes:
    """What makes two requests the same: method, path and canonical JSON.

    `is_keyed` for bodies with a password or a bank account's number in them: without
    the server's secret, nobody who reads the table can try guesses against them.
    """
    try:
        body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        # Integers of more than 64 bits, which a shape may admit.
        body = json.dumps(document, sort_keys=True).encode()
    request = b"\n".join((method.encode(), path.encode(), body))
    if is_keyed:
        secret = settings.SECRET_KEY.encode()
        return hmac.digest(secret, request, "sha256")
    return hashlib.sha256(request).digest()


def answer_once(
    claim: Claim,
    work: Callable[[], Answer],
    *,
    render_refusal: Callable[[DomainError], Answer],
) -> Answer:
    """The answer to the first request with this key, doing `work` if this is it.

    `work` runs inside a transaction, possibly more than once, and must have no effect
    outside the database. See Note [Life of an idempotency key].

    Raises: `IdempotencyKeyReused`, `IdempotencyInProgress`, and what `work` raises,
    except refusals by a business rule, which are answers.
    """
    try:
        answer = _first_or_stored(claim, work, render_refusal)
    except IdempotencyKeyReused:
        _count("mismatch")
        raise
    except IdempotencyInProgress:
        _count("in_progress")
        raise
    _count("replay" if answer.is_replay else "new")
    return answer


def answer_without_key(work: Callable[[], Answer]) -> Answer:
    """Do `work` in one transaction, for a caller who did not ask for more."""
    return db.run_in_transaction(work, on_retry=_count_retry)


def purge_idempotency_keys(*, before: datetime) -> int:
    """Forget what was answered before that moment; returns how many.

    In small transactions, so that nobody waits long. Two at once share the work; one
    that dies leaves the rest to the next.
    """
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(PURGE, [before, PURGE_AT_ONCE])
            deleted: int = cursor.rowcount
        total += deleted
        if deleted < PURGE_AT_ONCE:
            return total


def _first_or_stored(
    claim: Claim,
    work: Callable[[], Answer],
    render_refusal: Callable[[DomainError], Answer],
) -> Answer:
    try:
        return db.run_in_transaction(
            lambda: _reserve_and_work(claim, work), on_retry=_count_retry
        )
    except DomainError as refusal:
        if refusal.kind is not Kind.REFUSED:
            raise
        answer = render_refusal(refusal)
    return db.run_in_transaction(
        lambda: _remember(claim, answer), on_retry=_count_retry
    )


def _reserve_and_work(claim: Claim, work: Callable[[], Answer]) -> Answer:
    row_id = _insert(
        RESERVE, [claim.principal, claim.route, claim.key, claim.fingerprint]
    )
    if row_id is None:
        return _recall(claim)
    answer = work()
    with connection.cursor() as cursor:
        cursor.execute(COMPLETE, [answer.status, packed(answer.body), row_id])
    return answer


def _remember(claim: Claim, answer: Answer) -> Answer:
    row_id = _insert(
        REMEMBER,
        [
            *(claim.principal, claim.route, claim.key, claim.fingerprint),
            *(answer.status, packed(answer.body)),
        ],
    )
    return _recall(claim) if row_id is None else answer


def _insert(statement: str, values: list[Any]) -> int | None:
    """The new row's id, or None when the key has a row that is committed."""
    try:
        # Pipelined, so that BEGIN travels with it.
        with pipelined(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            row = cursor.fetchone()
    except OperationalError as error:
        if db.sql_state(error) in WAITED_TOO_LONG:
            raise IdempotencyInProgress from error
        raise
    return row[0] if row else None


def _recall(claim: Claim) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute(RECALL, [claim.principal, claim.route, claim.key])
        row = cursor.fetchone()
    if row is None:
        # Purged between our two statements: the key is free.
        raise db.StartOver
    stored_fingerprint, status, body = row
    if bytes(stored_fingerprint) != claim.fingerprint:
        raise IdempotencyKeyReused
    assert status is not None, "Only completed rows are ever committed."
    return Answer(status, unpacked(bytes(body)), is_replay=True)


def _count(outcome: str) -> None:
    metrics.IDEMPOTENCY_EVENTS.labels(outcome).inc()


def _count_retry(reason: str) -> None:
    metrics.TRANSACTION_RETRIES.labels(reason).inc()
