"""Opening an account: that may move an opening balance, so it is here."""

from django.http import HttpResponse
from rest_framework.request import Request

import accounts.services
from accounts.errors import DuplicateAccount
from accounts.models import Account
from accounts.serializers import AccountResource
from accounts.services import AccountDraft
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.views import ApiView
from paycore.lib.errors import (
    InvalidAmount,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    UnsupportedCurrency,
)
from paycore.lib.money import CURRENCIES
from transfers import services
from transfers.serializers import AccountRequest
from transfers.views.payer import payer_of


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
            payer=payer_of(self.principal),
            origin=self.origin,
        )
