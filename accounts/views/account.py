"""Accounts over HTTP, as far as no money moves."""

from collections.abc import Callable
from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

import accounts.selectors
import accounts.services
import ledger.selectors
from accounts.errors import AccountNotFound
from accounts.models import Account
from accounts.serializers import (
    AccountListQuery,
    AccountMoveRequest,
    AccountResource,
    BalanceQuery,
    BalanceResource,
    EntryListQuery,
    EntryResource,
    StatementQuery,
    StatementResource,
)
from paycore.api.pagination import read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id


class AccountList(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(AccountListQuery)
        rows = accounts.selectors.list_accounts(
            owner_id=self.principal.sees_only,
            currency=query.currency,
            status=query.status,
            external_id=query.external_id,
        )
        return self.answer(read_page(rows, query=query).map(AccountResource.of))


class _AccountReading(ApiView):
    """A resource below an account: the account is fetched through its owner."""

    scopes = {"GET": Scope.ACCOUNTS_READ}

    def account(self, account_id: str) -> Account:
        return accounts.selectors.get_account(
            account_id=path_id(account_id, AccountNotFound),
            owner_id=self.principal.sees_only,
        )


class AccountDetail(_AccountReading):
    def get(self, request: Request, account_id: str) -> HttpResponse:
        return self.answer(AccountResource.of(self.account(account_id)))


class AccountBalance(_AccountReading):
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(BalanceQuery)
        balance = accounts.selectors.get_balance(
            self.account(account_id), at=query.as_of, now=timezone.now()
        )
        return self.answer(BalanceResource.of(balance))


class AccountEntries(_AccountReading):
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(EntryListQuery)
        rows = ledger.selectors.list_postings(self.account(account_id).pk)
        return self.answer(read_page(rows, query=query).map(EntryResource.of))


class AccountStatement(_AccountReading):
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(StatementQuery)
        statement = accounts.selectors.get_statement(
            self.account(account_id),
            start=query.start,
            end=query.end or timezone.now(),
        )
        return self.answer(StatementResource.of(statement))


class _AccountMove(ApiView):
    """A change of an account's status, with a reason."""

    scopes = {"POST": Scope.ACCOUNTS_WRITE}
    move: ClassVar[Callable[..., Account]]

    def post(self, request: Request, account_id: str) -> HttpResponse:
        body = self.read_body(AccountMoveRequest)
        return self.answer_once(
            body, lambda: (200, self._move(account_id, body)), key_required=False
        )

    def _move(self, account_id: str, body: AccountMoveRequest) -> AccountResource:
        account = type(self).move(
            account_id=path_id(account_id, AccountNotFound),
            owner_id=self.principal.sees_only,
            reason=body.reason,
            origin=self.origin,
        )
        return AccountResource.of(account)


class AccountFreeze(_AccountMove):
    operators = frozenset({"POST"})
    move = staticmethod(accounts.services.freeze_account)


class AccountUnfreeze(_AccountMove):
    operators = frozenset({"POST"})
    move = staticmethod(accounts.services.unfreeze_account)


class AccountClosing(_AccountMove):
    """The owner may close an account too."""

    move = staticmethod(accounts.services.close_account)
