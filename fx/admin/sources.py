"""The pages of the sources of rates, and those that do not answer."""

from typing import Final

from django.contrib import admin
from django.utils.safestring import SafeString

from fx.models import RateSource
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Column, Table, newest, status_cell


@admin.register(RateSource)
class RateSourcePages(Pages[RateSource]):
    list_display = ("name", "shown_state", "answered_at", "failed_at", "retry_at")
    ordering = ("id",)
    fields = (
        ("name", "shown_state"),
        ("answered_at", "failures"),
        ("failed_at", "retry_at"),
        "failure",
    )
    readonly_fields = (
        *("name", "shown_state", "answered_at", "failures"),
        *("failed_at", "retry_at", "failure"),
    )

    @admin.display(description="state")
    def shown_state(self, source: RateSource) -> SafeString:
        if source.failures:
            return status_cell("failing", color="danger")
        return status_cell("answers", color="success")


@on_first_page(Place.ATTENTION)
def failing_sources() -> Table:
    failing = RateSource.objects.filter(failures__gt=0).order_by("-failures", "pk")
    return Table(
        title="Failing sources of exchange rates",
        columns=COLUMNS,
        rows=newest(failing),
        links=[link_to_list("fx_rate", "All rates")],
    )


COLUMNS: Final = (
    Column("Source", lambda source: link_to("fx_ratesource", source.pk, source)),
    Column("Failures", lambda source: source.failures, is_number=True),
    Column("Last answer", lambda source: source.answered_at or "never"),
    Column("Asked again", lambda source: source.retry_at),
    Column("Why", lambda source: source.failure, is_prose=True),
)
