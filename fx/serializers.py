"""The shape of rates and quotes."""

from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from fx.arithmetic import PairRate, rate_text
from fx.models import Quote
from paycore.api.shapes import (
    Amount,
    AmountText,
    CurrencyCode,
    Instant,
    Request,
    Resource,
    refuse,
)
from paycore.lib.errors import InvalidAmount
from paycore.lib.money import CURRENCIES, Money

EXAMPLE_QUOTE: Final[dict[str, JsonValue]] = {
    "source_currency": "EUR",
    "destination_currency": "USD",
    "amount": "92.00",
}

RateText = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"^[0-9]+(\.[0-9]+)?$", "examples": ["0.92"]}),
]


class RateListQuery(Request):
    """The list is short: it comes whole, and without filters."""


class QuoteRequest(Request):
    """`amount` is in the source's currency."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_QUOTE]})

    source_currency: CurrencyCode
    destination_currency: CurrencyCode
    amount: AmountText

    @model_validator(mode="after")
    def _decimals_fit_the_currency(self) -> Self:
        try:
            self.money()
        except InvalidAmount as refusal:
            raise refuse(refusal, at="amount") from None
        return self

    def money(self) -> Money:
        return Money.parse(self.amount, CURRENCIES.get(self.source_currency))


class RateResource(Resource):
    """What one unit of `base` is worth in `quote`."""

    base: str
    quote: str
    rate: RateText
    source: str
    as_of: Instant

    @classmethod
    def of(cls, rate: PairRate) -> "RateResource":
        return cls.model_construct(
            base=rate.base,
            quote=rate.quote,
            rate=rate_text(rate.shown),
            source=rate.source,
            as_of=rate.as_of,
        )


class RateListResource(Resource):
    items: list[RateResource]


class QuoteResource(Resource):
    """A promise: the destination receives that for the source's amount, until then.

    `rate` is destination units per source unit; times `source_amount`, cut to the
    destination's minor unit, it is `destination_amount`.
    """

    id: UUID
    rate: RateText
    source_amount: Amount
    source_currency: str
    destination_amount: Amount
    destination_currency: str
    expires_at: Annotated[Instant, Field(description="Good until before this.")]

    @classmethod
    def of(cls, quote: Quote) -> "QuoteResource":
        return cls.model_construct(
            id=quote.pk,
            rate=rate_text(quote.rate),
            source_amount=quote.source.text,
            source_currency=quote.source_currency,
            destination_amount=quote.destination.text,
            destination_currency=quote.destination_currency,
            expires_at=quote.expires_at,
        )
