"""How the list of transfers may be asked for."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paycore.api.pagination import PageQuery
from paycore.api.shapes import (
    AmountGrammar,
    BodyId,
    ByValue,
    Instant,
    Reference,
    ShortText,
    refuse,
    refuse_reversed_period,
)
from transfers.models import TransferKind, TransferStatus
from transfers.selectors import TransferFilter

Bound = Annotated[
    AmountGrammar, Field(description="In major units, whatever the currency.")
]


class TransferListQuery(PageQuery):
    account_id: BodyId | None = None
    kind: Annotated[TransferKind, ByValue] | None = None
    status: Annotated[TransferStatus, ByValue] | None = None
    merchant_category: Annotated[str, ShortText(100)] | None = None
    reference: Reference | None = None
    created_from: Annotated[Instant | None, Field(description="Included.")] = None
    created_to: Annotated[Instant | None, Field(description="Not included.")] = None
    min_amount: Bound | None = None
    max_amount: Bound | None = None
    sort_by: Literal["created_at", "amount"] = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"

    @model_validator(mode="after")
    def _refuse_reversed_bounds(self) -> Self:
        refuse_reversed_period(self.created_from, self.created_to)
        lowest, highest = _decimal(self.min_amount), _decimal(self.max_amount)
        if lowest is not None and highest is not None and lowest > highest:
            raise refuse("This is less than `min_amount`.", at="max_amount")
        return self

    def filters(self) -> TransferFilter:
        return TransferFilter(
            account_id=self.account_id,
            kind=self.kind,
            status=self.status,
            merchant_category=self.merchant_category,
            reference=self.reference,
            created_from=self.created_from,
            created_to=self.created_to,
            min_amount=_decimal(self.min_amount),
            max_amount=_decimal(self.max_amount),
        )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
