"""The pages of transfers: from whom to whom, where it is in the books, the way back."""

from collections.abc import Collection, Iterator

from django.contrib import admin
from django.db.models import Model, Q
from django.utils.safestring import SafeString

from events.admin import events_of_subject
from fx.arithmetic import rate_text
from ledger.admin import hold_of_order, postings_of_entry
from paycore.backoffice.columns import link_column, money_column
from paycore.backoffice.lists import ExactFilter, exact_filter, exact_match
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, number_cell
from risk.admin import risk_of_payment
from risk.payments import PaymentKind
from transfers import services
from transfers.admin.deposits import deposit_behind
from transfers.admin.forms import RefundForm, ReversalForm
from transfers.admin.tables import (
    PARTIES,
    moved_text,
    original_of,
    party_cell,
    transfers_from,
)
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.services import Payer, RefundOrder, ReversalOrder
from transfers.services.movements import income_of
from transfers.services.refunds import REFUNDABLE
from transfers.services.reversals import IRREVERSIBLE

# Kinds of transfers that risk can be asked about; the others are judged by nobody.
JUDGED = frozenset(kind.value for kind in PaymentKind)


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
        exact_filter("original_transfer", title="original's id", parameter="original"),
    )
    search_fields = ("=id", "=reference", "=journal_entry")
    search_help_text = "The whole id, reference, or id of the journal entry"
    date_hierarchy = "created_at"
    slow_filters = frozenset({"kind__exact", "status__exact", "currency"})
    indexed_statuses = frozenset({TransferStatus.PENDING, TransferStatus.FAILED})
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
                    ("shown_rate", "income"),
                    ("refunded", "failure_code"),
                    ("created_at", "completed_at"),
                    ("maker", "entry"),
                    ("merchant_name", "merchant_category"),
                    "description",
                )
            },
        ),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )
    readonly_fields = (
        *("id", "shown_status", "kind", "reference", "source", "source_id"),
        *("destination", "destination_id", "amount", "credited", "refunded", "income"),
        *("created_at", "completed_at", "maker", "entry", "shown_rate", "failure_code"),
        *("description", "merchant_name", "merchant_category", "metadata"),
    )
    actions_detail = ("refund", "reverse")

    amount = money_column("amount")
    credited = money_column("destination_amount", description="credited")
    refunded = money_column("refunded")
    source_id = link_column("source_account_id", page="accounts_account")
    destination_id = link_column("destination_account_id", page="accounts_account")
    maker = link_column("created_by_id", page="accounts_user", text="created_by.email")
    entry = link_column(
        "journal_entry_id", page="ledger_journalentry", description="journal entry"
    )

    @admin.display(description="from")
    def source(self, transfer: Transfer) -> SafeString | str:
        return party_cell(transfer, "source_account")

    @admin.display(description="to")
    def destination(self, transfer: Transfer) -> SafeString | str:
        return party_cell(transfer, "destination_account")

    @admin.display(description="amount")
    def moved(self, transfer: Transfer) -> SafeString:
        return number_cell(moved_text(transfer))

    @admin.display(description="rate")
    def shown_rate(self, transfer: Transfer) -> SafeString | str:
        return "-" if transfer.rate is None else number_cell(rate_text(transfer.rate))

    @admin.display(description="income of the house")
    def income(self, transfer: Transfer) -> SafeString | str:
        if transfer.currency == transfer.destination_currency:
            return "-"
        return number_cell(income_of(transfer))

    def buttons_for(self, row: Transfer) -> Collection[str]:
        if row.status != TransferStatus.COMPLETED:
            return ()
        may_be = {
            "refund": row.kind in REFUNDABLE and row.refunded < row.amount,
            "reverse": row.kind not in IRREVERSIBLE and row.refunded.is_zero,
        }
        return [name for name, may in may_be.items() if may]

    def tables(self, row: Transfer) -> list[Table]:
        return list(_tables_of(row))

    @with_reason(
        title="Refund",
        permission="transfers.refund_transfer",
        explanation="The receiver gives back all or part of the money, at the rate of"
        " the transfer if it was converted. The receiver must have it.",
        form=RefundForm,
        is_dangerous=True,
    )
    def refund(self, order: Order) -> str:
        refund = services.create_refund(
            order=RefundOrder(order.object_id, order.reason, order.asked["amount"]),
            payer=_payer_of(order),
            origin=order.origin,
        )
        return f"{refund.destination_amount} was refunded."

    @with_reason(
        title="Reverse",
        permission="transfers.reverse_transfer",
        explanation="The whole transfer is undone, leg by leg, as if it had not been"
        " made. It cannot be refunded or reversed again.",
        form=ReversalForm,
        is_dangerous=True,
    )
    def reverse(self, order: Order) -> str:
        services.reverse_transfer(
            order=ReversalOrder(
                order.object_id, order.reason, order.asked.get("force", False)
            ),
            payer=_payer_of(order),
            origin=order.origin,
        )
        return "The transfer is reversed."


def _tables_of(transfer: Transfer) -> Iterator[Table]:
    if transfer.journal_entry is not None:
        yield postings_of_entry(transfer.journal_entry)
    if transfer.hold_id is not None:
        yield hold_of_order(transfer.hold_id)
    if transfer.kind in JUDGED:
        yield risk_of_payment(transfer.pk)
    if transfer.kind == TransferKind.DEPOSIT:
        yield deposit_behind(transfer)
    if transfer.original_transfer_id is not None:
        yield original_of(transfer)
    else:
        yield transfers_from(transfer)
    yield events_of_subject(transfer.pk)


def _payer_of(order: Order) -> Payer:
    return Payer(order.by.user_id, may_spend_from_any=order.by.role.is_staff)
