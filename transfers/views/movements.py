"""Exchanges, purchases, deposits, refunds and reversals over HTTP."""

from collections.abc import Callable

from django.http import HttpResponse
from pydantic import BaseModel
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from accounts.errors import AccountNotFound
from fx.errors import AmountTooSmall, QuoteExpired, QuoteMismatch, RateUnavailable
from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import (
    CurrencyMismatch,
    DuplicateReference,
    InvalidAmount,
    InvalidState,
    LimitExceeded,
    NotFound,
    PermissionDenied,
)
from transfers import services
from transfers.errors import RefundExceedsOriginal, SameAccountTransfer
from transfers.models import Transfer
from transfers.serializers import (
    DepositRequest,
    ExchangeRequest,
    PurchaseRequest,
    RefundRequest,
    ReversalRequest,
    TransferResource,
)
from transfers.services import RefundOrder, ReversalOrder
from transfers.views.payer import payer_of
from transfers.views.risk import resource_of_new


class _Movements(ApiView):
    """Orders that move money: each needs a key and is answered with its transfer."""

    scopes = {"POST": Scope.TRANSFERS_WRITE}

    def answer_movement(
        self, body: BaseModel, create: Callable[[], Transfer]
    ) -> HttpResponse:
        def work() -> tuple[int, TransferResource]:
            transfer = create()
            bind_contextvars(transfer_id=str(transfer.pk))
            return 201, resource_of_new(self.principal, transfer)

        return self.answer_once(body, work, key_required=True)


class Exchanges(_Movements):
    @documented(
        "Exchange money between two accounts of different currencies",
        description="At the rate in force, or at a quote's. What the destination"
        " receives is cut once, to its smallest unit.",
        request=ExchangeRequest,
        answers={201: TransferResource},
        refusals=(
            SameAccountTransfer,
            AccountNotFound,
            NotFound,
            InvalidState,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
            QuoteExpired,
            QuoteMismatch,
            AmountTooSmall,
            RateUnavailable,
        ),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(ExchangeRequest)
        return self.answer_movement(
            body,
            lambda: services.create_exchange(
                order=body.order(), payer=payer_of(self.principal), origin=self.origin
            ),
        )


class Purchases(_Movements):
    @documented(
        "Pay a merchant",
        description="`amount` and `currency` are what the merchant receives. When the"
        " account has another currency, its debit is rounded up.",
        request=PurchaseRequest,
        answers={201: TransferResource},
        refusals=(
            SameAccountTransfer,
            AccountNotFound,
            DuplicateReference,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
            RateUnavailable,
        ),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(PurchaseRequest)
        return self.answer_movement(
            body,
            lambda: services.create_purchase(
                order=body.order(), payer=payer_of(self.principal), origin=self.origin
            ),
        )


class Deposits(_Movements):
    scopes = {"POST": Scope.DEPOSITS_WRITE}
    operators = frozenset({"POST"})

    @documented(
        "Credit an account with money that came in",
        request=DepositRequest,
        answers={201: TransferResource},
        refusals=(
            AccountNotFound,
            DuplicateReference,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
        ),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(DepositRequest)
        return self.answer_movement(
            body,
            lambda: services.create_deposit(
                order=body.order(), payer=payer_of(self.principal), origin=self.origin
            ),
        )


class Refunds(_Movements):
    @documented(
        "Give back all or part of a transfer",
        description="Of completed purchases and internal transfers, by who received"
        " the money or an operator. `amount` is what the payer gets back.",
        request=RefundRequest,
        answers={201: TransferResource},
        refusals=(
            InvalidAmount,
            NotFound,
            InvalidState,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
            RefundExceedsOriginal,
        ),
        key="required",
    )
    def post(self, request: Request, transfer_id: str) -> HttpResponse:
        body = self.read_body(RefundRequest)
        return self.answer_movement(
            body,
            lambda: services.create_refund(
                order=RefundOrder(
                    path_id(transfer_id, NotFound), body.reason, body.amount
                ),
                payer=payer_of(self.principal),
                origin=self.origin,
            ),
        )


class Reversals(_Movements):
    operators = frozenset({"POST"})

    @documented(
        "Undo a transfer, leg by leg",
        description="Of a completed transfer without refunds. `force`, for"
        " administrators, may take the receiver below its floor.",
        request=ReversalRequest,
        answers={201: TransferResource},
        refusals=(
            NotFound,
            InvalidState,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
        ),
        key="required",
    )
    def post(self, request: Request, transfer_id: str) -> HttpResponse:
        body = self.read_body(ReversalRequest)
        if body.force and not self.principal.is_admin:
            raise PermissionDenied(why="Only administrators may force a reversal.")
        return self.answer_movement(
            body,
            lambda: services.reverse_transfer(
                order=ReversalOrder(
                    path_id(transfer_id, NotFound), body.reason, body.force
                ),
                payer=payer_of(self.principal),
                origin=self.origin,
            ),
        )
