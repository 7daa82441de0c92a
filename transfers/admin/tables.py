"""Tables of transfers: for the pages of what they touch, and for the first page."""

from operator import attrgetter
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from paycore.backoffice.columns import link_to, link_to_list, money_text
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    NEWEST,
    Column,
    Table,
    count_up_to,
    newest,
    status_cell,
    table_of,
)
from transfers.models import ProviderDeposit, Transfer, TransferStatus

WHY_PARKED: Final = {
    "account_not_found": "There is no such account",
    "account_not_active": "The account is frozen or closed",
    "currency_mismatch": "The account is in another currency",
    "limit_exceeded": "The account would hold more than the books can count",
}
# What a row shows of its accounts and people; both sides may be the house.
PARTIES: Final = (
    "source_account__owner",
    "destination_account__owner",
)


@on_first_page(Place.ATTENTION)
def unfinished_transfers() -> Table:
    """Those held for a person's review, and those that failed after one."""
    unfinished = Transfer.objects.filter(
        status__in=[TransferStatus.PENDING, TransferStatus.FAILED]
    )
    return Table(
        title="Pending and failed transfers",
        columns=COLUMNS,
        rows=newest(_newest_first(unfinished)),
        links=[
            link_to_list("transfers_transfer", status.value, status__exact=status.value)
            for status in (TransferStatus.PENDING, TransferStatus.FAILED)
        ],
        count=count_up_to(unfinished),
    )


@on_first_page(Place.LATEST)
def latest_transfers() -> Table:
    return Table(
        title="Transfers",
        columns=COLUMNS,
        rows=newest(_newest_first(Transfer.objects.all())),
        links=[link_to_list("transfers_transfer", "All transfers")],
    )


@table_of("accounts.account")
def transfers_of_account(account: Any) -> Table:
    """The newest to and from an account."""
    return Table(
        title="Transfers",
        columns=COLUMNS,
        rows=_newest_of_sides(
            Q(source_account_id=account.pk), Q(destination_account_id=account.pk)
        ),
        links=[link_to_list("transfers_transfer", "All transfers", account=account.pk)],
        count="newest first",
    )


@table_of("accounts.user")
def transfers_of_user(user: Any) -> Table:
    """The newest to and from the accounts of a person."""
    return Table(
        title="Transfers",
        columns=COLUMNS,
        rows=_newest_of_sides(
            Q(source_owner_id=user.pk), Q(destination_owner_id=user.pk)
        ),
        links=[link_to_list("transfers_transfer", "All transfers", owner=user.pk)],
        count="newest first",
    )


@table_of("ledger.journalentry")
def transfer_of_entry(entry: Any) -> Table:
    """The transfer that an entry is written for."""
    transfers = Transfer.objects.filter(journal_entry_id=entry.pk)
    return Table(
        title="Transfer",
        columns=COLUMNS,
        rows=list(transfers.select_related(*PARTIES)),
    )


def transfers_from(original: Transfer) -> Table:
    """Its refunds and its reversal."""
    following = Transfer.objects.filter(original_transfer=original)
    return Table(
        title="Refunds and reversal",
        columns=COLUMNS,
        rows=newest(_newest_first(following)),
        links=[link_to_list("transfers_transfer", "All", original=original.pk)],
        count="newest first",
    )


def original_of(transfer: Transfer) -> Table:
    """What a refund or a reversal gives back."""
    key = transfer.original_transfer_id
    assert key is not None
    original = Transfer.objects.filter(pk=key)
    return Table(
        title=f"The original of this {transfer.kind}",
        columns=COLUMNS,
        rows=list(original.select_related(*PARTIES)),
    )


def moved_text(transfer: Transfer) -> SafeString:
    """What the source is debited and, if that is not the same, what is credited."""
    amounts = [transfer.amount]
    if transfer.amount != transfer.destination_amount:
        amounts.append(transfer.destination_amount)
    return format_html_join(" → ", "{}", ((money_text(each),) for each in amounts))


def why_parked(deposit: ProviderDeposit) -> str:
    """In words, where the code is one that we know."""
    return WHY_PARKED.get(deposit.why_parked, deposit.why_parked)


def _newest_of_sides(source: Q, destination: Q) -> list[Transfer]:
    # Each side is the end of one index. Asked with OR, both would be read and sorted.
    sides = (Transfer.objects.filter(side) for side in (source, destination))
    found = {row for rows in sides for row in newest(_newest_first(rows))}
    return sorted(found, key=attrgetter("created_at", "pk"), reverse=True)[:NEWEST]


def _newest_first(transfers: QuerySet[Transfer]) -> QuerySet[Transfer]:
    return transfers.select_related(*PARTIES).order_by("-created_at", "-pk")


def party_cell(transfer: Transfer, side: str) -> SafeString | str:
    """The account on one side, under the address of its owner."""
    account = getattr(transfer, side)
    if account is None:
        return "the house"
    return link_to("accounts_account", account.pk, account.owner.email)


def _transfer_cell(transfer: Transfer) -> SafeString:
    return link_to("transfers_transfer", transfer.pk, transfer.kind)


COLUMNS: Final = (
    Column("Time", lambda transfer: transfer.created_at),
    Column("Transfer", _transfer_cell),
    Column("Status", lambda transfer: status_cell(transfer.status)),
    Column("From", lambda transfer: party_cell(transfer, "source_account")),
    Column("To", lambda transfer: party_cell(transfer, "destination_account")),
    Column("Reference", lambda transfer: transfer.reference),
    Column("Amount", moved_text, is_number=True),
)
