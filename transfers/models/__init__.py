"""Transfers, and what payment providers told us of deposits."""

from transfers.models.inbox import DepositStatus, InboxMessage, ProviderDeposit
from transfers.models.transfer import (
    MOVES,
    Transfer,
    TransferKind,
    TransferStatus,
    comparable,
)

__all__ = [
    "MOVES",
    "DepositStatus",
    "InboxMessage",
    "ProviderDeposit",
    "Transfer",
    "TransferKind",
    "TransferStatus",
    "comparable",
]
