"""What staff see of transfers, announced deposits, and orders that were refused."""

from transfers.admin.deposits import DepositPages, parked_deposits
from transfers.admin.messages import MessagePages
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
    "DepositPages",
    "MessagePages",
    "TransferPages",
    "latest_refusals",
    "latest_transfers",
    "parked_deposits",
    "transfer_of_entry",
    "transfers_of_account",
    "transfers_of_user",
    "unfinished_transfers",
]
