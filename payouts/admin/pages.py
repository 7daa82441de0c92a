"""The pages of payouts: where the money is, what was said about it, what to do next."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from ledger.admin import hold_of_order, postings_of_entry
from paycore.backoffice.columns import age_of, link_column, money_column
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.orders import Order, way_on, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table
from payouts import services
from payouts.admin.attempts import (
    answer_cell,
    attach_answers,
    describe_answer,
    timeline_of,
)
from payouts.admin.cells import (
    age_cell,
    broken_cell,
    describe_next,
    owner_cell,
    stage_cell,
    times,
    to_cell,
    word_cell,
)
from payouts.admin.discrepancies import discrepancies_of
from payouts.admin.forms import (
    ApprovalForm,
    ConfirmationForm,
    PayoutForm,
    QuestionForm,
    RefundForm,
)
from payouts.admin.queues import (
    WaitsFilter,
    is_queue,
    next_in_queue,
    was_in_review,
)
from payouts.admin.sepa import instruction_of
from payouts.models import UNSETTLED, Approval, Decision, Payout, PayoutStatus
from payouts.services import Resolution
from risk.admin import risk_of_payment

COLUMNS = ("stage", "amount", "to", "source", "gateway_says")


@admin.register(Payout)
class PayoutPages(Pages[Payout]):
    list_display = ("created_at", *COLUMNS)
    list_filter = (
        *(WaitsFilter, "status", "approval"),
        exact_filter("account", title="account id"),
        exact_filter("owner_id", title="owner id", parameter="owner"),
        exact_filter("gateway", title="gateway"),
        exact_filter("currency", title="currency"),
    )
    search_fields = ("=id", "=reference", "=gateway_reference", "=journal_entry")
    search_help_text = (
        "The whole id, reference, gateway's reference, or id of the journal entry"
    )
    date_hierarchy = "created_at"
    slow_filters = frozenset(
        {"status__exact", "approval__exact", "gateway", "currency"}
    )
    indexed_statuses = frozenset(UNSETTLED)
    nothing = "Nobody has requested a payout yet."
    list_select_related = (
        *("account__owner", "requested_by", "approved_by", "decided_by"),
        "journal_entry",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("id", "shown_status"),
                    ("amount", "source"),
                    ("beneficiary_name", "iban"),
                    ("shown_bic", "reference"),
                    ("requester", "requested"),
                    ("entry", "completed_at"),
                )
            },
        ),
        (
            "The gateway",
            {
                "fields": (
                    ("gateway", "known_as"),
                    ("sent", "asked"),
                    ("answer_in_words", "failure_code"),
                    ("next_step", "doubted"),
                )
            },
        ),
        (
            "People",
            {
                "fields": (
                    "approval_in_words",
                    ("approver", "approved_at"),
                    "shown_decision",
                    ("decider", "decided_at"),
                )
            },
        ),
    )
    readonly_fields = (
        *("id", "shown_status", "amount", "source", "beneficiary_name", "iban"),
        *("shown_bic", "reference", "requester", "requested", "entry", "completed_at"),
        *("gateway", "known_as", "sent", "asked", "answer_in_words"),
        *("failure_code", "next_step", "doubted", "approval_in_words"),
        *("approver", "approved_at", "shown_decision", "decider", "decided_at"),
    )
    actions_detail = (
        *("approve", "cancel", "ask_again", "confirm_sent", "refund_failed", "go_on"),
    )

    amount = money_column("amount")
    requester = link_column(
        "requested_by_id",
        page="accounts_user",
        text="requested_by.email",
        description="requested by",
    )
    approver = link_column(
        "approved_by_id",
        page="accounts_user",
        text="approved_by.email",
        description="approved by",
    )
    decider = link_column(
        "decided_by_id",
        page="accounts_user",
        text="decided_by.email",
        description="decided by",
    )
    entry = link_column(
        "journal_entry_id", page="ledger_journalentry", description="journal entry"
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # A queue begins with who has waited longest.
        if is_queue(request):
            return ("created_at", "id")
        return ("-created_at", "-id")

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("age", *COLUMNS, "sent") if is_queue(request) else self.list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payout]:
        # Nobody here may read it, so nothing here reads it.
        return super().get_queryset(request).defer("iban_sealed")

    def prepare(self, rows: Sequence[Payout]) -> None:
        attach_answers(rows)

    @admin.display(description="status")
    def stage(self, payout: Payout) -> SafeString:
        return stage_cell(payout)

    @admin.display(description="to")
    def to(self, payout: Payout) -> SafeString:
        return to_cell(payout)

    @admin.display(description="IBAN")
    def iban(self, payout: Payout) -> str:
        return payout.iban_masked

    @admin.display(description="BIC")
    def shown_bic(self, payout: Payout) -> str:
        return payout.bic or "-"

    @admin.display(description="from")
    def source(self, payout: Payout) -> SafeString:
        return owner_cell(payout)

    @admin.display(description="sent")
    def sent(self, payout: Payout) -> str:
        return times(payout.attempts)

    @admin.display(description="gateway reference")
    def known_as(self, payout: Payout) -> SafeString:
        return broken_cell(payout.gateway_reference or "-")

    @admin.display(description="asked")
    def asked(self, payout: Payout) -> str:
        if payout.attempts == 0:
            return "-"
        # A decision begins the count anew: whether it was right is asked as patiently.
        since = "it was sent" if payout.decided_at is None else "the decision"
        return f"{times(payout.questions)} since {since}"

    @admin.display(description="in doubt since")
    def doubted(self, payout: Payout) -> str:
        # Kept once it is over, when nobody is in doubt any more.
        since = payout.unknown_since if payout.is_unsettled else None
        return "-" if since is None else localize(since)

    @admin.display(description="gateway says")
    def gateway_says(self, payout: Payout) -> SafeString:
        return format_html("{} {}", payout.gateway, answer_cell(payout))

    @admin.display(description="gateway says")
    def answer_in_words(self, payout: Payout) -> str:
        if payout.attempts == 0:
            return "-"
        return describe_answer(payout.answer)  # type: ignore[attr-defined]

    @admin.display(description="age")
    def age(self, payout: Payout) -> str:
        return age_cell(payout)

    @admin.display(description="requested")
    def requested(self, payout: Payout) -> str:
        return f"{localize(payout.created_at)}, {age_of(payout.created_at)} ago"

    @admin.display(description="approval")
    def approval_in_words(self, payout: Payout) -> SafeString | str:
        if payout.approval is None:
            return "not needed"
        if payout.approval == Approval.REQUIRED:
            return format_html(
                "{} by somebody else than who requested it", word_cell(payout.approval)
            )
        return word_cell(payout.approval)

    @admin.display(description="decision")
    def shown_decision(self, payout: Payout) -> str:
        return payout.decision or "-"

    @admin.display(description="what comes next")
    def next_step(self, payout: Payout) -> str:
        return describe_next(payout)

    def buttons_for(self, row: Payout) -> Collection[str]:
        in_review = row.status == PayoutStatus.MANUAL_REVIEW
        is_pending = row.status == PayoutStatus.PENDING
        may_be = {
            "approve": is_pending and row.approval == Approval.REQUIRED,
            "cancel": is_pending,
            "ask_again": row.attempts > 0,
            "confirm_sent": in_review,
            "refund_failed": in_review,
            # Also once it is over, so that one works through a queue.
            "go_on": row.approval is not None or was_in_review(row),
        }
        return [name for name, may in may_be.items() if may]

    def tables(self, row: Payout) -> list[Table]:
        return list(_tables_of(row))

    @with_reason(
        title="Approve",
        permission="payouts.approve_payout",
        explanation="The payout is sent. You say that its amount and receiver are what"
        " they should be; if they change, somebody must approve them again.",
        form=ApprovalForm,
        key="a",
    )
    def approve(self, order: Order) -> str:
        payout = services.approve_payout(
            payout_id=order.object_id,
            approver_id=order.by.user_id,
            reason=order.reason,
            origin=order.origin,
        )
        if payout.is_held:
            return "The payout is approved. It still waits for a review of its risk."
        return "The payout is approved. The next worker sends it."

    @with_reason(
        title="Cancel payout",
        permission="payouts.cancel_payout",
        explanation="The payout is not sent, and its funds are available again. Once a"
        " worker has taken it up, it cannot be cancelled any more.",
        form=PayoutForm,
        is_dangerous=True,
    )
    def cancel(self, order: Order) -> str:
        payout = services.cancel_payout(
            payout_id=order.object_id, reason=order.reason, origin=order.origin
        )
        return f"The payout is cancelled; {payout.amount} is available again."

    @with_reason(
        title="Ask again",
        permission="payouts.ask_about_payout",
        explanation="A worker asks the gateway what became of the payout, now and not"
        " when its turn comes. Within seconds the answer is among its attempts; if it"
        " is a definite one, the payout follows it by itself.",
        form=QuestionForm,
        key="q",
    )
    def ask_again(self, order: Order) -> str:
        services.ask_again(
            payout_id=order.object_id, reason=order.reason, origin=order.origin
        )
        return (
            "A worker asks the gateway now. Load this page again in some seconds: the"
            " answer is among the attempts then."
        )

    @with_reason(
        title="It was sent",
        permission="payouts.resolve_payout",
        explanation="You know from the gateway that the money has left. The funds on"
        " hold are taken, and the payout is completed for good. If the gateway ever"
        " says otherwise, that is raised, and moves nothing by itself.",
        form=ConfirmationForm,
        is_dangerous=True,
        key="s",
    )
    def confirm_sent(self, order: Order) -> str:
        reference = order.asked["gateway_reference"]
        payout = _resolve(order, Decision.CONFIRM_SENT, reference)
        return f"The payout is completed: {payout.amount} has left."

    @with_reason(
        title="It failed, give the funds back",
        permission="payouts.resolve_payout",
        explanation="You know from the gateway that the money has not left, and will"
        " not. The customer has the funds back at once, and can spend them. If the"
        " gateway executes the payout after all, the money is gone twice: that is"
        " raised, and moves nothing by itself.",
        form=RefundForm,
        is_dangerous=True,
        key="f",
    )
    def refund_failed(self, order: Order) -> str:
        payout = _resolve(order, Decision.REFUND_FAILED)
        return f"The payout has failed; {payout.amount} is available again."

    @way_on(title="Next", key="n")
    def go_on(self, request: HttpRequest, object_id: str) -> str:
        payout = self.get_object(request, object_id)
        following = None if payout is None else next_in_queue(payout)
        if following is not None:
            return reverse("admin:payouts_payout_change", args=[following.pk])
        messages.info(request, "No other payout waits for that.")
        return reverse("admin:payouts_payout_changelist", query={"waits": "person"})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,  # noqa: FBT002
        change: bool = False,  # noqa: FBT002
        form_url: str = "",
        obj: Payout | None = None,
    ) -> HttpResponse:
        if obj is not None:
            # Four eyes are those of somebody else. The service says so, too.
            refused = _not_for(obj, request.user.pk)
            context["actions_detail"] = [
                button
                for button in context.get("actions_detail", ())
                if not button["path"].endswith(refused)
            ]
        return super().render_change_form(request, context, add, change, form_url, obj)


def _tables_of(payout: Payout) -> Iterator[Table]:
    yield timeline_of(payout)
    yield discrepancies_of(payout)
    if payout.gateway == "sepa":
        yield instruction_of(payout)
    yield risk_of_payment(payout.pk)
    yield hold_of_order(payout.hold_id)
    if payout.journal_entry is not None:
        yield postings_of_entry(payout.journal_entry)
    yield events_of_subject(payout.pk)


def _not_for(payout: Payout, user_id: Any) -> tuple[str, ...]:
    """The ends of the addresses of the buttons that are not for this person."""
    if payout.owner_id == user_id:
        return ("/approve/", "/confirm_sent/", "/refund_failed/")
    return ("/approve/",) if payout.requested_by_id in {None, user_id} else ()


def _resolve(order: Order, decision: Decision, gateway_reference: str = "") -> Payout:
    return services.resolve_payout(
        payout_id=order.object_id,
        resolution=Resolution(decision, order.reason, gateway_reference),
        by_id=order.by.user_id,
        origin=order.origin,
    )
