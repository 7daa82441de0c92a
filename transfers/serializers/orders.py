"""What may be ordered: accounts and internal transfers."""

from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from paycore.api.shapes import (
    AmountGrammar,
    AmountText,
    BodyId,
    CurrencyCode,
    ExternalId,
    Metadata,
    MoneyRequest,
    OptionalAmountText,
    Reference,
    Request,
    ShortText,
    refuse,
)
from paycore.lib.errors import DomainError
from paycore.lib.money import CURRENCIES, Money
from transfers.errors import SameAccountTransfer
from transfers.serializers.resources import Mode
from transfers.services import InternalOrder

MOST_IN_A_BATCH: Final = 1000

Description = Annotated[str, ShortText(500, least=0)]

EXAMPLE_ORDER: Final[dict[str, JsonValue]] = {
    "source_account_id": "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
    "destination_account_id": "0198c5a0-5d10-7b1f-8a44-0c9d8e7f6a5b",
    "amount": "150.75",
    "currency": "USD",
    "reference": "invoice-2041",
    "description": "Dinner",
    "metadata": {"order": "2041"},
}
EXAMPLE_ACCOUNT: Final[dict[str, JsonValue]] = {
    "currency": "USD",
    "name": "Daily",
    "external_id": "wallet-17",
}


class InternalTransferItem(Request):
    """A transfer between two accounts of one currency.

    `currency` may be left out; given, it must be the source account's.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ORDER]})

    source_account_id: BodyId
    destination_account_id: BodyId
    amount: AmountGrammar
    currency: str | None = None
    reference: Reference | None = None
    description: Description = ""
    metadata: Metadata = Field(default_factory=dict)

    def order(self) -> InternalOrder:
        return InternalOrder(
            source_account_id=self.source_account_id,
            destination_account_id=self.destination_account_id,
            amount=self.amount,
            currency=self.currency,
            reference=self.reference,
            description=self.description,
            metadata=self.metadata,
        )


class InternalTransferRequest(InternalTransferItem, MoneyRequest):
    """As an item of a batch, but everything that can be judged alone is."""

    amount: AmountText
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _accounts_differ(self) -> Self:
        if self.source_account_id == self.destination_account_id:
            raise refuse(SameAccountTransfer(), at="destination_account_id")
        return self


class BatchRequest(Request):
    """`atomic`: all or none. `independent`: each on its own, in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"mode": "atomic", "transfers": [EXAMPLE_ORDER]}]
        }
    )

    mode: Mode
    transfers: Annotated[
        list[InternalTransferItem], Field(min_length=1, max_length=MOST_IN_A_BATCH)
    ]


class AccountRequest(Request):
    """`owner_id` of another person and `initial_balance` are for operators."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ACCOUNT]})

    currency: CurrencyCode
    name: Annotated[str, ShortText(200, least=0)] = ""
    external_id: ExternalId | None = None
    metadata: Metadata = Field(default_factory=dict)
    owner_id: BodyId | None = None
    initial_balance: OptionalAmountText = None

    @model_validator(mode="after")
    def _refuse_a_rounded_balance(self) -> Self:
        try:
            self.initial()
        except DomainError as refusal:
            raise refuse(refusal, at="initial_balance") from None
        return self

    def initial(self) -> Money | None:
        if self.initial_balance is None:
            return None
        return Money.parse(self.initial_balance, CURRENCIES.get(self.currency))
