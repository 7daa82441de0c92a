"""Reviews over HTTP, for operators."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.api.openapi import PageOf, documented
from paycore.api.pagination import read_page
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import InvalidState, NotFound
from risk import selectors, services
from risk.models import ReviewStatus
from risk.serializers import ReviewListQuery, ReviewResource, VerdictRequest


class ReviewList(ApiView):
    scopes = {"GET": Scope.REVIEWS_WRITE}
    operators = frozenset({"GET"})

    @documented(
        "List reviews",
        description="Payments that were held by their score; with `status=open` those"
        " that wait.",
        query=ReviewListQuery,
        answers={200: PageOf(ReviewResource)},
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.read_query(ReviewListQuery)
        page = read_page(selectors.list_reviews(filters=query.filters()), query=query)
        return self.answer(page.map(ReviewResource.of))


class _Verdict(ApiView):
    """A decision about a held payment."""

    scopes = {"POST": Scope.REVIEWS_WRITE}
    operators = frozenset({"POST"})
    verdict: ClassVar[ReviewStatus]

    def answer_verdict(self, review_id: str) -> HttpResponse:
        body = self.read_body(VerdictRequest)

        def work() -> tuple[int, ReviewResource]:
            review = services.resolve_review(
                review_id=path_id(review_id, NotFound),
                verdict=self.verdict,
                reason=body.reason,
                by_id=self.principal.user_id,
                origin=self.origin,
            )
            return 200, ReviewResource.of(review)

        return self.answer_once(body, work, key_required=False)


class ReviewApproval(_Verdict):
    verdict = ReviewStatus.APPROVED

    @documented(
        "Let a held payment go on",
        description="Its transfer is completed, its payout sent, unless that also needs"
        " four eyes. Nobody decides about money of their own. The same verdict again"
        " changes nothing; the other one is refused.",
        request=VerdictRequest,
        answers={200: ReviewResource},
        refusals=(NotFound, InvalidState, AccountNotActive, InsufficientBalance),
        key="accepted",
    )
    def post(self, request: Request, review_id: str) -> HttpResponse:
        return self.answer_verdict(review_id)


class ReviewRejection(_Verdict):
    verdict = ReviewStatus.REJECTED

    @documented(
        "Reject a held payment",
        description="It fails as `rejected_by_review`, and its funds are given back."
        " Nobody decides about money of their own.",
        request=VerdictRequest,
        answers={200: ReviewResource},
        refusals=(NotFound, InvalidState),
        key="accepted",
    )
    def post(self, request: Request, review_id: str) -> HttpResponse:
        return self.answer_verdict(review_id)
