"""Accounts over HTTP, as far as no money moves."""

from collections.abc import Callable

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

import accounts.selectors
import accounts.services
import ledger.selectors
from accounts.errors import AccountNotEmpty, AccountNotFound
from accounts.models import Account
from accounts.serializers import (
    AccountListQuery,
    AccountResource,
    BalanceQuery,
    BalanceResource,
    EntryListQuery,
    EntryResource,
    ReasonRequest,
    StatementQuery,
    StatementResource,
)
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import InvalidState, UnsupportedCurrency


class AccountList(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented(
        "List accounts",
        description="The caller's own; operators see all.",
        query=AccountListQuery,
        answers={200: PageOf(AccountResource)},
        refusals=(UnsupportedCurrency,),
    )
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
    @documented(
        "Read an account",
        answers={200: AccountResource},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request, account_id: str) -> HttpResponse:
        return self.answer(AccountResource.of(self.account(account_id)))


class AccountBalance(_AccountReading):
    @documented(
        "Read a balance, now or as of an instant",
        description="What was held at a past instant is not known: `held` and"
        " `available` are null then.",
        query=BalanceQuery,
        answers={200: BalanceResource},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(BalanceQuery)
        balance = accounts.selectors.get_balance(
            self.account(account_id), at=query.as_of, now=timezone.now()
        )
        return self.answer(BalanceResource.of(balance))


class AccountEntries(_AccountReading):
    @documented(
        "List the entries of an account",
        query=EntryListQuery,
        answers={200: PageOf(EntryResource)},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(EntryListQuery)
        rows = ledger.selectors.list_postings(self.account(account_id).pk)
        return self.answer(read_page(rows, query=query).map(EntryResource.of))


class AccountStatement(_AccountReading):
    @documented(
        "Read a statement",
        description="Opening balance plus lines is closing balance, always.",
        query=StatementQuery,
        answers={200: StatementResource},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request, account_id: str) -> HttpResponse:
        query = self.read_query(StatementQuery)
        now = timezone.now()
        statement = accounts.selectors.get_statement(
            self.account(account_id),
            start=query.start,
            # Never before `from`, which may be in the future.
            end=query.end or max(now, query.start or now),
        )
        return self.answer(StatementResource.of(statement))


class _AccountMove(ApiView):
    """A change of an account's status, with a reason."""

    scopes = {"POST": Scope.ACCOUNTS_WRITE}

    def answer_move(
        self, account_id: str, move: Callable[..., Account]
    ) -> HttpResponse:
        body = self.read_body(ReasonRequest)

        def work() -> tuple[int, AccountResource]:
            account = move(
                account_id=path_id(account_id, AccountNotFound),
                owner_id=self.principal.sees_only,
                reason=body.reason,
                origin=self.origin,
            )
            return 200, AccountResource.of(account)

        return self.answer_once(body, work, key_required=False)


class AccountFreeze(_AccountMove):
    operators = frozenset({"POST"})

    @documented(
        "Stop an account from sending and receiving",
        request=ReasonRequest,
        answers={200: AccountResource},
        refusals=(AccountNotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, account_id: str) -> HttpResponse:
        return self.answer_move(account_id, accounts.services.freeze_account)


class AccountUnfreeze(_AccountMove):
    operators = frozenset({"POST"})

    @documented(
        "Let a frozen account send and receive again",
        request=ReasonRequest,
        answers={200: AccountResource},
        refusals=(AccountNotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, account_id: str) -> HttpResponse:
        return self.answer_move(account_id, accounts.services.unfreeze_account)


class AccountClosing(_AccountMove):
    @documented(
        "Close an empty account for ever",
        description="Operators and the owner may.",
        request=ReasonRequest,
        answers={200: AccountResource},
        refusals=(AccountNotFound, InvalidState, AccountNotEmpty),
        key="accepted",
    )
    def post(self, request: Request, account_id: str) -> HttpResponse:
        return self.answer_move(account_id, accounts.services.close_account)
