"""Tables of accounts and people: for other pages, and for the first page."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from accounts.models import Account, AccountStatus, User, UserStatus
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    Column,
    Table,
    count_up_to,
    names_for,
    newest,
    short_id,
    status_cell,
    table_of,
)


@on_first_page(Place.ATTENTION)
def frozen_accounts() -> Table:
    frozen = Account.objects.filter(status=AccountStatus.FROZEN)
    return Table(
        title="Frozen accounts",
        columns=COLUMNS,
        rows=newest(_with_books(frozen).order_by("-created_at")),
        links=[link_to_list("accounts_account", "All", status__exact="frozen")],
        count=count_up_to(frozen),
    )


@on_first_page(Place.ATTENTION)
def suspended_people() -> Table:
    suspended = User.objects.filter(status=UserStatus.SUSPENDED)
    return Table(
        title="Suspended people",
        columns=(
            Column("Person", _user_cell),
            Column("Name", lambda user: user.full_name),
            STATUS,
            Column("Here since", lambda user: user.created_at),
        ),
        rows=newest(suspended.order_by("-created_at")),
        links=[link_to_list("accounts_user", "All", status__exact="suspended")],
        count=count_up_to(suspended),
    )


@names_for("user")
def emails_of(user_ids: Collection[UUID]) -> dict[UUID, str]:
    """By what staff know people."""
    return dict(User.objects.filter(pk__in=user_ids).values_list("pk", "email"))


@names_for("customer")
def emails_of_owners(account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Whose accounts these are. The books name a customer's account by its id."""
    accounts = Account.objects.filter(pk__in=account_ids)
    return dict(accounts.values_list("pk", "owner__email"))


def account_named(account_id: UUID, *, title: str) -> Table:
    """The account with an id that somebody wrote, if there is one."""
    account = Account.objects.filter(pk=account_id)
    return Table(
        title=title,
        columns=COLUMNS,
        rows=list(_with_books(account)),
        empty="There is no account with this id.",
    )


@table_of("ledger.ledgeraccount")
def account_of_books(books: Any) -> Table:
    """Whose account a ledger account is, if it is a customer's."""
    account = Account.objects.filter(pk=books.pk)
    return Table(
        title="Customer's account",
        columns=COLUMNS,
        rows=list(_with_books(account)),
        empty="None: it is the house's own.",
    )


@table_of("accounts.user")
def accounts_of_user(user: User) -> Table:
    accounts = _with_books(Account.objects.filter(owner=user))
    return Table(
        title="Accounts",
        columns=COLUMNS,
        rows=newest(accounts.order_by("-created_at", "-pk")),
        links=[link_to_list("accounts_account", "All accounts", owner=user.pk)],
        count="newest first",
    )


def _with_books(accounts: QuerySet[Account]) -> QuerySet[Account]:
    return accounts.select_related("ledger_account", "owner")


def _user_cell(user: User) -> SafeString:
    return link_to("accounts_user", user.pk, user.email)


def _account_cell(account: Account) -> SafeString:
    return link_to("accounts_account", account.pk, short_id(account.pk))


STATUS: Final = Column("Status", lambda row: status_cell(row.status))
COLUMNS: Final = (
    Column("Account", _account_cell),
    Column("Owner", lambda account: _user_cell(account.owner)),
    Column("Name", lambda account: account.name),
    STATUS,
    Column("Opened", lambda account: account.created_at),
    Column("Posted", lambda account: account.ledger_account.posted, is_number=True),
    Column("Held", lambda account: account.ledger_account.held, is_number=True),
)
