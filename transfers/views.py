"""Transfers over HTTP, and opening an account: that may move an opening balance."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

import accounts.services
from accounts.errors import AccountNotActive, AccountNotFound, DuplicateAccount
from accounts.models import Account
from accounts.selectors import get_account
from accounts.serializers import AccountResource
from accounts.services import AccountDraft
from ledger.errors import InsufficientBalance, LimitExceeded
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import read_page
from paycore.api.principals import Principal, Scope
from paycore.api.problems import problem_document
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import (
    DomainError,
    InvalidAmount,
    NotFound,
    PermissionDenied,
    UnsupportedCurrency,
)
from paycore.lib.money import CURRENCIES
from transfers import selectors, services
from transfers.errors import (
    BatchRefused,
    CurrencyMismatch,
    DuplicateReference,
    SameAccountTransfer,
)
from transfers.models import Transfer
from transfers.serializers import (
    AccountRequest,
    BatchRequest,
    BatchResource,
    CompletedItem,
    FailedItem,
    InternalTransferRequest,
    TransferListQuery,
    TransferResource,
)
from transfers.services import Payer

_REFUSALS = (
    InvalidAmount,
    UnsupportedCurrency,
    SameAccountTransfer,
    AccountNotFound,
    DuplicateReference,
    CurrencyMismatch,
    AccountNotActive,
    LimitExceeded,
    InsufficientBalance,
)


class AccountOpening(ApiView):
    scopes = {"POST": Scope.ACCOUNTS_WRITE}

    @documented(
        "Open an account",
        description="`owner_id` of another person and `initial_balance` are for"
        " operators. An opening balance is a transfer of kind `opening`.",
        request=AccountRequest,
        answers={201: AccountResource},
        refusals=(
            InvalidAmount,
            UnsupportedCurrency,
            NotFound,
            DuplicateAccount,
            LimitExceeded,
        ),
        key="accepted",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(AccountRequest)
        return self.answer_once(
            body,
            lambda: (201, AccountResource.of(self._open(body))),
            key_required=False,
        )

    def _open(self, body: AccountRequest) -> Account:
        initial = body.initial()
        draft = AccountDraft(
            owner_id=body.owner_id or self.principal.user_id,
            currency=CURRENCIES.get(body.currency),
            name=body.name,
            external_id=body.external_id,
            metadata=body.metadata,
        )
        for_another = draft.owner_id != self.principal.user_id
        if (for_another or initial is not None) and not self.principal.is_operator:
            raise PermissionDenied(
                why="Only operators open accounts for others or with a balance."
            )
        if initial is None:
            return accounts.services.open_account(draft=draft, origin=self.origin)
        return services.open_funded_account(
            draft=draft,
            initial=initial,
            payer=_payer(self.principal),
            origin=self.origin,
        )


class InternalTransfers(ApiView):
    scopes = {"POST": Scope.TRANSFERS_WRITE}

    @documented(
        "Move money between two accounts of one currency",
        description="From an own account (operators: from any) to anybody's active"
        " account.",
        request=InternalTransferRequest,
        answers={201: TransferResource},
        refusals=_REFUSALS,
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(InternalTransferRequest)
        return self.answer_once(
            body, lambda: (201, self._create(body)), key_required=True
        )

    def _create(self, body: InternalTransferRequest) -> TransferResource:
        transfer = services.create_internal_transfer(
            order=body.order(), payer=_payer(self.principal), origin=self.origin
        )
        bind_contextvars(transfer_id=str(transfer.pk))
        return TransferResource.of(transfer)


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
                payer=_payer(self.principal),
                origin=self.origin,
            )
        except BatchRefused as refusal:
            raise self._with_items(refusal) from refusal
        items = [self._item(index, outcome) for index, outcome in enumerate(outcomes)]
        return BatchResource.of(body.mode, items)

    def _item(
        self, index: int, outcome: Transfer | DomainError
    ) -> CompletedItem | FailedItem:
        if isinstance(outcome, DomainError):
            return FailedItem.model_construct(index=index, error=self._problem(outcome))
        return CompletedItem.model_construct(
            index=index, status="completed", transfer=TransferResource.of(outcome)
        )

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


class TransferList(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented(
        "List transfers",
        description="Those that an account of the caller's sent or received;"
        " operators see all.",
        query=TransferListQuery,
        answers={200: PageOf(TransferResource)},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(TransferListQuery)
        owner_id = self.principal.sees_only
        if query.account_id is not None:
            get_account(account_id=query.account_id, owner_id=owner_id)
        page = read_page(
            selectors.list_transfers(filters=query.filters(), owner_id=owner_id),
            query=query,
            order=(_COLUMNS[query.sort_by], "pk"),
            descending=query.sort_order == "desc",
        )
        return self.answer(page.map(TransferResource.of))


_COLUMNS = {"created_at": "created_at", "amount": "amount_value"}


class TransferDetail(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented("Read a transfer", answers={200: TransferResource})
    def get(self, request: Request, transfer_id: str) -> HttpResponse:
        transfer = selectors.get_transfer(
            transfer_id=path_id(transfer_id, NotFound),
            owner_id=self.principal.sees_only,
        )
        return self.answer(TransferResource.of(transfer))


def _payer(principal: Principal) -> Payer:
    return Payer(principal.user_id, may_spend_from_any=principal.is_operator)
