"""The pages of rates: everything that sources ever said."""

from django.contrib import admin

from fx.arithmetic import rate_text
from fx.models import Rate
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import number_cell


@admin.register(Rate)
class RatePages(Pages[Rate]):
    list_display = ("pair", "shown_rate", "source", "as_of", "created_at")
    list_filter = (
        exact_filter("base", title="base"),
        exact_filter("quote", title="quote"),
        exact_filter("source", title="source"),
    )
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    fields = (("base", "quote"), ("shown_rate", "source"), ("as_of", "created_at"))
    readonly_fields = ("base", "quote", "shown_rate", "source", "as_of", "created_at")

    @admin.display(description="pair")
    def pair(self, rate: Rate) -> str:
        return str(rate)

    @admin.display(description="rate")
    def shown_rate(self, rate: Rate) -> str:
        return number_cell(rate_text(rate.rate))
