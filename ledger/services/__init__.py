"""All writes of the books."""

from ledger.services.accounts import (
    LedgerAccountDraft,
    close_ledger_account,
    ensure_house_accounts,
    open_ledger_accounts,
    set_frozen,
)
from ledger.services.holds import (
    capture_hold,
    end_holds,
    expire_holds,
    place_hold,
    release_hold,
    reserve_hold,
)
from ledger.services.posting import (
    Books,
    EntryDraft,
    Line,
    Posted,
    Refused,
    lock_accounts,
    post_entries,
)

__all__ = [
    "Books",
    "EntryDraft",
    "LedgerAccountDraft",
    "Line",
    "Posted",
    "Refused",
    "capture_hold",
    "close_ledger_account",
    "end_holds",
    "ensure_house_accounts",
    "expire_holds",
    "lock_accounts",
    "open_ledger_accounts",
    "place_hold",
    "post_entries",
    "release_hold",
    "reserve_hold",
    "set_frozen",
]
