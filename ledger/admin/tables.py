"""Tables of postings and holds, for the pages that they belong to."""

from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString

from ledger.models import Hold, HoldStatus, JournalEntry, Posting
from ledger.selectors import list_entry_postings
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.tables import (
    Column,
    Table,
    find_names,
    named_subject_cell,
    newest,
    short_name,
    status_cell,
)

AMOUNT: Final = Column("Amount", lambda row: row.amount, is_number=True)
BALANCE: Final = Column("Balance after", lambda row: row.balance_after, is_number=True)


def entries_of_account(account_id: UUID) -> Table:
    """The newest postings of a ledger account, each with its entry."""
    postings = Posting.objects.filter(account_id=account_id).select_related("entry")
    return Table(
        title="Entries",
        columns=(
            Column("Time", lambda posting: posting.created_at),
            Column("Journal entry", _entry_cell),
            Column("Description", lambda row: row.entry.description, is_prose=True),
            AMOUNT,
            BALANCE,
        ),
        rows=newest(postings.order_by("-created_at", "-pk")),
        links=[link_to_list("ledger_posting", "All entries", account=account_id)],
        count="newest first",
    )


def open_holds_of_account(account_id: UUID) -> Table:
    """What is promised of an account and to whom."""
    holds = Hold.objects.filter(account_id=account_id, status=HoldStatus.OPEN)
    return Table(
        title="Open holds",
        columns=HOLD_COLUMNS,
        rows=newest(holds.order_by("-pk")),
        links=[link_to_list("ledger_hold", "All holds", account=account_id)],
    )


def hold_of_order(hold_id: UUID) -> Table:
    """The funds that an order had or has on hold."""
    return Table(
        title="Hold",
        columns=HOLD_COLUMNS,
        rows=list(Hold.objects.filter(pk=hold_id)),
    )


def postings_of_entry(entry: JournalEntry) -> Table:
    """Both sides of an entry, and all others if it has more."""
    postings = list(list_entry_postings(entry.pk))
    names = find_names(posting.account.code for posting in postings)
    return Table(
        title="Postings",
        columns=(
            Column("Posting", lambda row: link_to("ledger_posting", row.pk, row.pk)),
            Column("Ledger account", account_cell),
            Column("Whose", lambda row: names.get(row.account.code, "the house")),
            AMOUNT,
            BALANCE,
        ),
        rows=postings,
        note="Credit is positive, debit negative; per currency they sum to zero.",
    )


def reversal_of_entry(entry: JournalEntry) -> Table:
    """The entry that takes this one back."""
    return Table(
        title="Reversed by",
        columns=(
            Column("Time", lambda reversal: reversal.created_at),
            Column("Journal entry", _reversal_cell),
        ),
        rows=list(JournalEntry.objects.filter(reverses=entry)),
    )


def _entry_cell(posting: Posting) -> SafeString:
    kind = posting.entry.kind
    return link_to("ledger_journalentry", posting.entry_id, kind)


def account_cell(row: Posting | Hold) -> SafeString:
    """A link to the ledger account of a row that belongs to one."""
    text = short_name(row.account.code)
    return link_to("ledger_ledgeraccount", row.account_id, text)


def _reversal_cell(entry: JournalEntry) -> SafeString:
    return link_to("ledger_journalentry", entry.pk, entry)


HOLD_COLUMNS: Final = (
    Column("Since", lambda hold: hold.created_at),
    Column("Hold", lambda hold: link_to("ledger_hold", hold.pk, hold.reason)),
    Column("For", lambda hold: named_subject_cell(hold.owner)),
    Column("Status", lambda hold: status_cell(hold.status)),
    Column("Expires", lambda hold: hold.expires_at),
    AMOUNT,
)
