"""The pages of quotes: who was promised what, and whether it was taken."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from fx.arithmetic import rate_text
from fx.models import Quote
from paycore.backoffice.columns import money_column
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import find_names, named_subject_cell, number_cell


@admin.register(Quote)
class QuotePages(Pages[Quote]):
    list_display = (
        *("created_at", "owner", "source", "destination"),
        *("expires_at", "redeemed_at"),
    )
    list_filter = (exact_filter("owner_id", title="owner id", parameter="owner"),)
    search_fields = ("=id", "=owner_id")
    search_help_text = "The whole id of the quote or of its owner"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (
        ("id", "owner"),
        ("source", "destination"),
        ("shown_rate", "income"),
        ("created_at", "expires_at"),
        "redeemed_at",
    )
    readonly_fields = (
        *("id", "owner", "source", "destination", "shown_rate", "income"),
        *("created_at", "expires_at", "redeemed_at"),
    )

    source = money_column("source")
    destination = money_column("destination")
    income = money_column("income")

    def prepare(self, rows: Sequence[Quote]) -> None:
        names = find_names(f"user:{quote.owner_id}" for quote in rows)
        for quote in rows:
            quote.names = names  # type: ignore[attr-defined]

    @admin.display(description="owner")
    def owner(self, quote: Any) -> SafeString:
        return named_subject_cell(f"user:{quote.owner_id}", quote.names)

    @admin.display(description="rate")
    def shown_rate(self, quote: Quote) -> str:
        return number_cell(rate_text(quote.rate))
