"""What staff see of the books: nothing here can be typed."""

from ledger.admin.accounts import LedgerAccountPages
from ledger.admin.holds import HoldPages
from ledger.admin.journal import JournalEntryPages, PostingPages
from ledger.admin.positions import positions_of_house
from ledger.admin.tables import (
    entries_of_account,
    hold_of_order,
    open_holds_of_account,
    postings_of_entry,
)

__all__ = [
    "HoldPages",
    "JournalEntryPages",
    "LedgerAccountPages",
    "PostingPages",
    "entries_of_account",
    "hold_of_order",
    "open_holds_of_account",
    "positions_of_house",
    "postings_of_entry",
]
