"""All writes of movements."""

from accounts.services import Payer
from transfers.services.deposits import DepositOrder, create_deposit
from transfers.services.exchange import ExchangeOrder, create_exchange
from transfers.services.held import is_screened
from transfers.services.inbox import (
    Announcement,
    Reception,
    receive_deposit,
    resolve_deposit,
    store_message,
)
from transfers.services.internal import (
    InternalOrder,
    create_all_internal_transfers,
    create_internal_transfer,
    create_internal_transfers,
)
from transfers.services.opening import open_funded_account
from transfers.services.pending import complete_transfer, fail_transfer
from transfers.services.purchases import PurchaseOrder, create_purchase
from transfers.services.refunds import RefundOrder, create_refund
from transfers.services.reversals import ReversalOrder, reverse_transfer

__all__ = [
    "Announcement",
    "DepositOrder",
    "ExchangeOrder",
    "InternalOrder",
    "Payer",
    "PurchaseOrder",
    "Reception",
    "RefundOrder",
    "ReversalOrder",
    "complete_transfer",
    "create_all_internal_transfers",
    "create_deposit",
    "create_exchange",
    "create_internal_transfer",
    "create_internal_transfers",
    "create_purchase",
    "create_refund",
    "fail_transfer",
    "is_screened",
    "open_funded_account",
    "receive_deposit",
    "resolve_deposit",
    "reverse_transfer",
    "store_message",
]
