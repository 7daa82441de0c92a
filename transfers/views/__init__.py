"""Transfers over HTTP."""

from transfers.views.internal import BatchTransfers, InternalTransfers
from transfers.views.lists import TransferDetail, TransferList
from transfers.views.movements import (
    Deposits,
    Exchanges,
    Purchases,
    Refunds,
    Reversals,
)
from transfers.views.opening import AccountOpening
from transfers.views.provider import DepositNotices

__all__ = [
    "AccountOpening",
    "BatchTransfers",
    "DepositNotices",
    "Deposits",
    "Exchanges",
    "InternalTransfers",
    "Purchases",
    "Refunds",
    "Reversals",
    "TransferDetail",
    "TransferList",
]
