"""What staff see of transfers, and of orders that were refused."""

from transfers.admin.pages import TransferPages
from transfers.admin.refusals import latest_refusals
from transfers.admin.tables import (
    latest_transfers,
    transfer_of_entry,
    transfers_of_account,
    transfers_of_user,
    unfinished_transfers,
)

__all__ = [
    "TransferPages",
    "latest_refusals",
    "latest_transfers",
    "transfer_of_entry",
    "transfers_of_account",
    "transfers_of_user",
    "unfinished_transfers",
]
