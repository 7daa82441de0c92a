"""All writes of movements."""

from transfers.services.internal import (
    InternalOrder,
    Payer,
    create_all_internal_transfers,
    create_internal_transfer,
    create_internal_transfers,
)
from transfers.services.opening import open_funded_account

__all__ = [
    "InternalOrder",
    "Payer",
    "create_all_internal_transfers",
    "create_internal_transfer",
    "create_internal_transfers",
    "open_funded_account",
]
