"""The pages of accounts: whose, how much, what moved, and the buttons that stop it."""

from collections.abc import Callable, Collection
from typing import Any, Final

from django.contrib import admin
from django.utils.safestring import SafeString

from accounts import services
from accounts.models import ACCOUNT_MOVES, Account, AccountStatus
from events.admin import events_of_subject
from ledger.admin import entries_of_account, open_holds_of_account
from paycore.backoffice.columns import (
    link_column,
    link_to,
    money_column,
)
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table

CellOf = Callable[[Any, Account], str]

# The button that moves an account to a status.
BUTTONS: Final = {
    AccountStatus.FROZEN: "freeze",
    AccountStatus.ACTIVE: "unfreeze",
    AccountStatus.CLOSED: "close",
}


def _balance(name: str) -> CellOf:
    of_books = money_column(name)

    @admin.display(description=name)
    def column(pages: Any, account: Account) -> str:
        shown: str = of_books(pages, account.ledger_account)
        return shown

    return column


@admin.register(Account)
class AccountPages(Pages[Account]):
    list_display = (
        *("shown_id", "owner_email", "name", "external_id", "shown_status"),
        *("posted", "available", "created_at"),
    )
    list_filter = (
        "status",
        exact_filter(
            "ledger_account__currency", title="currency", parameter="currency"
        ),
        exact_filter("owner", title="owner id"),
    )
    search_fields = ("=ledger_account", "=external_id", "=owner__email", "=owner")
    search_help_text = "The whole id, external id, or owner's email address"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-ledger_account")
    list_select_related = ("ledger_account", "owner")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("whole_id", "shown_status"),
                    ("owner_email", "external_id"),
                    ("name", "kind"),
                    ("created_at", "books"),
                )
            },
        ),
        ("Balance", {"fields": (("posted", "held", "available"),)}),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )
    readonly_fields = (
        *("whole_id", "shown_status", "owner_email", "external_id", "name", "kind"),
        *("created_at", "books", "posted", "held", "available", "metadata"),
    )
    actions_detail = ("freeze", "unfreeze", "close")

    owner_email = link_column(
        "owner_id", page="accounts_user", text="owner.email", description="owner"
    )
    posted = _balance("posted")
    held = _balance("held")
    available = _balance("available")

    @admin.display(description="id")
    def whole_id(self, account: Account) -> str:
        return str(account.pk)

    @admin.display(description="ledger account")
    def books(self, account: Account) -> SafeString:
        return link_to("ledger_ledgeraccount", account.pk, account.ledger_account.code)

    def buttons_for(self, row: Account) -> Collection[str]:
        moves = ACCOUNT_MOVES.get(AccountStatus(row.status), frozenset())
        return {BUTTONS[status] for status in moves}

    def tables(self, row: Account) -> list[Table]:
        return [
            entries_of_account(row.pk),
            open_holds_of_account(row.pk),
            events_of_subject(row.pk),
        ]

    @with_reason(
        title="Freeze account",
        permission="accounts.freeze_account",
        explanation="The account neither sends nor receives money from now on, until"
        " somebody unfreezes it. What it holds stays where it is.",
        is_dangerous=True,
    )
    def freeze(self, order: Order) -> str:
        services.freeze_account(
            account_id=order.object_id, reason=order.reason, origin=order.origin
        )
        return "The account is frozen."

    @with_reason(
        title="Unfreeze account",
        permission="accounts.freeze_account",
        explanation="The account sends and receives money again.",
    )
    def unfreeze(self, order: Order) -> str:
        services.unfreeze_account(
            account_id=order.object_id, reason=order.reason, origin=order.origin
        )
        return "The account is active again."

    @with_reason(
        title="Close account",
        permission="accounts.freeze_account",
        explanation="The account is closed for good; nobody can open it again. It must"
        " be empty: no money, no holds.",
        is_dangerous=True,
    )
    def close(self, order: Order) -> str:
        services.close_account(
            account_id=order.object_id, reason=order.reason, origin=order.origin
        )
        return "The account is closed."
