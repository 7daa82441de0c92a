"""Reading accounts. `owner_id` None reads everybody's: for operators."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

import ledger.selectors
from accounts.errors import AccountNotFound
from accounts.models import Account
from paycore.lib.money import CURRENCIES, Currency
from paycore.lib.rows import one_of

if TYPE_CHECKING:
    from ledger.models import Posting


@dataclass(frozen=True, slots=True)
class AccountParty:
    """What never changes about an account: whose it is, and in what currency."""

    account_id: UUID
    owner_id: UUID
    currency: Currency


@dataclass(frozen=True, slots=True)
class Balance:
    """Minor units. What was held at a past instant is not known."""

    account: Account
    at: datetime
    posted_minor: int
    held_minor: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """Opening plus lines is closing, always; minor units."""

    account: Account
    start: datetime
    end: datetime
    opening_minor: int
    closing_minor: int
    lines: "list[Posting]"


def get_account(*, account_id: UUID, owner_id: UUID | None = None) -> Account:
    """Raises: `AccountNotFound`, also when it is another owner's."""
    account = list_accounts(owner_id=owner_id).filter(pk=account_id).first()
    if account is None:
        raise AccountNotFound
    return account


def list_accounts(
    *,
    owner_id: UUID | None = None,
    currency: str | None = None,
    status: str | None = None,
    external_id: str | None = None,
) -> QuerySet[Account]:
    """Accounts with their balances, newest first."""
    wanted = {
        "owner_id": owner_id,
        "ledger_account__currency": currency,
        "status": status,
        "external_id": external_id,
    }
    return (
        Account.objects.select_related("ledger_account")
        .filter(**{name: value for name, value in wanted.items() if value is not None})
        .order_by("-created_at", "-pk")
    )


def get_parties(account_ids: Iterable[UUID]) -> dict[UUID, AccountParty]:
    """Those of these accounts that exist, by one statement.

    Whether they may move is for the books to say, under their locks.
    """
    # Plain SQL: building and compiling the queryset would take longer than asking.
    condition, parameters = one_of(set(account_ids))
    with connection.cursor() as cursor:
        cursor.execute(_PARTIES.format(condition=condition), parameters)
        rows = cursor.fetchall()
    return {
        account_id: AccountParty(account_id, owner_id, CURRENCIES.get(code))
        for account_id, owner_id, code in rows
    }


_PARTIES: Final = """
    SELECT account.id, account.owner_id, books.currency
    FROM accounts_account AS account
    JOIN ledger_ledgeraccount AS books ON books.id = account.id
    WHERE account.id {condition}
"""


def get_balance(account: Account, *, at: datetime | None, now: datetime) -> Balance:
    """The balance now, or as of a past instant, postings of that instant included."""
    books = account.ledger_account
    if at is None or at >= now:
        return Balance(account, at or now, books.posted_minor, books.held_minor)
    posted_minor = ledger.selectors.get_posted_minor_at(account.pk, at=at)
    return Balance(account, at, posted_minor, None)


def get_statement(
    account: Account, *, start: datetime | None, end: datetime
) -> Statement:
    """The account's postings from `start` (included; None: its opening) to `end`."""
    start = start or min(account.created_at, end)
    lines = list(
        ledger.selectors.list_postings_between(account.pk, start=start, end=end)
    )
    # Taken from the lines where there are any: a posting that commits between two
    # statements could otherwise be in one of them and not in the other.
    if lines:
        opening = lines[0].balance_after_minor - lines[0].amount_minor
        closing = lines[-1].balance_after_minor
    else:
        opening = ledger.selectors.get_posted_minor_before(account.pk, at=start)
        closing = opening
    return Statement(account, start, end, opening, closing, lines)
