"""Internal transfers over HTTP: one, or a batch."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from accounts.errors import AccountNotFound
from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.problems import problem_document
from paycore.api.views import ApiView
from paycore.lib.errors import (
    CurrencyMismatch,
    DomainError,
    DuplicateReference,
    InvalidAmount,
    LimitExceeded,
    UnsupportedCurrency,
)
from transfers import services
from transfers.errors import BatchRefused, SameAccountTransfer
from transfers.models import Transfer
from transfers.serializers import (
    BatchRequest,
    BatchResource,
    CompletedItem,
    FailedItem,
    InternalTransferRequest,
    TransferResource,
)
from transfers.views.payer import payer_of
from transfers.views.risk import find_risk_of_new, resource_of_new


class InternalTransfers(ApiView):
    scopes = {"POST": Scope.TRANSFERS_WRITE}

    @documented(
        "Move money between two accounts of one currency",
        description="From an own account (operators: from any) to anybody's active"
        " account.",
        request=InternalTransferRequest,
        answers={201: TransferResource},
        refusals=(
            InvalidAmount,
            UnsupportedCurrency,
            SameAccountTransfer,
            AccountNotFound,
            DuplicateReference,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
        ),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(InternalTransferRequest)
        return self.answer_once(
            body, lambda: (201, self._create(body)), key_required=True
        )

    def _create(self, body: InternalTransferRequest) -> TransferResource:
        transfer = services.create_internal_transfer(
            order=body.order(), payer=payer_of(self.principal), origin=self.origin
        )
        bind_contextvars(transfer_id=str(transfer.pk))
        return resource_of_new(self.principal, transfer)


class BatchTransfers(ApiView):
    scopes = {"POST": Scope.TRANSFERS_WRITE}

    @documented(
        "Make up to 1000 internal transfers",
        description="Each is judged in order and sees the balances that the ones"
        " before it left. `independent`: each succeeds or fails on its own."
        " `atomic`: one refusal refuses all, with 422 `batch_refused`.",
        request=BatchRequest,
        answers={201: BatchResource},
        refusals=(InvalidAmount, BatchRefused),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(BatchRequest)
        return self.answer_once(
            body, lambda: (201, self._create(body)), key_required=True
        )

    def _create(self, body: BatchRequest) -> BatchResource:
        create = (
            services.create_all_internal_transfers
            if body.mode == "atomic"
            else services.create_internal_transfers
        )
        try:
            outcomes = create(
                orders=[item.order() for item in body.transfers],
                payer=payer_of(self.principal),
                origin=self.origin,
            )
        except BatchRefused as refusal:
            raise self._with_items(refusal) from refusal
        made = [outcome for outcome in outcomes if isinstance(outcome, Transfer)]
        risk = find_risk_of_new(self.principal, made)
        items = [
            FailedItem.model_construct(index=index, error=self._problem(outcome))
            if isinstance(outcome, DomainError)
            else CompletedItem.model_construct(
                index=index,
                status="pending" if outcome.status == "pending" else "completed",
                transfer=TransferResource.of(outcome, risk.get(outcome.pk)),
            )
            for index, outcome in enumerate(outcomes)
        ]
        return BatchResource.of(body.mode, items)

    def _with_items(self, refusal: BatchRefused) -> BatchRefused:
        refusals: dict[int, DomainError] = refusal.facts["refusals"]
        total: int = refusal.facts["total"]
        items = [
            {"index": index, "status": "not_executed"}
            if index not in refusals
            else {
                "index": index,
                "status": "failed",
                "error": self._problem(refusals[index]),
            }
            for index in range(total)
        ]
        return BatchRefused(refused=len(refusals), total=total, items=items)

    def _problem(self, refusal: DomainError) -> dict[str, Any]:
        return problem_document(
            refusal, instance=self.request.path, request_id=self.request_id
        )
