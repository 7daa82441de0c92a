"""The pages of deposits that providers announced, and the queue of parked ones."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from accounts.admin import account_named
from events.admin import events_of_subject
from paycore.backoffice.columns import link_column, link_to, link_to_list, money_column
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.orders import Order, with_reason
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import (
    Column,
    Table,
    count_up_to,
    newest,
    short_id,
    status_cell,
)
from transfers import services
from transfers.admin.forms import AccountForm, SuspenseForm
from transfers.admin.tables import why_parked
from transfers.models import DepositStatus, ProviderDeposit, Transfer

PERMISSION: Final = "transfers.resolve_deposit"


@admin.register(ProviderDeposit)
class DepositPages(Pages[ProviderDeposit]):
    kind_of_subject = "deposit"
    list_display = (
        *("created_at", "reference", "provider", "shown_status", "shown_why"),
        *("waiting", "amount"),
    )
    list_filter = ("status",)
    search_fields = ("=id", "=reference", "=transfer")
    search_help_text = "The whole id, provider's reference, or id of the transfer"
    date_hierarchy = "created_at"
    slow_filters = frozenset({"status__exact"})
    indexed_statuses = frozenset({DepositStatus.PARKED})
    fields = (
        ("id", "shown_status"),
        ("provider", "reference"),
        ("amount", "announced_account"),
        ("shown_why", "waiting"),
        ("created_at", "shown_message"),
        "shown_transfer",
    )
    readonly_fields = (
        *("id", "shown_status", "provider", "reference", "amount"),
        *("announced_account", "shown_why", "waiting", "created_at"),
        *("shown_message", "shown_transfer"),
    )
    actions_detail = ("post_to_account", "post_to_suspense")

    amount = money_column("amount")
    shown_message = link_column(
        "message_id", page="transfers_inboxmessage", description="message"
    )
    shown_transfer = link_column(
        "transfer_id", page="transfers_transfer", description="transfer"
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # A queue begins with who has waited longest.
        if request.GET.get("status__exact") == DepositStatus.PARKED:
            return ("created_at", "id")
        return ("-created_at", "-id")

    @admin.display(description="account as announced")
    def announced_account(self, deposit: ProviderDeposit) -> str:
        return str(deposit.account_id)

    @admin.display(description="parked because")
    def shown_why(self, deposit: ProviderDeposit) -> str:
        return why_parked(deposit) or "-"

    @admin.display(description="waits for")
    def waiting(self, deposit: ProviderDeposit) -> str:
        is_parked = deposit.status == DepositStatus.PARKED
        return _age_of(deposit) if is_parked else "-"

    def buttons_for(self, row: ProviderDeposit) -> Collection[str]:
        return self.actions_detail if row.status == DepositStatus.PARKED else ()

    def tables(self, row: ProviderDeposit) -> list[Table]:
        return [
            account_named(row.account_id, title="The account that was announced"),
            events_of_subject(row.pk),
        ]

    @with_reason(
        title="Post to the account",
        permission=PERMISSION,
        explanation="The deposit is credited to the account with this id.",
        form=AccountForm,
    )
    def post_to_account(self, order: Order) -> str:
        deposit = _resolve(order, account_id=order.asked["account_id"])
        return f"{deposit.amount} is posted to the account."

    @with_reason(
        title="Post to suspense",
        permission=PERMISSION,
        explanation="The deposit is credited to the house, which keeps it until its"
        " owner is found. It is not parked any more then.",
        form=SuspenseForm,
    )
    def post_to_suspense(self, order: Order) -> str:
        deposit = _resolve(order, account_id=None)
        return f"{deposit.amount} is posted to suspense."


@on_first_page(Place.ATTENTION)
def parked_deposits() -> Table:
    """Money that came in and is in no account yet: the longest wait first."""
    parked = ProviderDeposit.objects.filter(status=DepositStatus.PARKED)
    oldest = newest(parked.order_by("created_at", "pk"))
    count = count_up_to(parked)
    return Table(
        title="Parked deposits",
        columns=(ANNOUNCED, REFERENCE, PROVIDER, WHY, ACCOUNT, AMOUNT),
        rows=oldest,
        links=[
            link_to_list("transfers_providerdeposit", "All", status__exact="parked")
        ],
        count=f"{count}, the oldest for {_age_of(oldest[0])}" if oldest else count,
    )


def deposit_behind(transfer: Transfer) -> Table:
    """What a provider announced that became this transfer."""
    return Table(
        title="Provider's deposit",
        columns=(ANNOUNCED, REFERENCE, PROVIDER, STATUS, MESSAGE, AMOUNT),
        rows=list(ProviderDeposit.objects.filter(transfer=transfer)),
        empty="None: somebody here made it.",
    )


def deposits_under(provider: str, reference: str) -> QuerySet[ProviderDeposit]:
    """The one deposit that a provider announced under a reference, if it did."""
    return ProviderDeposit.objects.filter(provider=provider, reference=reference)


def _resolve(order: Order, *, account_id: UUID | None) -> ProviderDeposit:
    return services.resolve_deposit(
        deposit_id=order.object_id,
        account_id=account_id,
        reason=order.reason,
        by=order.by.user_id,
        origin=order.origin,
    )


def _age_of(deposit: ProviderDeposit) -> str:
    return timesince(deposit.created_at, timezone.now())


def _deposit_cell(deposit: ProviderDeposit) -> SafeString:
    return link_to("transfers_providerdeposit", deposit.pk, deposit.reference)


def _message_cell(deposit: Any) -> SafeString:
    key = deposit.message_id
    return link_to("transfers_inboxmessage", key, short_id(key))


ANNOUNCED: Final = Column("Announced", lambda deposit: deposit.created_at)
REFERENCE: Final = Column("Reference", _deposit_cell)
PROVIDER: Final = Column("Provider", lambda deposit: deposit.provider)
STATUS: Final = Column("Status", lambda deposit: status_cell(deposit.status))
WHY: Final = Column("Parked because", why_parked, is_prose=True)
ACCOUNT: Final = Column(
    "Account as announced", lambda deposit: short_id(deposit.account_id)
)
MESSAGE: Final = Column("Message", _message_cell)
AMOUNT: Final = Column("Amount", lambda deposit: deposit.amount, is_number=True)
