"""The posting engine: the only code that moves a balance.

Note [Life of a posting]
    1. Every account that a request touches is locked by one statement, in key order,
       so two requests over the same accounts queue instead of deadlocking.
    2. Drafts are judged in Python, in order, on that locked snapshot.
    3. What was admitted is written by one INSERT per table and one UPDATE, whether it
       is one entry or ten thousand.

    Run twice: two entries; preventing that is the caller's idempotency key or
    reference. At once: the second waits at step 1 and then sees the first one's
    balances. Late: nothing here depends on when. Died between any two lines: the
    transaction is gone, and so are its locks.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.transaction import TransactionManagementError

from ledger.errors import InsufficientBalance
from ledger.models import Hold, JournalEntry, Posting
from ledger.services.balances import Balance
from paycore.lib.db import joined_atomic
from paycore.lib.errors import DomainError
from paycore.lib.ids import new_id
from paycore.lib.metrics import LOCK_WAIT, POSTING_BATCH_SIZE
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.rows import given, insert_rows, one_of, pipelined


@dataclass(frozen=True, slots=True)
class Line:
    """One leg of an entry: credit above zero, debit below, never zero."""

    account_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to be written. The lines must sum to zero in each currency."""

    kind: str
    lines: tuple[Line, ...]
    description: str = ""
    reverses_id: UUID | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Posted:
    """A draft that was written, and when."""

    entry_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a draft was not written. It left no trace."""

    error: DomainError


class Books:
    """The accounts that this transaction has locked, with running balances.

    Made by `lock_accounts`. `admit` and `reserve` judge and remember; nothing reaches
    the database before `write`, which may be left out to change nothing. `at` is the
    database's time after the last lock was taken: the time of all that is written, so
    that in each account posting id, `created_at` and `balance_after` agree.
    """

    def __init__(self, balances: dict[UUID, Balance], at: datetime) -> None:
        self.at = at
        # To be stored with the balances that they are on.
        self.holds: list[Hold] = []
        self._balances = balances
        self._drafts: list[EntryDraft] = []
        self._balances_after: list[int] = []

    def available(self, account_id: UUID) -> Money:
        return self._balances[account_id].available

    def admit(
        self,
        draft: EntryDraft,
        *,
        force: bool = False,
        settle: bool = False,
        promised_by: UUID | None = None,
    ) -> DomainError | None:
        """Judge one draft on the balances that earlier ones left, and take it in.

        Returns the refusal (`AccountNotActive`, `LimitExceeded`,
        `InsufficientBalance`), or None when the draft will be written. `force` takes
        accounts below their floor if need be; `settle` moves what was promised before
        an account was frozen. `promised_by` had held what it pays, so it pays even if
        a forced entry has taken it below its floor since.

        Raises: `ValueError` for an unbalanced draft and `CurrencyMismatch` for a line
        in another currency than its account: bugs of the caller.
        """
        nets = _net_changes(draft)
        refusal = self.refusal_to_move(nets, settle=settle)
        for account_id, net in nets.items():
            if refusal is not None:
                return refusal
            refusal = self._balances[account_id].refusal_of(
                posted_change=net,
                held_change=0,
                force=force or account_id == promised_by,
            )
        if refusal is None:
            self._take_in(draft, force=force)
        return refusal

    def refusal_to_move(
        self, account_ids: Iterable[UUID], *, settle: bool = False
    ) -> DomainError | None:
        """`AccountNotActive` for the first of these that is frozen or closed.

        With `settle` only for a closed one.
        """
        for account_id in account_ids:
            refusal = self._balances[account_id].refusal_to_move(settle=settle)
            if refusal is not None:
                return refusal
        return None

    def refusal_to_spend(self, account_id: UUID, amount: Money) -> DomainError | None:
        """What would be in the way of debiting an account; nothing is taken in."""
        balance = self._balances[account_id]
        return balance.refusal_to_move() or balance.refusal_of(
            posted_change=-amount.minor, held_change=0
        )

    def refusal_to_settle(self, account_id: UUID, amount: Money) -> DomainError | None:
        """What has come in the way of debiting what an account has on hold.

        It may be frozen, or a forced entry may have taken what was promised. For who
        may still say no; `admit` with `settle` keeps the promise all the same.
        """
        balance = self._balances[account_id]
        refusal = balance.refusal_to_move()
        if refusal is None and balance.lacking_minor:
            refusal = InsufficientBalance(
                available=(balance.available + amount).text,
                required=amount.text,
                currency=amount.currency.code,
            )
        return refusal

    def reserve(self, *, account_id: UUID, amount: Money) -> DomainError | None:
        """Move funds from available to held; below zero moves them back.

        Returns the refusal, or None when it will be written.
        """
        balance = self._balances[account_id]
        balance.require_currency_of(amount)
        refusal = balance.refusal_of(posted_change=0, held_change=amount.minor)
        if refusal is None:
            balance.change(held=amount.minor)
        return refusal

    def write(self) -> None:
        """Write all that was admitted: one INSERT per table, one UPDATE."""
        if self._drafts:
            _insert_entries(self._drafts, self.at)
            _insert_postings(self._drafts, self._balances_after, self.at)
            POSTING_BATCH_SIZE.observe(len(self._drafts))
        if self.holds:
            _insert_holds(self.holds)
        _update_balances(self._balances)
        self._drafts, self._balances_after, self.holds = [], [], []

    def _take_in(self, draft: EntryDraft, *, force: bool) -> None:
        self._drafts.append(draft)
        for line in draft.lines:
            balance = self._balances[line.account_id]
            balance.may_fall_short |= force
            balance.require_currency_of(line.amount)
            balance.change(posted=line.amount.minor)
            self._balances_after.append(balance.posted_minor)


def lock_accounts(account_ids: Iterable[UUID]) -> Books:
    """Lock these ledger accounts until the transaction ends.

    Call it once per transaction, with every account it will touch. Ids that name no
    ledger account are left out: what they mean is for the caller to say.

    Raises: `TransactionManagementError` outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("Without a transaction no lock is kept.")
    started = time.perf_counter()
    condition, parameters = one_of(set(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(condition=condition), parameters)
        rows = cursor.fetchall()
        # Without an account there is no lock to wait for, and nothing to write.
        at = max(row[-1] for row in rows) if rows else _NEVER
    LOCK_WAIT.observe(time.perf_counter() - started)
    balances = {
        account_id: Balance(account_id, CURRENCIES.get(code), *state)
        for account_id, code, *state, _ in rows
    }
    return Books(balances, at)


# Always in primary-key order, see Note [Life of a posting]. NO KEY: writers still
# exclude each other, but rows that merely refer to the account may be added. The clock
# is read for each row that has been locked, so the latest time is after every lock.
_LOCK: Final = """
    WITH locked AS MATERIALIZED (
        SELECT id, currency, posted_minor, held_minor, floor_minor, is_frozen, is_closed
        FROM ledger_ledgeraccount
        WHERE id {condition}
        ORDER BY id
        FOR NO KEY UPDATE
    )
    SELECT locked.*, clock_timestamp() FROM locked
"""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def post_entries(*, drafts: Sequence[EntryDraft]) -> list[Posted | Refused]:
    """Write balanced journal entries and move the balances they touch.

    Each draft is answered on its own and in order: a draft that would overdraw an
    account is refused and leaves no trace, the others are posted. One draft or ten
    thousand cost the same number of statements.

    Raises: `ValueError` for an unbalanced draft, `CurrencyMismatch`, and `KeyError`
    for an account that does not exist: bugs of the caller.
    """
    with joined_atomic():
        books = lock_accounts(
            line.account_id for draft in drafts for line in draft.lines
        )
        refusals = [books.admit(draft) for draft in drafts]
        with pipelined():
            books.write()
    return [
        Posted(draft.id, books.at) if refusal is None else Refused(refusal)
        for draft, refusal in zip(drafts, refusals, strict=True)
    ]


def _net_changes(draft: EntryDraft) -> dict[UUID, int]:
    # Per account first: PostgreSQL and we judge what an entry does to an account as a
    # whole, so one both debited and credited does not dip in between.
    nets: dict[UUID, int] = {}
    totals: dict[Currency, int] = {}
    for line in draft.lines:
        minor = line.amount.minor
        if minor == 0:
            raise ValueError("A line of an entry is never zero.")
        nets[line.account_id] = nets.get(line.account_id, 0) + minor
        totals[line.amount.currency] = totals.get(line.amount.currency, 0) + minor
    if len(draft.lines) < 2 or any(totals.values()):
        raise ValueError("An entry has two or more lines that sum to zero.")
    return nets


def _insert_entries(drafts: Sequence[EntryDraft], at: datetime) -> None:
    times = [at] * len(drafts)
    insert_rows(
        JournalEntry,
        {
            "id": [draft.id for draft in drafts],
            "kind": [draft.kind for draft in drafts],
            "description": [draft.description for draft in drafts],
            "effective_at": times,
            "created_at": times,
            "reverses": [draft.reverses_id for draft in drafts],
            "metadata": [draft.metadata for draft in drafts],
        },
    )


def _insert_postings(
    drafts: Sequence[EntryDraft], balances_after: Sequence[int], at: datetime
) -> None:
    lines = [(draft.id, line) for draft in drafts for line in draft.lines]
    insert_rows(
        Posting,
        {
            "entry": [entry_id for entry_id, _ in lines],
            "account": [line.account_id for _, line in lines],
            "amount_minor": [line.amount.minor for _, line in lines],
            "currency": [line.amount.currency.code for _, line in lines],
            "balance_after_minor": balances_after,
            "created_at": [at] * len(lines),
        },
    )


def _insert_holds(holds: Sequence[Hold]) -> None:
    insert_rows(
        Hold,
        {name: [getattr(hold, name) for hold in holds] for name in _HOLD_COLUMNS},
    )


_HOLD_COLUMNS: Final = [field.attname for field in Hold._meta.concrete_fields]


# Only who may fall short can come to lack more than before; for everybody else the
# lack can but shrink, so the check on the floor keeps the last word.
_UPDATE_BALANCES: Final = """
    UPDATE ledger_ledgeraccount AS account
    SET posted_minor = account.posted_minor + given.posted,
        held_minor = account.held_minor + given.held,
        shortfall_minor = CASE WHEN given.may_fall_short THEN given.lacking
            ELSE least(account.shortfall_minor, given.lacking) END,
        version = account.version + 1
    FROM {changes}
    WHERE account.id = given.account_id
"""


def _update_balances(balances: Mapping[UUID, Balance]) -> None:
    moved = [
        balance
        for balance in balances.values()
        if balance.posted_change or balance.held_change
    ]
    if not moved:
        return
    changes, parameters = given(
        {
            "account_id": ("uuid", [balance.account_id for balance in moved]),
            "posted": ("bigint", [balance.posted_change for balance in moved]),
            "held": ("bigint", [balance.held_change for balance in moved]),
            "lacking": ("bigint", [balance.lacking_minor for balance in moved]),
            "may_fall_short": (
                "boolean",
                [balance.may_fall_short for balance in moved],
            ),
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_BALANCES.format(changes=changes), parameters)
    for balance in moved:
        balance.posted_change = balance.held_change = 0
