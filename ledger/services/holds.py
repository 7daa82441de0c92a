"""Holds: funds that are promised, and so cannot be spent otherwise.

Lock order everywhere: the account first, then the hold. The account's lock therefore
guards all its holds, and of two racing captures or releases one finds it ended.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from ledger.errors import HoldNotOpen
from ledger.models import Hold, HoldStatus
from ledger.services.posting import Books, EntryDraft, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.money import Money
from paycore.lib.rows import given
from paycore.lib.times import StatementTime

# How many expired holds one transaction ends, so that no lock is held for long.
EXPIRY_BATCH: Final = 500


def place_hold(
    *,
    account_id: UUID,
    amount: Money,
    reason: str,
    owner: str,
    expires_at: datetime | None = None,
) -> Hold:
    """Promise part of an account's available funds to `owner`.

    Raises: `AccountNotActive`; `InsufficientBalance`; `ValueError` when the amount is
    not above zero.
    """
    with joined_atomic():
        books = lock_accounts([account_id])
        hold = reserve_hold(
            books=books,
            account_id=account_id,
            amount=amount,
            reason=reason,
            owner=owner,
            expires_at=expires_at,
        )
        books.write()
        return hold


def reserve_hold(
    *,
    books: Books,
    account_id: UUID,
    amount: Money,
    reason: str,
    owner: str,
    expires_at: datetime | None = None,
) -> Hold:
    """As `place_hold`, on an account that is locked.

    The caller writes the books, and with them all holds by one statement.

    Raises: as `place_hold`.
    """
    if not amount.is_positive:
        raise ValueError("A hold is on more than nothing.")
    refusal = books.refusal_to_move([account_id]) or books.reserve(
        account_id=account_id, amount=amount
    )
    if refusal is not None:
        raise refusal
    hold = Hold(
        account_id=account_id,
        amount_minor=amount.minor,
        currency=amount.currency.code,
        reason=reason,
        owner=owner,
        expires_at=expires_at,
        created_at=books.at,
    )
    books.holds.append(hold)
    return hold


def capture_hold(*, hold_id: UUID, draft: EntryDraft) -> Hold:
    """End a hold by posting an entry that debits its account, at `ended_at`.

    The entry may take less than was held; what is left over becomes available.

    Raises: as `end_holds`.
    """
    return end_holds({hold_id: draft})[hold_id]


def release_hold(*, hold_id: UUID) -> Hold:
    """End a hold and make its funds available again.

    Raises: as `end_holds`.
    """
    return end_holds({hold_id: None})[hold_id]


def end_holds(ends: Mapping[UUID, EntryDraft | None]) -> dict[UUID, Hold]:
    """End each of these holds: captured by the entry it is given, else released.

    All or none, and as many statements for a thousand as for one.

    Raises: `HoldNotOpen`; `Hold.DoesNotExist`; what `Books.admit` refuses an entry
    with; `ValueError` when an entry does not debit its hold's account, or by more than
    was held.
    """
    if not ends:
        return {}
    with joined_atomic():
        holds = Hold.objects.in_bulk(list(ends))
        if len(holds) < len(ends):
            raise Hold.DoesNotExist
        drafts = [draft for draft in ends.values() if draft is not None]
        touched = {line.account_id for draft in drafts for line in draft.lines}
        books = lock_accounts({hold.account_id for hold in holds.values()} | touched)
        for hold_id, draft in ends.items():
            _end(holds[hold_id], draft, at=books.at)
        _store_ended(list(holds.values()), at=books.at)
        # What is given back first may be what an entry needs.
        for hold in holds.values():
            _free(books, hold)
        for hold_id, draft in ends.items():
            if draft is not None:
                _settle(books, holds[hold_id], draft)
        books.write()
        return holds


def expire_holds(*, at: datetime | StatementTime) -> int:
    """Release open holds that expired at or before `at`, a batch; say how many."""
    with joined_atomic():
        due = list(_list_expired(at).order_by("expires_at")[:EXPIRY_BATCH])
        books = lock_accounts(hold.account_id for hold in due)
        # Asked again under the locks: another worker may have been faster.
        still_due = _list_expired(at).filter(pk__in=[hold.pk for hold in due])
        ended = {hold.pk for hold in still_due}
        Hold.objects.filter(pk__in=ended).update(
            status=HoldStatus.RELEASED, ended_at=books.at
        )
        for hold in due:
            if hold.pk in ended:
                _free(books, hold)
        books.write()
        return len(ended)


def _list_expired(at: datetime | StatementTime) -> QuerySet[Hold]:
    return Hold.objects.filter(status=HoldStatus.OPEN, expires_at__lte=at)


def _end(hold: Hold, draft: EntryDraft | None, *, at: datetime) -> None:
    hold.ended_at = at
    hold.status = HoldStatus.RELEASED
    if draft is not None:
        hold.status = HoldStatus.CAPTURED
        hold.captured_minor = -sum(
            line.amount.minor
            for line in draft.lines
            if line.account_id == hold.account_id
        )
        if not 0 < hold.captured_minor <= hold.amount_minor:
            raise ValueError(
                f"The hold is on {hold.amount}; the entry takes {hold.captured_minor}."
            )


def _store_ended(holds: Sequence[Hold], *, at: datetime) -> None:
    # Compare-and-set under the locks of the accounts.
    ended, parameters = given(
        {
            "id": ("uuid", [hold.pk for hold in holds]),
            "status": ("text", [hold.status for hold in holds]),
            "captured": ("bigint", [hold.captured_minor for hold in holds]),
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(_STORE_ENDED.format(ended=ended), [at, *parameters])
        changed = {row[0] for row in cursor.fetchall()}
    for hold in holds:
        if hold.pk not in changed:
            hold.refresh_from_db(fields=["status"])
            raise HoldNotOpen(status=hold.status)


_STORE_ENDED: Final = """
    UPDATE ledger_hold AS hold
    SET status = given.status, captured_minor = given.captured, ended_at = %s
    FROM {ended}
    WHERE hold.id = given.id AND hold.status = 'open'
    RETURNING hold.id
"""


def _settle(books: Books, hold: Hold, draft: EntryDraft) -> None:
    # Promised before a freeze: what is settled now was decided then.
    refusal = books.admit(draft, settle=True, promised_by=hold.account_id)
    if refusal is not None:
        raise refusal


def _free(books: Books, hold: Hold) -> None:
    refusal = books.reserve(account_id=hold.account_id, amount=-hold.amount)
    assert refusal is None, "Giving back what was held is never refused."
