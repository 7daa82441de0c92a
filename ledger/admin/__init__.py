"""What staff see of the books: nothing here can be typed."""

from ledger.admin.accounts import LedgerAccountPages
from ledger.admin.holds import HoldPages
from ledger.admin.journal import JournalEntryPages, PostingPages
from ledger.admin.tables import (
    entries_of_account,
    open_holds_of_account,
    postings_of_entry,
)

__all__ = [
    "HoldPages",
    "JournalEntryPages",
    "LedgerAccountPages",
    "PostingPages",
    "entries_of_account",
    "open_holds_of_account",
    "postings_of_entry",
]
