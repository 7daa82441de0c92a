"""Payouts over HTTP."""

from collections.abc import Callable, Sequence

from django.http import HttpResponse
from pydantic import BaseModel
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from accounts.errors import AccountNotFound
from accounts.selectors import get_account
from accounts.services import Payer
from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import Page, PageQuery, read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import (
    CurrencyMismatch,
    DuplicateReference,
    InvalidAmount,
    InvalidState,
    LimitExceeded,
    NotFound,
    ServiceUnavailable,
    UnsupportedCurrency,
)
from payouts import selectors, services
from payouts.models import Payout
from payouts.serializers import (
    ApprovalRequest,
    CancellationRequest,
    PayoutListQuery,
    PayoutRequest,
    PayoutResource,
    ResolutionRequest,
)
from risk.serializers import find_visible_risk


class _PayoutView(ApiView):
    """What is answered with payouts, as far as the caller may see them."""

    def resources_of(self, payouts: Sequence[Payout]) -> list[PayoutResource]:
        """With what risk thought of them for operators, by one more query."""
        risk = find_visible_risk(self.principal, [payout.pk for payout in payouts])
        return [PayoutResource.of(payout, risk.get(payout.pk)) for payout in payouts]

    def answer_page(self, page: Page[Payout]) -> HttpResponse:
        return self.answer(Page(self.resources_of(page.items), page.next_cursor))

    def answer_order(
        self,
        body: BaseModel,
        give: Callable[[], Payout],
        *,
        status: int = 200,
        key_required: bool = False,
    ) -> HttpResponse:
        """Do as ordered, once; the answer is the payout as it is then."""

        def work() -> tuple[int, PayoutResource]:
            payout = give()
            bind_contextvars(payout_id=str(payout.pk))
            [resource] = self.resources_of([payout])
            return status, resource

        return self.answer_once(body, work, key_required=key_required)


class Payouts(_PayoutView):
    scopes = {"GET": Scope.ACCOUNTS_READ, "POST": Scope.PAYOUTS_WRITE}
    # All but an IBAN's middle is known to whoever reads the database.
    confidential = True

    @documented(
        "List payouts",
        description="Newest first: those from the caller's accounts; operators see all."
        " An `account_id` that the caller may not see is refused.",
        query=PayoutListQuery,
        answers={200: PageOf(PayoutResource)},
        refusals=(AccountNotFound,),
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(PayoutListQuery)
        owner_id = self.principal.sees_only
        if query.account_id is not None:
            get_account(account_id=query.account_id, owner_id=owner_id)
        payouts = selectors.list_payouts(filters=query.filters(), owner_id=owner_id)
        return self.answer_page(read_page(payouts, query=query))

    @documented(
        "Send money out",
        description="From an own account (operators: from any) to a bank account. The"
        " funds are put on hold at once and the answer is a `pending` payout; a worker"
        " sends it within seconds. Before that, one above a threshold waits for"
        " somebody's approval (`approval` is then `required`), and one that risk holds"
        " for a review. The funds are taken when it is `completed`, and given back when"
        " it is `failed` or `cancelled`.",
        request=PayoutRequest,
        answers={202: PayoutResource},
        refusals=(
            InvalidAmount,
            UnsupportedCurrency,
            AccountNotFound,
            DuplicateReference,
            CurrencyMismatch,
            AccountNotActive,
            LimitExceeded,
            InsufficientBalance,
            ServiceUnavailable,
        ),
        key="required",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(PayoutRequest)
        payer = Payer(
            self.principal.user_id, may_spend_from_any=self.principal.is_operator
        )
        return self.answer_order(
            body,
            lambda: services.request_payout(
                order=body.order(), payer=payer, origin=self.origin
            ),
            status=202,
            key_required=True,
        )


class PayoutDetail(_PayoutView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented(
        "Read a payout",
        description="From an own account; operators may read any.",
        answers={200: PayoutResource},
    )
    def get(self, request: Request, payout_id: str) -> HttpResponse:
        payout = selectors.get_payout(
            payout_id=path_id(payout_id, NotFound), owner_id=self.principal.sees_only
        )
        [resource] = self.resources_of([payout])
        return self.answer(resource)


class PayoutCancellation(_PayoutView):
    scopes = {"POST": Scope.PAYOUTS_WRITE}

    @documented(
        "Cancel a payout",
        description="Its funds are available again at once. Only while it is `pending`:"
        " once a worker has taken it up, nobody can promise that it was not sent.",
        request=CancellationRequest,
        answers={200: PayoutResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, payout_id: str) -> HttpResponse:
        body = self.read_body(CancellationRequest)
        return self.answer_order(
            body,
            lambda: services.cancel_payout(
                payout_id=path_id(payout_id, NotFound),
                owner_id=self.principal.sees_only,
                reason=body.reason,
                origin=self.origin,
            ),
        )


class PayoutApproval(_PayoutView):
    scopes = {"POST": Scope.REVIEWS_WRITE}
    operators = frozenset({"POST"})

    @documented(
        "Approve a payout that needs four eyes",
        description="By another person than who requested it, and than whose money it"
        " is. It is sent then, unless a review of its risk is still open. Approving it"
        " again changes nothing.",
        request=ApprovalRequest,
        answers={200: PayoutResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, payout_id: str) -> HttpResponse:
        body = self.read_body(ApprovalRequest)
        return self.answer_order(
            body,
            lambda: services.approve_payout(
                payout_id=path_id(payout_id, NotFound),
                approver_id=self.principal.user_id,
                reason=body.reason,
                origin=self.origin,
            ),
        )


class PayoutsInReview(_PayoutView):
    scopes = {"GET": Scope.ACCOUNTS_READ}
    operators = frozenset({"GET"})

    @documented(
        "List payouts that need a person",
        description="Those in `manual_review`, newest first: nobody knows whether they"
        " were executed, or their accounts were frozen before they could be sent again."
        " Their funds stay on hold. Their gateways go on being asked: a definite answer"
        " settles one without a person.",
        query=PageQuery,
        answers={200: PageOf(PayoutResource)},
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(PageQuery)
        return self.answer_page(read_page(selectors.list_in_review(), query=query))


class PayoutResolution(_PayoutView):
    scopes = {"POST": Scope.REVIEWS_WRITE}
    operators = frozenset({"POST"})

    @documented(
        "Resolve a payout in manual review",
        description="`confirm_sent` completes it and takes what was held;"
        " `refund_failed` fails it as `refunded_by_review` and gives that back. The"
        " same decision again changes nothing; the other one is refused. Nobody decides"
        " about money of their own. The gateway goes on being asked for some days: if"
        " it says otherwise, that is raised for another review, and nothing moves by"
        " itself.",
        request=ResolutionRequest,
        answers={200: PayoutResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, payout_id: str) -> HttpResponse:
        body = self.read_body(ResolutionRequest)
        return self.answer_order(
            body,
            lambda: services.resolve_payout(
                payout_id=path_id(payout_id, NotFound),
                resolution=body.resolution(),
                by_id=self.principal.user_id,
                origin=self.origin,
            ),
        )
