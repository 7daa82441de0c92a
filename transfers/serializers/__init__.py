"""The shapes of transfers: what may be ordered, what is answered."""

from transfers.serializers.lists import TransferListQuery
from transfers.serializers.movements import (
    DepositRequest,
    ExchangeRequest,
    PurchaseRequest,
    ReceptionResource,
    RefundRequest,
    ReversalRequest,
)
from transfers.serializers.orders import (
    AccountRequest,
    BatchRequest,
    InternalTransferRequest,
)
from transfers.serializers.resources import (
    BatchResource,
    CompletedItem,
    FailedItem,
    TransferResource,
)

__all__ = [
    "AccountRequest",
    "BatchRequest",
    "BatchResource",
    "CompletedItem",
    "DepositRequest",
    "ExchangeRequest",
    "FailedItem",
    "InternalTransferRequest",
    "PurchaseRequest",
    "ReceptionResource",
    "RefundRequest",
    "ReversalRequest",
    "TransferListQuery",
    "TransferResource",
]
