"""Opening and closing ledger accounts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from ledger.house import HousePurpose, house_account_id, house_code
from ledger.models import LedgerAccount
from ledger.services.posting import lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.ids import new_id
from paycore.lib.money import Currency


@dataclass(frozen=True, slots=True)
class LedgerAccountDraft:
    """`floor_minor` None means that the account may go below zero without limit."""

    code: str
    currency: Currency
    floor_minor: int | None = 0
    id: UUID = field(default_factory=new_id)


def open_ledger_accounts(drafts: Iterable[LedgerAccountDraft]) -> list[LedgerAccount]:
    """Open accounts with nothing in them. Raises: `IntegrityError` for a code taken."""
    return LedgerAccount.objects.bulk_create(
        [
            LedgerAccount(
                id=draft.id,
                code=draft.code,
                currency=draft.currency.code,
                floor_minor=draft.floor_minor,
            )
            for draft in drafts
        ]
    )


def set_frozen(*, account_id: UUID, is_frozen: bool) -> None:
    """Stop an account from sending and receiving, or let it again.

    Takes the account's lock, so no posting can slip through on the state before.
    """
    with joined_atomic():
        lock_accounts([account_id])
        LedgerAccount.objects.filter(pk=account_id).update(is_frozen=is_frozen)


def close_ledger_account(*, account_id: UUID) -> bool:
    """Close an account for ever if it is empty; say whether it was.

    Takes the account's lock, so no posting can arrive in between.
    """
    with joined_atomic():
        lock_accounts([account_id])
        empty = LedgerAccount.objects.filter(
            pk=account_id, posted_minor=0, held_minor=0
        )
        return empty.update(is_closed=True, is_frozen=False) == 1


def ensure_house_accounts(currencies: Iterable[Currency]) -> int:
    """Open the house's accounts in these currencies where missing; may be repeated.

    Returns how many accounts the house has in them.
    """
    accounts = [
        LedgerAccount(
            id=house_account_id(purpose, currency),
            code=house_code(purpose, currency),
            currency=currency.code,
            floor_minor=None,
        )
        for currency in currencies
        for purpose in HousePurpose
    ]
    LedgerAccount.objects.bulk_create(accounts, ignore_conflicts=True)
    return len(accounts)
