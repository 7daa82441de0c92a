"""What the bank keeps: payments by their key, and every execution.

A row of `executions` is money that left. The table knows nothing of keys being unique,
so a payment that was executed twice would show: it is what the tests of exactly-once
count, and no part of how it is reached.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import uuid4

import orjson

from paycore.stack.bank.conduct import DECLINED_BY_BANK, Conduct, Status

CANCELLED: Final = "cancelled"
SECONDS_TO_WAIT: Final = 10

# In WAL mode with `synchronous = NORMAL` a commit is one write to a file. It outlives
# SIGKILL of the bank, because what was written belongs to the kernel by then. Only a
# crash of the whole machine may lose the last commits (never damage the file), and a
# machine that fails takes the sandbox's money with it anyway.
_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;

CREATE TABLE IF NOT EXISTS bank (identity TEXT NOT NULL) STRICT;
INSERT INTO bank SELECT lower(hex(randomblob(8))) WHERE NOT EXISTS (SELECT 1 FROM bank);

CREATE TABLE IF NOT EXISTS payments (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    iban_last4 TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('received', 'executed', 'declined')),
    failure_code TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    iban_last4 TEXT NOT NULL,
    reference TEXT NOT NULL,
    executed_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX IF NOT EXISTS executions_by_key ON executions (key);
CREATE TRIGGER IF NOT EXISTS executions_are_not_changed BEFORE UPDATE ON executions
    BEGIN SELECT RAISE(ABORT, 'executions are append-only'); END;
CREATE TRIGGER IF NOT EXISTS executions_are_not_deleted BEFORE DELETE ON executions
    BEGIN SELECT RAISE(ABORT, 'executions are append-only'); END;

CREATE TABLE IF NOT EXISTS refusals (
    key TEXT PRIMARY KEY,
    times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS cancellations (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a client asks the bank to pay."""

    key: str
    amount: str
    currency: str
    name: str
    # Not in a traceback, nor in what is kept.
    iban: str = field(repr=False)
    bic: str
    reference: str

    @property
    def fingerprint(self) -> str:
        """Tells whether a key comes again with the same payment."""
        content = orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)
        return sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as the bank tells of it. Of the IBAN it keeps only the end."""

    number: int
    key: str
    id: str
    amount: str
    currency: str
    iban_last4: str
    reference: str
    status: Status
    failure_code: str


@dataclass(frozen=True, slots=True)
class Executions:
    """How much was executed: each payment once when `most_per_key` is 1."""

    total: int
    payments: int
    most_per_key: int


class KeyReused(Exception):
    """The key belongs to a payment that is not this one."""


class NotAccepted(Exception):
    """The payment was turned away: nothing of it is kept, and it may come again."""


class Books:
    """The bank's storage. What a method did is durable when it returns.

    Every method may be called from any thread; they take turns.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._turn = Lock()
        self._connection = sqlite3.connect(
            path, timeout=SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_SCHEMA)
        found = self._connection.execute("SELECT identity FROM bank").fetchone()
        # Tells these books from those of any other bank, for as long as they exist.
        self.identity: str = found["identity"]

    def close(self) -> None:
        """Wait for what is being written; whoever comes later waits for ever."""
        self._turn.acquire()
        self._connection.close()

    def submit(
        self, instruction: Instruction, conduct: Conduct
    ) -> tuple[Payment, bool]:
        """Take a payment once per key; tells the payment and whether it is new.

        Raises: `KeyReused`, `NotAccepted`.
        """
        with self._transaction():
            if known := self._read(instruction.key):
                if known["fingerprint"] != instruction.fingerprint:
                    raise KeyReused
                return _payment(known), False
            if self._is_cancelled(instruction.key):
                conduct = Conduct(Status.DECLINED, failure_code=CANCELLED)
            refused = self._count_refusal(instruction.key, most=conduct.refusals)
            if not refused:
                return self._take(instruction, conduct), True
        # Outside: the refusal counts, so its transaction must not be rolled back.
        raise NotAccepted

    def find(self, key: str) -> Payment | None:
        with self._turn:
            return self._find(key)

    def settle(self, key: str, status: Status) -> Payment | None:
        """Give a received payment its outcome; tells the payment as it is then."""
        failure_code = DECLINED_BY_BANK if status is Status.DECLINED else ""
        with self._transaction():
            return self._settle(key, status, failure_code)

    def cancel(self, key: str) -> Payment | None:
        """Decline a received payment, or in advance one that may still come.

        Tells the payment as it is then; `None` when there is none yet.
        """
        with self._transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO cancellations"
                " SELECT ? WHERE NOT EXISTS (SELECT 1 FROM payments WHERE key = ?)",
                [key, key],
            )
            return self._settle(key, Status.DECLINED, CANCELLED)

    def list_payments(self, *, after: int, limit: int) -> list[Payment]:
        """Payments in the order in which they came."""
        with self._turn:
            rows = self._connection.execute(
                "SELECT * FROM payments WHERE number > ? ORDER BY number LIMIT ?",
                [after, limit],
            ).fetchall()
        return [_payment(row) for row in rows]

    def count_executions(self, key: str) -> int:
        with self._turn:
            found = self._connection.execute(
                "SELECT count(*) FROM executions WHERE key = ?", [key]
            ).fetchone()
        return int(found[0])

    def sum_executions(self) -> Executions:
        with self._turn:
            row = self._connection.execute(
                "SELECT coalesce(sum(n), 0), count(*), coalesce(max(n), 0) FROM"
                " (SELECT count(*) AS n FROM executions GROUP BY key)"
            ).fetchone()
        return Executions(*row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._turn:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield

    def _read(self, key: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._connection.execute(
            "SELECT * FROM payments WHERE key = ?", [key]
        ).fetchone()
        return found

    def _find(self, key: str) -> Payment | None:
        row = self._read(key)
        return _payment(row) if row else None

    def _is_cancelled(self, key: str) -> bool:
        rows = self._connection.execute(
            "SELECT 1 FROM cancellations WHERE key = ?", [key]
        )
        return rows.fetchone() is not None

    def _count_refusal(self, key: str, *, most: int) -> bool:
        counted = self._connection.execute(
            "INSERT INTO refusals SELECT ?, 1 WHERE ? > 0"
            " ON CONFLICT (key) DO UPDATE SET times = times + 1 WHERE times < ?",
            [key, most, most],
        )
        return counted.rowcount > 0

    def _take(self, instruction: Instruction, conduct: Conduct) -> Payment:
        self._connection.execute(
            "INSERT INTO payments (key, id, fingerprint, amount, currency, iban_last4,"
            " reference, status, failure_code) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                instruction.key,
                f"bank-{uuid4().hex}",
                instruction.fingerprint,
                instruction.amount,
                instruction.currency,
                instruction.iban[-4:],
                instruction.reference,
                conduct.status,
                conduct.failure_code,
            ],
        )
        if conduct.status is Status.EXECUTED:
            self._execute(instruction.key)
        taken = self._find(instruction.key)
        assert taken is not None
        return taken

    def _settle(self, key: str, status: Status, failure_code: str) -> Payment | None:
        moved = self._connection.execute(
            "UPDATE payments SET status = ?, failure_code = ?"
            " WHERE key = ? AND status = 'received'",
            [status, failure_code, key],
        )
        if moved.rowcount and status is Status.EXECUTED:
            self._execute(key)
        return self._find(key)

    def _execute(self, key: str) -> None:
        self._connection.execute(
            "INSERT INTO executions"
            " (key, payment_id, amount, currency, iban_last4, reference)"
            " SELECT key, id, amount, currency, iban_last4, reference"
            " FROM payments WHERE key = ?",
            [key],
        )


def _payment(row: sqlite3.Row) -> Payment:
    told = {column.name: row[column.name] for column in fields(Payment)}
    return Payment(**told | {"status": Status(row["status"])})
