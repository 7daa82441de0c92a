"""The queue of held payments, and the page on which a person decides about one.

Made to be worked through by keyboard: see `backoffice/keys.js`.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.formats import localize
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from paycore.backoffice.columns import age_of, link_column, link_to, money_text
from paycore.backoffice.forms import ReasonForm
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.orders import Order, way_on, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, number_cell
from risk.admin.cells import age_cell, flags_cell, person_cell, sentences_cell
from risk.admin.columns import PaymentColumns
from risk.admin.filters import (
    AgeFilter,
    FlagFilter,
    HeldBandFilter,
    ScoreFilter,
    StatusFilter,
    SubjectFilter,
    status_asked,
)
from risk.admin.tables import findings_of, rules_asked, timeline_of
from risk.models import Review, ReviewStatus
from risk.selectors import QUEUE_ORDER, list_open_reviews
from risk.services import resolve_review

# Filters of the queue, which one stays in while one works through it.
NARROWING = (
    *(AgeFilter, HeldBandFilter, ScoreFilter, FlagFilter, SubjectFilter),
    exact_filter("user", title="user id"),
)
COLUMNS = (
    *("shown_band", "shown_score", "shown_amount", "person", "shown_kind"),
    "shown_flags",
)
# Where Django keeps the filters of the list that one came from.
KEPT = "_changelist_filters"
LIST = "admin:risk_review_changelist"
PAGE = "admin:risk_review_change"


class VerdictForm(ReasonForm):
    """What is held, and why."""

    def facts(self) -> Sequence[tuple[str, object]]:
        review: Review = self.row
        assessment = review.assessment
        return (
            ("Amount", assessment.amount),
            ("Kind", assessment.kind),
            ("Person", person_cell(review)),
            ("To", assessment.counterparty or "-"),
            ("Score", f"{review.score} of 100"),
            ("Why", sentences_cell(assessment.reasons)),
            ("Waits since", f"{localize(review.created_at)}, {_ago(review)}"),
        )


def _next_address(pages: "ReviewPages", request: HttpRequest, review: Review) -> str:
    """Where to go on: to the next open review, or to the list when there is none."""
    return pages.address_of(request, _next_of(pages.queue(request), review))


def _next_of(waiting: QuerySet[Review], review: Review) -> Review | None:
    """The one after this one in a queue; after the last one, the first."""
    others = waiting.exclude(pk=review.pk)
    of_band = Q(band=review.band)
    later = of_band & Q(created_at__gt=review.created_at)
    beside = of_band & Q(created_at=review.created_at, pk__gt=review.pk)
    after = others.filter(Q(band__lt=review.band) | later | beside)
    return after.first() or others.first()


@admin.register(Review)
class ReviewPages(PaymentColumns, Pages[Review]):
    list_display = ("created_at", "shown_status", *COLUMNS)
    list_filter = (StatusFilter, *NARROWING)
    search_fields = ("=id", "=subject_id", "=user__email")
    search_help_text = "The whole id, the payment's id, or the user's email address"
    date_hierarchy = "created_at"
    slow_filters = frozenset({"status", "age", "band", "score", "flag", "subject_type"})
    nothing = "No payment waits for a review."
    list_select_related = ("assessment", "user", "decided_by")
    actions_list = ("begin",)
    actions_detail = ("approve", "reject", "go_on")
    readonly_fields = (
        *("shown_status", "shown_band", "score", "waits", "shown_reasons", "amount"),
        *("shown_worth", "payment", "counterparty", "person", "name", "created_at"),
        *("local_time", "shown_assessment", "id", "decider", "decided_at", "reason"),
    )

    decider = link_column(
        "decided_by_id",
        page="accounts_user",
        text="decided_by.email",
        description="decided by",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return QUEUE_ORDER if _is_queue(request) else ("-created_at", "-pk")

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("age", *COLUMNS) if _is_queue(request) else self.list_display

    def is_quick(self, request: HttpRequest, filters: Collection[str]) -> bool:
        # The open ones have an index.
        return _is_queue(request) or super().is_quick(request, filters)

    def get_fieldsets(self, request: HttpRequest, obj: Review | None = None) -> Any:
        held = (
            *(("shown_status", "shown_band"), ("score", "waits")),
            *("shown_reasons", ("amount", "shown_worth")),
            *(("payment", "counterparty"), ("person", "name")),
            *(("created_at", "local_time"), ("shown_assessment", "id")),
        )
        verdict = (("decider", "decided_at"), "reason")
        is_open = obj is not None and obj.status == ReviewStatus.OPEN
        sections = [(None, {"fields": held}), ("Verdict", {"fields": verdict})]
        return sections[:1] if is_open else sections

    @admin.display(description="age")
    def age(self, review: Review) -> SafeString | str:
        return age_cell(review)

    @admin.display(description="waits for")
    def waits(self, review: Review) -> SafeString | str:
        return age_cell(review)

    @admin.display(description="amount")
    def shown_amount(self, review: Review) -> SafeString:
        return number_cell(review.assessment.amount)

    @admin.display(description="amount")
    def amount(self, review: Review) -> SafeString:
        return money_text(review.assessment.amount)

    @admin.display(description="flags")
    def shown_flags(self, review: Review) -> SafeString | str:
        return flags_cell(review.flags)

    @admin.display(description="to")
    def counterparty(self, review: Review) -> str:
        return review.assessment.counterparty or "-"

    @admin.display(description="assessment")
    def shown_assessment(self, review: Review) -> SafeString:
        return link_to("risk_assessment", review.assessment_id, review.assessment_id)

    def buttons_for(self, row: Review) -> Collection[str]:
        return self.actions_detail if row.status == ReviewStatus.OPEN else ["go_on"]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,  # noqa: FBT002
        change: bool = False,  # noqa: FBT002
        form_url: str = "",
        obj: Review | None = None,
    ) -> HttpResponse:
        if obj is not None and obj.user_id == request.user.pk:
            # Nobody decides about a payment of their own. The service says so, too.
            context["actions_detail"] = [
                button
                for button in context.get("actions_detail", ())
                if button["path"].endswith("/go_on/")
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def tables(self, row: Review) -> list[Table]:
        title = f"What {row.user.email} paid lately"
        return [
            findings_of(row.assessment),
            timeline_of(row.user_id, title=title, here=row.assessment_id),
            rules_asked(row.assessment),
            events_of_subject(row.pk),
        ]

    @with_reason(
        title="Approve",
        permission="risk.approve_review",
        explanation="The payment goes on: a transfer is completed, a payout is sent."
        " Its score is not judged again; its accounts must still be active.",
        form=VerdictForm,
        key="a",
        then=_next_address,
    )
    def approve(self, order: Order) -> str:
        return _resolve(order, ReviewStatus.APPROVED)

    @with_reason(
        title="Reject",
        permission="risk.reject_review",
        explanation="The payment fails, and its funds are available to the person"
        " again. It cannot be approved any more.",
        form=VerdictForm,
        is_dangerous=True,
        key="r",
        then=_next_address,
    )
    def reject(self, order: Order) -> str:
        return _resolve(order, ReviewStatus.REJECTED)

    @way_on(title="Next", key="n")
    def go_on(self, request: HttpRequest, object_id: str) -> str:
        review = self.get_object(request, object_id)
        following = None if review is None else _next_of(self.queue(request), review)
        if following is None:
            messages.info(request, "No other review is open.")
        return self.address_of(request, following)

    @way_on(title="Begin", key="n")
    def begin(self, request: HttpRequest) -> str:
        first = self.queue(request).first()
        if first is None:
            messages.info(request, "No review is open.")
        return self.address_of(request, first)

    def queue(self, request: HttpRequest) -> QuerySet[Review]:
        """What is open, of the list that one came from."""
        rows = list_open_reviews()
        asked = dict(QueryDict(request.GET.get(KEPT, "")).lists())
        for narrow in NARROWING:
            found = narrow(request, asked, Review, self).queryset(request, rows)
            rows = rows if found is None else found
        return rows

    def address_of(self, request: HttpRequest, review: Review | None) -> str:
        """Of a review, or of the list; of either with the filters one came with."""
        kept = self.get_preserved_filters(request)
        if review is None:
            return _with_query(reverse(LIST), request.GET.get(KEPT, ""))
        return _with_query(reverse(PAGE, args=[review.pk]), kept)


def _is_queue(request: HttpRequest) -> bool:
    return status_asked(request) == ReviewStatus.OPEN


def _with_query(address: str, query: str) -> str:
    return f"{address}?{query}" if query else address


def _resolve(order: Order, verdict: ReviewStatus) -> str:
    review = resolve_review(
        review_id=order.object_id,
        verdict=verdict,
        reason=order.reason,
        by_id=order.by.user_id,
        origin=order.origin,
    )
    assessment = review.assessment
    told = f"The {assessment.kind} of {assessment.amount} is {review.status}"
    if review.decided_by_id is None:
        # The payment was ended otherwise; the reason says how.
        return f"{told} already: {review.reason}"
    if review.decided_by_id != order.by.user_id:
        return f"{told} already, by somebody else."
    return f"{told}." if review.reason == order.reason else f"{told} already, by you."


def _ago(review: Review) -> str:
    return f"{age_of(review.created_at)} ago"
