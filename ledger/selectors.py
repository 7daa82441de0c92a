"""Reads of the books. Never writes, never locks."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from ledger.models import LedgerAccount, Posting


def get_ledger_account(account_id: UUID) -> LedgerAccount:
    """Raises: `LedgerAccount.DoesNotExist`."""
    return LedgerAccount.objects.get(pk=account_id)


def list_postings(account_id: UUID) -> QuerySet[Posting]:
    """An account's postings with their entries, oldest first."""
    return (
        Posting.objects.filter(account_id=account_id)
        .select_related("entry")
        .order_by("created_at", "pk")
    )


def list_postings_between(
    account_id: UUID, *, start: datetime, end: datetime
) -> QuerySet[Posting]:
    """Postings from `start` (included) to `end` (not included), oldest first."""
    return list_postings(account_id).filter(created_at__gte=start, created_at__lt=end)


def get_posted_minor_at(account_id: UUID, *, at: datetime) -> int:
    """The posted balance in minor units, postings of that very instant included."""
    return _last_balance(Posting.objects.filter(created_at__lte=at), account_id)


def get_posted_minor_before(account_id: UUID, *, at: datetime) -> int:
    """The posted balance in minor units, postings of that very instant left out."""
    return _last_balance(Posting.objects.filter(created_at__lt=at), account_id)


def list_entry_postings(entry_id: UUID) -> QuerySet[Posting]:
    """The legs of an entry with their accounts, as they were written."""
    return (
        Posting.objects.filter(entry_id=entry_id)
        .select_related("account")
        .order_by("pk")
    )


def _last_balance(postings: QuerySet[Posting], account_id: UUID) -> int:
    last = (
        postings.filter(account_id=account_id)
        .order_by("-created_at", "-pk")
        .values_list("balance_after_minor", flat=True)
        .first()
    )
    return last or 0


def find_frozen_accounts(account_ids: Collection[UUID]) -> set[UUID]:
    """Which of these ledger accounts are frozen now. No lock: it may change."""
    frozen = LedgerAccount.objects.filter(pk__in=account_ids, is_frozen=True)
    return set(frozen.values_list("pk", flat=True))
