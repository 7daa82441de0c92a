"""Tables of payouts, for the pages of what they touch."""

from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from paycore.backoffice.columns import link_to_list
from paycore.backoffice.tables import Column, Table, newest, table_of
from payouts.admin.cells import owner_cell, payout_cell, stage_cell, to_cell
from payouts.models import Payout, PayoutDiscrepancy

# What a row shows of the account that it is paid from.
PARTIES: Final = ("account__owner",)


@table_of("accounts.account")
def payouts_of_account(account: Any) -> Table:
    """The newest from an account."""
    payouts = Payout.objects.filter(account_id=account.pk)
    return _latest(payouts, account=account.pk)


@table_of("accounts.user")
def payouts_of_user(user: Any) -> Table:
    """The newest from the accounts of a person."""
    return _latest(Payout.objects.filter(owner_id=user.pk), owner=user.pk)


@table_of("ledger.journalentry")
def payout_of_entry(entry: Any) -> Table:
    """The payout that an entry is written for, or whose books it corrects."""
    # A union, not OR: over two tables only a union uses the index of each.
    paid = Payout.objects.filter(journal_entry_id=entry.pk).values("pk")
    corrected = PayoutDiscrepancy.objects.filter(journal_entry_id=entry.pk)
    payouts = Payout.objects.filter(pk__in=paid.union(corrected.values("payout_id")))
    return Table(
        title="Payout",
        columns=COLUMNS,
        rows=newest(newest_first(payouts)),
    )


def payout_named(payout: Payout) -> Table:
    """One payout, on the page of what belongs to it."""
    return Table(title="Payout", columns=COLUMNS, rows=[payout])


def newest_first(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    return light(payouts).order_by("-created_at", "-pk")


def oldest_first(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    """As a queue has them: who has waited longest comes first."""
    return light(payouts).order_by("created_at", "pk")


def light(payouts: QuerySet[Payout]) -> QuerySet[Payout]:
    """With what a row shows, and without what nobody here may read."""
    return payouts.select_related(*PARTIES).defer("iban_sealed")


def _latest(payouts: QuerySet[Payout], **chosen: UUID) -> Table:
    """The newest of these payouts; in the list of payouts `chosen` finds them all."""
    return Table(
        title="Payouts",
        columns=COLUMNS,
        rows=newest(newest_first(payouts)),
        links=[link_to_list("payouts_payout", "All payouts", **chosen)],
        count="newest first",
    )


COLUMNS: Final = (
    Column("Time", lambda payout: payout.created_at),
    Column("Payout", payout_cell),
    Column("Status", stage_cell),
    Column("Amount", lambda payout: payout.amount, is_number=True),
    Column("From", owner_cell),
    Column("To", to_cell),
    Column("Gateway", lambda payout: payout.gateway),
    Column("Reference", lambda payout: payout.reference),
)
