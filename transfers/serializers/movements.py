"""What may be ordered: exchanges, purchases, deposits, refunds, reversals."""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from paycore.api.shapes import (
    AmountText,
    BodyId,
    CurrencyCode,
    Metadata,
    MoneyRequest,
    OptionalAmountText,
    Reason,
    Reference,
    Request,
    Resource,
    ShortText,
    refuse,
)
from paycore.lib.money import CURRENCIES, Money
from transfers.errors import SameAccountTransfer
from transfers.models import DepositStatus
from transfers.services import (
    Announcement,
    DepositOrder,
    ExchangeOrder,
    PurchaseOrder,
    Reception,
)

ONE_ACCOUNT: Final = "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e"
ANOTHER_ACCOUNT: Final = "0198c5a0-5d10-7b1f-8a44-0c9d8e7f6a5b"


def _example(**members: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [members]})


class ExchangeRequest(MoneyRequest):
    """`amount` is in the source's currency; with `quote_id` at the quote's rate."""

    model_config = _example(
        source_account_id=ONE_ACCOUNT,
        destination_account_id=ANOTHER_ACCOUNT,
        amount="100.00",
        currency="USD",
    )

    source_account_id: BodyId
    destination_account_id: BodyId
    amount: AmountText
    currency: CurrencyCode | None = None
    quote_id: BodyId | None = None

    @model_validator(mode="after")
    def _accounts_differ(self) -> Self:
        if self.source_account_id == self.destination_account_id:
            raise refuse(SameAccountTransfer(), at="destination_account_id")
        return self

    def order(self) -> ExchangeOrder:
        return ExchangeOrder(
            source_account_id=self.source_account_id,
            destination_account_id=self.destination_account_id,
            amount=self.amount,
            currency=self.currency,
            quote_id=self.quote_id,
        )


class PurchaseRequest(MoneyRequest):
    """`amount` and `currency` are what the merchant receives.

    `merchant_account_id` credits that account; without it the house keeps the money for
    its merchants.
    """

    model_config = _example(
        account_id=ONE_ACCOUNT,
        amount="12.50",
        currency="USD",
        merchant_name="Corner Coffee",
        merchant_category="restaurants",
    )

    account_id: BodyId
    amount: AmountText
    currency: CurrencyCode
    merchant_name: Annotated[str, ShortText(200)]
    merchant_category: Annotated[str, ShortText(100)]
    merchant_account_id: BodyId | None = None
    reference: Reference | None = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _accounts_differ(self) -> Self:
        if self.account_id == self.merchant_account_id:
            raise refuse(SameAccountTransfer(), at="merchant_account_id")
        return self

    def order(self) -> PurchaseOrder:
        return PurchaseOrder(
            account_id=self.account_id,
            amount=self.amount,
            currency=self.currency,
            merchant_name=self.merchant_name,
            merchant_category=self.merchant_category,
            merchant_account_id=self.merchant_account_id,
            reference=self.reference,
            metadata=self.metadata,
        )


class DepositRequest(MoneyRequest):
    """What came in from outside, under the reference it came with."""

    model_config = _example(
        account_id=ONE_ACCOUNT,
        amount="500.00",
        currency="USD",
        reference="wire-2041",
    )

    account_id: BodyId
    amount: AmountText
    currency: CurrencyCode
    reference: Reference

    def order(self) -> DepositOrder:
        return DepositOrder(self.account_id, self.amount, self.currency, self.reference)

    def announcement(self) -> Announcement:
        amount = Money.parse(self.amount, CURRENCIES.get(self.currency))
        return Announcement(self.reference, self.account_id, amount)


class RefundRequest(Request):
    """`amount` is what the payer gets back, in the original's currency."""

    model_config = _example(amount="5.00", reason="One item was missing")

    reason: Reason
    amount: Annotated[
        OptionalAmountText, Field(description="Without it: all that is left.")
    ] = None


class ReversalRequest(Request):
    """`force` is for administrators: it may take the receiver below its floor."""

    model_config = _example(reason="Sent to the wrong person")

    reason: Reason
    force: bool = False


class ReceptionResource(Resource):
    """What became of an announced deposit. `parked`: an operator will decide."""

    status: Literal["processed", "duplicate", "parked"]
    transfer_id: UUID | None

    @classmethod
    def of(cls, reception: Reception) -> "ReceptionResource":
        deposit = reception.deposit
        status: Any = deposit.status
        if deposit.status != DepositStatus.PARKED and reception.is_repeat:
            status = "duplicate"
        return cls(status=status, transfer_id=deposit.transfer_id)
