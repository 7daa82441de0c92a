"""The pages of transfers: from whom to whom, and where it is in the books."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, Q
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from ledger.admin import postings_of_entry
from paycore.backoffice.columns import link_column, money_column
from paycore.backoffice.lists import ExactFilter, exact_filter, exact_match
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, number_cell
from transfers.admin.tables import PARTIES, party_cell, transfers_from
from transfers.models import Transfer


class EitherSideFilter(ExactFilter):
    """Finds a key on the source's side and on the destination's."""

    def match(self, model: type[Model], text: str) -> Q | None:
        source = exact_match(model, f"source_{self.field}", text)
        destination = exact_match(model, f"destination_{self.field}", text)
        if source is None or destination is None:
            return None
        return source | destination


class AccountFilter(EitherSideFilter):
    title = "account id"
    parameter_name = "account"
    field = "account"


class OwnerFilter(EitherSideFilter):
    title = "owner id"
    parameter_name = "owner"
    field = "owner_id"


@admin.register(Transfer)
class TransferPages(Pages[Transfer]):
    list_display = (
        *("created_at", "kind", "shown_status", "source", "destination"),
        *("reference", "moved"),
    )
    list_filter = (
        *("kind", "status", AccountFilter, OwnerFilter),
        exact_filter("currency", title="currency"),
    )
    search_fields = ("=id", "=reference", "=journal_entry")
    search_help_text = "The whole id, reference, or id of the journal entry"
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    list_select_related = (*PARTIES, "created_by", "journal_entry")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("id", "shown_status"),
                    ("kind", "reference"),
                    ("source", "source_id"),
                    ("destination", "destination_id"),
                    ("amount", "credited"),
                    ("refunded", "rate"),
                    ("created_at", "completed_at"),
                    ("maker", "entry"),
                    ("original", "failure_code"),
                    "description",
                )
            },
        ),
        (
            "Merchant and metadata",
            {
                "fields": (("merchant_name", "merchant_category"), "metadata"),
                "classes": ("collapse",),
            },
        ),
    )
    readonly_fields = (
        *("id", "shown_status", "kind", "reference", "source", "source_id"),
        *("destination", "destination_id", "amount", "credited", "refunded", "rate"),
        *("created_at", "completed_at", "maker", "entry", "original", "failure_code"),
        *("description", "merchant_name", "merchant_category", "metadata"),
    )

    amount = money_column("amount")
    credited = money_column("destination_amount", description="credited")
    refunded = money_column("refunded")
    source_id = link_column("source_account_id", page="accounts_account")
    destination_id = link_column("destination_account_id", page="accounts_account")
    maker = link_column("created_by_id", page="accounts_user", text="created_by.email")
    entry = link_column(
        "journal_entry_id", page="ledger_journalentry", description="journal entry"
    )
    original = link_column(
        "original_transfer_id", page="transfers_transfer", description="original"
    )

    @admin.display(description="from")
    def source(self, transfer: Transfer) -> SafeString | str:
        return party_cell(transfer, "source_account")

    @admin.display(description="to")
    def destination(self, transfer: Transfer) -> SafeString | str:
        return party_cell(transfer, "destination_account")

    @admin.display(description="amount")
    def moved(self, transfer: Transfer) -> SafeString:
        """What the source is debited and, if that is not the same, what is credited."""
        amounts = [str(transfer.amount)]
        if transfer.amount != transfer.destination_amount:
            amounts.append(str(transfer.destination_amount))
        return number_cell(" → ".join(amounts))

    def tables(self, row: Transfer) -> list[Table]:
        entry: Any = row.journal_entry
        tables = [transfers_from(row), events_of_subject(row.pk)]
        return tables if entry is None else [postings_of_entry(entry), *tables]
