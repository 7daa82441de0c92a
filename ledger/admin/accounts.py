"""The pages of ledger accounts: customers' and the house's own."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ledger.admin.tables import entries_of_account, open_holds_of_account
from ledger.house import HousePurpose, house_account_id
from ledger.models import LedgerAccount
from paycore.backoffice.columns import money_column
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, number_cell, status_cell
from paycore.lib.money import CURRENCIES, Money


class WhoseFilter(admin.SimpleListFilter):
    """The house's own accounts, by purpose."""

    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        purposes = [(purpose.value, f"House: {purpose}") for purpose in HousePurpose]
        return [("house", "House, all"), *purposes]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LedgerAccount]
    ) -> QuerySet[LedgerAccount] | None:
        wanted = self.value()
        if wanted is None:
            return None
        # By their ids, which follow from their codes, so that nothing is searched for.
        return queryset.filter(
            pk__in=[
                house_account_id(purpose, currency)
                for currency in CURRENCIES.all()
                for purpose in HousePurpose
                if wanted in ("house", purpose)
            ]
        )


class UsedFilter(admin.SimpleListFilter):
    """Most house accounts are in currencies that nobody uses."""

    title = "use"
    parameter_name = "used"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has moved"), ("no", "Never moved")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LedgerAccount]
    ) -> QuerySet[LedgerAccount] | None:
        never_moved = Q(version=0)
        if self.value() == "yes":
            return queryset.exclude(never_moved)
        return queryset.filter(never_moved) if self.value() == "no" else None


@admin.register(LedgerAccount)
class LedgerAccountPages(Pages[LedgerAccount]):
    list_display = ("code", "currency", "posted", "held", "available", "shown_state")
    list_filter = (
        WhoseFilter,
        UsedFilter,
        exact_filter("currency", title="currency code"),
    )
    search_fields = ("=id", "=code")
    search_help_text = "The whole id or code, like house:fx:EUR"
    # The order of an index; there is no index by time, nor a time.
    ordering = ("code",)
    fields = (
        ("code", "id"),
        ("posted", "held"),
        ("available", "shown_floor"),
        ("shown_shortfall", "shown_state"),
        "version",
    )
    readonly_fields = (
        *("code", "id", "posted", "held", "available", "shown_floor"),
        *("shown_shortfall", "shown_state", "version"),
    )

    posted = money_column("posted")
    held = money_column("held")
    available = money_column("available")

    @admin.display(description="lowest available allowed")
    def shown_floor(self, account: LedgerAccount) -> SafeString:
        if account.floor_minor is None:
            return number_cell("no limit")
        return number_cell(Money.of(account.floor_minor, account.currency))

    @admin.display(description="below that by force")
    def shown_shortfall(self, account: LedgerAccount) -> SafeString:
        return number_cell(Money.of(account.shortfall_minor, account.currency))

    @admin.display(description="state")
    def shown_state(self, account: LedgerAccount) -> SafeString:
        if account.is_closed:
            return status_cell("closed")
        return status_cell("frozen" if account.is_frozen else "open")

    def tables(self, row: LedgerAccount) -> list[Table]:
        return [entries_of_account(row.pk), open_holds_of_account(row.pk)]
