"""The pages of journal entries and their postings."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ledger.admin.tables import account_cell, postings_of_entry, reversal_of_entry
from ledger.models import JournalEntry, Posting
from paycore.backoffice.columns import link_column, money_column, money_text
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, number_cell
from paycore.lib.money import Money


@admin.register(JournalEntry)
class JournalEntryPages(Pages[JournalEntry]):
    list_display = ("shown_id", "kind", "description", "moved", "created_at")
    list_filter = (exact_filter("kind", title="kind"),)
    search_fields = ("=id",)
    search_help_text = "The whole id"
    date_hierarchy = "created_at"
    slow_filters = frozenset({"kind"})
    ordering = ("-created_at", "-id")
    fields = (
        ("id", "kind"),
        ("created_at", "effective_at"),
        "description",
        "takes_back",
        "metadata",
    )
    readonly_fields = (
        *("id", "kind", "created_at", "effective_at"),
        *("description", "takes_back", "metadata"),
    )

    takes_back = link_column(
        "reverses_id", page="ledger_journalentry", description="reverses"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        incoming = Posting.objects.filter(amount_minor__gt=0).order_by("pk")
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("postings", incoming, to_attr="incoming"))
        )

    @admin.display(description="moved")
    def moved(self, entry: Any) -> SafeString:
        """All that was credited, per currency."""
        totals: dict[str, int] = {}
        for posting in entry.incoming:
            total = totals.get(posting.currency, 0) + posting.amount_minor
            totals[posting.currency] = total
        amounts = (
            (money_text(Money.of(total, code)),) for code, total in totals.items()
        )
        return number_cell(format_html_join(", ", "{}", amounts))

    def tables(self, row: JournalEntry) -> list[Table]:
        return [postings_of_entry(row), reversal_of_entry(row)]


@admin.register(Posting)
class PostingPages(Pages[Posting]):
    list_display = (
        *("id", "account_code", "entry_kind", "amount", "balance_after", "created_at"),
    )
    list_filter = (
        exact_filter("account", title="ledger account id"),
        exact_filter("account__code", title="ledger account code", parameter="code"),
    )
    search_fields = ("=id", "=entry")
    search_help_text = "The whole id of the posting or its entry"
    list_select_related = ("account", "entry")
    fields = (
        ("id", "created_at"),
        ("entry_kind", "account_code"),
        ("amount", "balance_after"),
        "balance_before",
    )
    readonly_fields = (
        *("id", "created_at", "entry_kind", "account_code"),
        *("amount", "balance_before", "balance_after"),
    )

    entry_kind = link_column(
        "entry_id",
        page="ledger_journalentry",
        text="entry.kind",
        description="journal entry",
    )
    amount = money_column("amount")
    balance_before = money_column("balance_before")
    balance_after = money_column("balance_after")

    @admin.display(description="ledger account")
    def account_code(self, posting: Posting) -> SafeString:
        return account_cell(posting)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # Postings have an index by account and time, and none by time alone.
        if "account" in request.GET:
            return ("-created_at", "-id")
        return ("-id",)
