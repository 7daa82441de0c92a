"""Rates and quotes over HTTP."""

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from fx import services
from fx.errors import AmountTooSmall, RateUnavailable
from fx.selectors import get_quote, list_current_rates
from fx.serializers import (
    QuoteRequest,
    QuoteResource,
    RateListQuery,
    RateListResource,
    RateResource,
)
from paycore.api.openapi import documented
from paycore.api.principals import Scope
from paycore.api.views import ApiView, path_id
from paycore.lib.errors import (
    CurrencyMismatch,
    InvalidAmount,
    LimitExceeded,
    NotFound,
    UnsupportedCurrency,
)
from paycore.lib.money import CURRENCIES


class RateList(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented(
        "List exchange rates",
        description="The rates in force, before any spread. The inverse of each, and"
        " the rate between any two currencies that these connect, is computed exactly"
        " from them. One that is too old is still listed, but nothing is converted by"
        " it: that is refused with 503 `rate_unavailable`.",
        query=RateListQuery,
        answers={200: RateListResource},
    )
    def get(self, request: Request) -> HttpResponse:
        self.read_query(RateListQuery)
        rates = list_current_rates(at=timezone.now())
        items = [RateResource.of(rate) for rate in rates]
        return self.answer(RateListResource.model_construct(items=items))


class QuoteCreation(ApiView):
    scopes = {"POST": Scope.TRANSFERS_WRITE}

    @documented(
        "Ask for a quote",
        description="It locks the rate and both amounts until `expires_at`. Redeem it"
        " once, with POST /v1/transfers/exchange and exactly this amount.",
        request=QuoteRequest,
        answers={201: QuoteResource},
        refusals=(
            InvalidAmount,
            UnsupportedCurrency,
            CurrencyMismatch,
            LimitExceeded,
            AmountTooSmall,
            RateUnavailable,
        ),
        key="accepted",
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.read_body(QuoteRequest)
        return self.answer_once(
            body, lambda: (201, self._create(body)), key_required=False
        )

    def _create(self, body: QuoteRequest) -> QuoteResource:
        quote = services.create_quote(
            owner_id=self.principal.user_id,
            amount=body.money(),
            destination=CURRENCIES.get(body.destination_currency),
            at=timezone.now(),
            ttl_seconds=settings.FX_QUOTE_TTL,
        )
        return QuoteResource.of(quote)


class QuoteDetail(ApiView):
    scopes = {"GET": Scope.ACCOUNTS_READ}

    @documented("Read a quote", answers={200: QuoteResource})
    def get(self, request: Request, quote_id: str) -> HttpResponse:
        quote = get_quote(
            quote_id=path_id(quote_id, NotFound), owner_id=self.principal.sees_only
        )
        return self.answer(QuoteResource.of(quote))
