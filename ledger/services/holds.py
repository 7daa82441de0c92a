"""Holds: funds that are promised, and so cannot be spent otherwise.

Lock order everywhere: the account first, then the hold. The account's lock therefore
guards all its holds, and of two racing captures or releases one finds it ended.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from ledger.errors import HoldNotOpen
from ledger.models import Hold, HoldStatus
from ledger.services.posting import Books, EntryDraft, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.money import Money

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
    if not amount.is_positive:
        raise ValueError("A hold is on more than nothing.")
    with joined_atomic():
        books = lock_accounts([account_id])
        refusal = books.refusal_to_move([account_id]) or books.reserve(
            account_id=account_id, amount=amount
        )
        if refusal is not None:
            raise refusal
        books.write()
        return Hold.objects.create(
            account_id=account_id,
            amount_minor=amount.minor,
            currency=amount.currency.code,
            reason=reason,
            owner=owner,
            expires_at=expires_at,
        )


def capture_hold(*, hold_id: UUID, draft: EntryDraft) -> Hold:
    """End a hold by posting an entry that debits its account, at `ended_at`.

    The entry may take less than was held; what is left over becomes available.

    Raises: `HoldNotOpen`; `Hold.DoesNotExist`; `ValueError` when the entry does not
    debit the account, or by more than was held.
    """
    with joined_atomic():
        hold = Hold.objects.get(pk=hold_id)
        books = lock_accounts(
            {hold.account_id, *(line.account_id for line in draft.lines)}
        )
        taken = -sum(
            line.amount.minor
            for line in draft.lines
            if line.account_id == hold.account_id
        )
        if not 0 < taken <= hold.amount_minor:
            raise ValueError(f"The hold is on {hold.amount}; the entry takes {taken}.")
        _end(hold, HoldStatus.CAPTURED, at=books.at, captured_minor=taken)
        _free(books, hold)
        # Promised before a freeze: what is settled now was decided then.
        refusal = books.admit(draft, settle=True, promised_by=hold.account_id)
        if refusal is not None:
            raise refusal
        books.write()
        return hold


def release_hold(*, hold_id: UUID) -> Hold:
    """End a hold and make its funds available again.

    Raises: `HoldNotOpen`; `Hold.DoesNotExist`.
    """
    with joined_atomic():
        hold = Hold.objects.get(pk=hold_id)
        books = lock_accounts([hold.account_id])
        _end(hold, HoldStatus.RELEASED, at=books.at)
        _free(books, hold)
        books.write()
        return hold


def expire_holds(*, at: datetime) -> int:
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


def _list_expired(at: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(status=HoldStatus.OPEN, expires_at__lte=at)


def _end(
    hold: Hold, status: HoldStatus, *, at: datetime, captured_minor: int = 0
) -> None:
    # Compare-and-set under the account's lock.
    rows = Hold.objects.filter(pk=hold.pk, status=HoldStatus.OPEN)
    changed = rows.update(status=status, captured_minor=captured_minor, ended_at=at)
    hold.refresh_from_db(fields=["status", "captured_minor", "ended_at"])
    if not changed:
        raise HoldNotOpen(status=hold.status)


def _free(books: Books, hold: Hold) -> None:
    refusal = books.reserve(account_id=hold.account_id, amount=-hold.amount)
    assert refusal is None, "Giving back what was held is never refused."
