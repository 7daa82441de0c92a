"""The pages of what gateways say against the books, and the two ways to end it."""

from collections.abc import Collection
from typing import Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from ledger.admin import postings_of_entry
from paycore.backoffice.columns import link_column, link_to, money_column
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Column, Table, newest, status_cell
from payouts import services
from payouts.admin.attempts import timeline_of
from payouts.admin.cells import COLORS, owner_cell, payout_cell, to_cell, word_cell
from payouts.admin.forms import CorrectionForm, DiscrepancyForm
from payouts.admin.tables import payout_named
from payouts.models import DiscrepancyStatus, Payout, PayoutDiscrepancy
from payouts.selectors import is_at_odds, is_taken_back


@admin.register(PayoutDiscrepancy)
class DiscrepancyPages(Pages[PayoutDiscrepancy]):
    list_display = (
        *("created_at", "shown_status", "claims", "payout_status", "amount"),
        *("shown_payout", "source", "to"),
    )
    list_filter = ("status", "claim")
    search_fields = ("=id", "=payout", "=journal_entry")
    search_help_text = "The whole id, or that of the payout or the journal entry"
    date_hierarchy = "created_at"
    # Open ones first. Sorted without an index: there are never many of them.
    ordering = ("-status", "-created_at", "-id")
    list_select_related = (
        *("payout__account__owner", "payout__account__ledger_account"),
        *("closed_by", "journal_entry"),
    )
    fields = (
        ("id", "shown_status"),
        ("claims", "payout_status"),
        ("amount", "shown_payout"),
        ("detail", "gateway_reference"),
        ("created_at", "closed_at"),
        ("closer", "entry"),
    )
    readonly_fields = (
        *("id", "shown_status", "claims", "payout_status", "amount", "shown_payout"),
        *("detail", "gateway_reference", "created_at", "closed_at", "closer", "entry"),
    )
    actions_detail = ("correct", "dismiss")

    closer = link_column(
        "closed_by_id",
        page="accounts_user",
        text="closed_by.email",
        description="closed by",
    )
    entry = link_column(
        "journal_entry_id", page="ledger_journalentry", description="journal entry"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PayoutDiscrepancy]:
        # Nobody here may read it, so nothing here reads it.
        return super().get_queryset(request).defer("payout__iban_sealed")

    @admin.display(description="gateway says")
    def claims(self, discrepancy: PayoutDiscrepancy) -> SafeString | str:
        return word_cell(discrepancy.claim)

    @admin.display(description="the books say")
    def payout_status(self, discrepancy: PayoutDiscrepancy) -> SafeString:
        return status_cell(discrepancy.payout.status)

    @admin.display(description="status")
    def shown_status(self, discrepancy: PayoutDiscrepancy) -> SafeString:
        return status_cell(discrepancy.status, color=COLORS.get(discrepancy.status))

    @admin.display(description="payout")
    def shown_payout(self, discrepancy: PayoutDiscrepancy) -> SafeString:
        return payout_cell(discrepancy.payout)

    @admin.display(description="from")
    def source(self, discrepancy: PayoutDiscrepancy) -> SafeString:
        return owner_cell(discrepancy.payout)

    @admin.display(description="to")
    def to(self, discrepancy: PayoutDiscrepancy) -> SafeString:
        return to_cell(discrepancy.payout)

    @admin.display(description="amount")
    def amount(self, discrepancy: PayoutDiscrepancy) -> SafeString | str:
        shown: SafeString | str = MONEY(self, discrepancy.payout)
        return shown

    def buttons_for(self, row: PayoutDiscrepancy) -> Collection[str]:
        if row.status != DiscrepancyStatus.OPEN:
            return ()
        # Where the books say so too by now, or the gateway no longer does, there is
        # nothing to correct.
        is_true = is_at_odds(row, row.payout) and not is_taken_back(row)
        return self.actions_detail if is_true else ("dismiss",)

    def tables(self, row: PayoutDiscrepancy) -> list[Table]:
        entry = row.journal_entry
        return [
            payout_named(row.payout),
            timeline_of(row.payout),
            *([] if entry is None else [postings_of_entry(entry)]),
            events_of_subject(row.payout_id),
        ]

    @with_reason(
        title="Correct the books",
        permission="payouts.correct_payoutdiscrepancy",
        explanation="The books follow the gateway by one more entry: what left is"
        " taken from the account, or what did not leave is given back. The payout"
        " keeps its status.",
        form=CorrectionForm,
        is_dangerous=True,
    )
    def correct(self, order: Order) -> str:
        services.correct_discrepancy(
            discrepancy_id=order.object_id,
            by_id=order.by.user_id,
            reason=order.reason,
            origin=order.origin,
            force=order.asked.get("force", False),
        )
        return "The books are corrected."

    @with_reason(
        title="Dismiss",
        permission="payouts.dismiss_payoutdiscrepancy",
        explanation="The books stay as they are: what the gateway says is not so, or it"
        " was put right elsewhere. It is not raised again.",
        form=DiscrepancyForm,
    )
    def dismiss(self, order: Order) -> str:
        services.dismiss_discrepancy(
            discrepancy_id=order.object_id,
            by_id=order.by.user_id,
            reason=order.reason,
            origin=order.origin,
        )
        return "The discrepancy is dismissed; the books stay as they are."


def discrepancies_of(payout: Payout) -> Table:
    """What the gateway said against what the payout has become."""
    raised = PayoutDiscrepancy.objects.filter(payout=payout)
    return Table(
        title="Discrepancies",
        columns=COLUMNS,
        rows=newest(with_payouts(raised).order_by("created_at", "pk")),
        empty="None: its gateway says nothing else than the books.",
    )


def with_payouts(raised: QuerySet[PayoutDiscrepancy]) -> QuerySet[PayoutDiscrepancy]:
    """With what a row shows, and without what nobody here may read."""
    return raised.select_related("payout__account__owner").defer("payout__iban_sealed")


def _raised_cell(discrepancy: PayoutDiscrepancy) -> SafeString:
    text = f"{discrepancy.claim}, not {discrepancy.payout.status}"
    return link_to("payouts_payoutdiscrepancy", discrepancy.pk, text)


MONEY: Final = money_column("amount")
COLUMNS: Final = (
    Column("Raised", lambda row: row.created_at),
    Column("Gateway says", _raised_cell),
    Column("Status", lambda row: word_cell(row.status)),
    Column("Amount", lambda row: row.payout.amount, is_number=True),
    Column("Payout", lambda row: payout_cell(row.payout)),
    Column("From", lambda row: owner_cell(row.payout)),
    Column("To", lambda row: to_cell(row.payout)),
)
