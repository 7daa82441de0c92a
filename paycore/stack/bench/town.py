"""Who pays whom in the benchmark: people, their accounts, and their credentials.

The accounts' ids are numbers in the form of a UUIDv7, so that `pgbench` too can choose
one without asking the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from accounts import tokens
from accounts.models import Account
from accounts.services import UserDraft, create_api_key, create_user
from fx.services import seed_rates
from ledger.house import HousePurpose, house_account_id
from ledger.services import (
    EntryDraft,
    LedgerAccountDraft,
    Line,
    open_ledger_accounts,
    post_entries,
)
from paycore.api.principals import Principal
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.origin import Origin
from paycore.lib.roles import Role, Scope

ORIGIN: Final = Origin(actor="command:bench")
CUSTOMERS: Final = 50
OPENING_MINOR: Final = 1_000_000_00
ACCOUNTS_AT_ONCE: Final = 1000
ID_PREFIX: Final = "01900000-0000-7000-8000-"
FIRST_NUMBER: Final = 100_000_000_000


@dataclass(frozen=True, slots=True)
class Customer:
    """`header` is the whole line that proves who they are: a token, or an API key."""

    user_id: UUID
    header: str
    account_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Town:
    """`plain` and `insider` order the transfers of plain SQL and of the engine."""

    customers: Sequence[Customer]
    plain: UUID
    insider: UUID
    accounts: int

    @property
    def account_ids(self) -> list[UUID]:
        return [account_id(number) for number in range(self.accounts)]

    @property
    def euro_account_ids(self) -> list[UUID]:
        """One of each customer, beside the accounts in dollars that are counted."""
        return [account_id(self.accounts + n) for n in range(len(self.customers))]


def account_id(number: int) -> UUID:
    return UUID(f"{ID_PREFIX}{FIRST_NUMBER + number}")


def found_town(*, accounts: int) -> Town:
    """People with funded accounts, and rates, in a database that has none of them."""
    seed_rates()
    # Hashing is slow on purpose, and nobody here signs in by password.
    password_hash = make_password("nobody signs in by password")
    plain, insider = (_create_person(n, password_hash) for n in ("plain", "insider"))
    customer_ids = [
        _create_person(f"customer-{number}", password_hash)
        for number in range(min(CUSTOMERS, accounts))
    ]
    shares = len(customer_ids)
    owners = [customer_ids[number % shares] for number in range(accounts)]
    currency = CURRENCIES.get("USD")
    for start in range(0, accounts, ACCOUNTS_AT_ONCE):
        _open_accounts(start, owners[start : start + ACCOUNTS_AT_ONCE], currency)
    _open_accounts(accounts, customer_ids, CURRENCIES.get("EUR"))
    customers = [
        Customer(
            user_id=user_id,
            header=_proof(user_id, password_hash, by_key=bool(number % 2)),
            account_ids=[account_id(n) for n in range(number, accounts, shares)],
        )
        for number, user_id in enumerate(customer_ids)
    ]
    return Town(customers, plain, insider, accounts)


def _create_person(name: str, password_hash: str) -> UUID:
    draft = UserDraft(
        email=f"{name}@bench.example",
        password_hash=password_hash,
        full_name="",
        time_zone="UTC",
        currency="USD",
    )
    return create_user(draft=draft, origin=ORIGIN).pk


def _open_accounts(start: int, owners: Sequence[UUID], currency: Currency) -> None:
    # People open one account at a time, so no service opens thousands.
    opened = [(account_id(start + n), owner_id) for n, owner_id in enumerate(owners)]
    house = house_account_id(HousePurpose.OPENING, currency)
    opening = Money(OPENING_MINOR, currency)
    with transaction.atomic():
        open_ledger_accounts(
            LedgerAccountDraft(id=pk, code=f"customer:{pk}", currency=currency)
            for pk, _ in opened
        )
        Account.objects.bulk_create(
            Account(ledger_account_id=pk, owner_id=owner_id) for pk, owner_id in opened
        )
        post_entries(
            drafts=[
                EntryDraft("opening", (Line(house, -opening), Line(pk, opening)))
                for pk, _ in opened
            ]
        )


def _proof(user_id: UUID, password_hash: str, *, by_key: bool) -> str:
    if by_key:
        made = create_api_key(
            owner=Principal(user_id=user_id, role=Role.USER),
            name="bench",
            scopes=frozenset({Scope.TRANSFERS_WRITE}),
            expires_at=None,
            origin=ORIGIN,
        )
        return f"X-API-Key: {made.secret}"
    token = tokens.issue_access_token(user_id=user_id, password_hash=password_hash)
    return f"Authorization: Bearer {token}"


def settle_down() -> None:
    """Let the planner know the tables, and leave no seeding to the first checkpoint."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("CHECKPOINT")
