"""The pages of holds, and those that nobody ended."""

from datetime import timedelta
from typing import Final

from django.contrib import admin
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ledger.admin.tables import HOLD_COLUMNS, account_cell
from ledger.models import Hold, HoldStatus
from paycore.backoffice.columns import money_column
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import (
    Table,
    count_up_to,
    named_subject_cell,
    newest,
    number_cell,
)
from paycore.lib.money import Money

# The worker looks every minute; a hold that it has just missed worries nobody.
GRACE: Final = timedelta(minutes=5)


@admin.register(Hold)
class HoldPages(Pages[Hold]):
    list_display = (
        *("shown_id", "account_code", "held_for", "shown_status"),
        *("amount", "created_at", "expires_at"),
    )
    list_filter = ("status", exact_filter("account", title="ledger account id"))
    search_fields = ("=id", "=account__code")
    search_help_text = "The whole id, or the code of a ledger account"
    slow_filters = frozenset({"status__exact"})
    indexed_statuses = frozenset({HoldStatus.OPEN})
    list_select_related = ("account",)
    fields = (
        ("id", "shown_status"),
        ("amount", "captured"),
        ("account_code", "reason"),
        ("held_for", "owner"),
        ("created_at", "ended_at"),
        "expires_at",
    )
    readonly_fields = (
        *("id", "shown_status", "account_code", "held_for", "amount", "captured"),
        *("owner", "reason", "created_at", "ended_at", "expires_at"),
    )

    amount = money_column("amount")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Of an account they have an index by time; of all, their ids are in its order.
        if "account" in request.GET:
            return ("-created_at", "-id")
        return ("-id",)

    @admin.display(description="captured of it")
    def captured(self, hold: Hold) -> SafeString:
        return number_cell(Money.of(hold.captured_minor, hold.currency))

    @admin.display(description="ledger account")
    def account_code(self, hold: Hold) -> SafeString:
        return account_cell(hold)

    @admin.display(description="for")
    def held_for(self, hold: Hold) -> SafeString:
        return named_subject_cell(hold.owner)


@on_first_page(Place.ATTENTION)
def overdue_holds() -> Table:
    """Holds that should have ended by themselves: the worker does not do its work."""
    overdue = Hold.objects.filter(
        Q(status=HoldStatus.OPEN, expires_at__lt=Now() - GRACE)
    ).order_by("expires_at")
    return Table(
        title="Holds past their expiry",
        columns=HOLD_COLUMNS,
        rows=newest(overdue),
        count=count_up_to(overdue),
    )
