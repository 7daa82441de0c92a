"""The pages of assessments: what was thought of each payment, and why."""

from django.contrib import admin
from django.utils.formats import localize
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from paycore.backoffice.columns import money_column
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table
from risk.admin.cells import flags_cell
from risk.admin.columns import PaymentColumns
from risk.admin.filters import (
    BandFilter,
    FlagFilter,
    KindFilter,
    ScoreFilter,
    ShadowFlagFilter,
)
from risk.admin.tables import findings_of, reviews_of, rules_asked, timeline_of
from risk.models import Assessment


@admin.register(Assessment)
class AssessmentPages(PaymentColumns, Pages[Assessment]):
    list_display = (
        *("assessed_at", "shown_band", "shown_score", "amount", "person"),
        *("shown_kind", "shown_flags"),
    )
    list_filter = (
        *(BandFilter, ScoreFilter, FlagFilter, ShadowFlagFilter, KindFilter),
        exact_filter("user", title="user id"),
    )
    search_fields = ("=id", "=subject_id", "=user__email")
    search_help_text = "The whole id, the payment's id, or the user's email address"
    date_hierarchy = "assessed_at"
    slow_filters = frozenset({"band", "score", "flag", "shadow", "kind"})
    ordering = ("-assessed_at", "-id")
    list_select_related = ("user",)
    fields = (
        ("shown_band", "score"),
        "shown_reasons",
        ("amount", "shown_worth"),
        ("payment", "counterparty"),
        ("person", "name"),
        ("assessed_at", "local_time"),
        ("shown_outcome", "id"),
    )
    readonly_fields = (
        *(
            "shown_band",
            "score",
            "shown_reasons",
            "amount",
            "shown_worth",
            "payment",
            "name",
        ),
        *("person", "counterparty", "assessed_at", "local_time", "shown_outcome", "id"),
    )

    amount = money_column("amount")

    @admin.display(description="flags")
    def shown_flags(self, assessment: Assessment) -> SafeString | str:
        return flags_cell(assessment.flags, assessment.shadow_flags)

    @admin.display(description="outcome")
    def shown_outcome(self, assessment: Assessment) -> str:
        if assessment.voided_at is None:
            return "counts towards limits and averages"
        return f"came to nothing at {localize(assessment.voided_at)}"

    def tables(self, row: Assessment) -> list[Table]:
        title = f"What {row.user.email} paid lately"
        return [
            findings_of(row),
            reviews_of(row),
            rules_asked(row),
            timeline_of(row.user_id, title=title, here=row.pk),
            events_of_subject(row.subject_id),
        ]
