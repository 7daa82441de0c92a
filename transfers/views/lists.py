"""Reading transfers over HTTP."""

from typing import Final

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.errors import AccountNotFound
from accounts.selectors import get_account
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import NotFound
from risk.serializers import find_visible_risk
from transfers import selectors
from transfers.serializers import TransferListQuery, TransferResource


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
        risk = find_visible_risk(self.principal, [row.pk for row in page.items])
        return self.answer(
            page.map(lambda row: TransferResource.of(row, risk.get(row.pk)))
        )


_COLUMNS: Final = {"created_at": "created_at", "amount": "amount_value"}


class TransferDetail(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented("Read a transfer", answers={200: TransferResource})
    def get(self, request: Request, transfer_id: str) -> HttpResponse:
        transfer = selectors.get_transfer(
            transfer_id=path_id(transfer_id, NotFound),
            owner_id=self.principal.sees_only,
        )
        risk = find_visible_risk(self.principal, [transfer.pk])
        return self.answer(TransferResource.of(transfer, risk.get(transfer.pk)))
