"""The shape of transfers: what may be ordered, what is answered."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, model_validator

from paycore.api.pagination import PageQuery
from paycore.api.shapes import (
    Amount,
    AmountGrammar,
    AmountText,
    BodyId,
    ByValue,
    CurrencyCode,
    ExternalId,
    Instant,
    Metadata,
    OptionalAmountText,
    Reference,
    Request,
    Resource,
    ShortText,
    refuse,
)
from paycore.lib.errors import DomainError
from paycore.lib.money import AMOUNT_PATTERN, CURRENCIES, Money
from transfers.errors import SameAccountTransfer
from transfers.models import Transfer, TransferKind, TransferStatus
from transfers.selectors import TransferFilter
from transfers.services import InternalOrder

MOST_IN_A_BATCH: Final = 1000

Mode = Literal["atomic", "independent"]
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


class InternalTransferRequest(InternalTransferItem):
    """As an item of a batch, but everything that can be judged alone is."""

    amount: AmountText
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _refuse_the_impossible(self) -> Self:
        if self.currency is not None:
            _require_decimals(self.amount, self.currency, at="amount")
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
        if self.initial_balance is not None:
            _require_decimals(self.initial_balance, self.currency, at="initial_balance")
        return self

    def initial(self) -> Money | None:
        if self.initial_balance is None:
            return None
        return Money.parse(self.initial_balance, CURRENCIES.get(self.currency))


Bound = Annotated[
    str,
    Field(pattern=AMOUNT_PATTERN, description="In major units, whatever the currency."),
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
        if _is_reversed(self.created_from, self.created_to):
            raise refuse("This is before `created_from`.", at="created_to")
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


class Merchant(Resource):
    name: str
    category: str


class Risk(Resource):
    score: int
    flags: list[str]


class TransferResource(Resource):
    """A movement between accounts here.

    `amount` is what the source is debited, `destination_amount` what the destination
    receives; `rate` is destination units per source unit.
    """

    id: UUID
    kind: TransferKind
    status: TransferStatus
    source_account_id: UUID | None
    destination_account_id: UUID | None
    amount: Amount
    currency: str
    destination_amount: Amount
    destination_currency: str
    rate: Annotated[str | None, Field(description="Null without a conversion.")]
    reference: str | None
    description: str
    metadata: dict[str, Any]
    merchant: Merchant | None
    risk: Annotated[Risk | None, Field(description="Shown to operators only.")]
    refunded_amount: Amount
    original_transfer_id: UUID | None
    journal_entry_id: UUID | None
    failure_code: str | None
    created_at: Instant
    completed_at: Instant | None

    @classmethod
    def of(cls, transfer: Transfer) -> "TransferResource":
        merchant = None
        if transfer.merchant_name:
            merchant = Merchant(
                name=transfer.merchant_name, category=transfer.merchant_category
            )
        return cls.model_construct(
            id=transfer.pk,
            kind=TransferKind(transfer.kind),
            status=TransferStatus(transfer.status),
            source_account_id=transfer.source_account_id,
            destination_account_id=transfer.destination_account_id,
            amount=transfer.amount.text,
            currency=transfer.currency,
            destination_amount=transfer.destination_amount.text,
            destination_currency=transfer.destination_currency,
            rate=None if transfer.rate is None else f"{transfer.rate.normalize():f}",
            reference=transfer.reference,
            description=transfer.description,
            metadata=transfer.metadata,
            merchant=merchant,
            risk=None,
            refunded_amount=transfer.refunded.text,
            original_transfer_id=transfer.original_transfer_id,
            journal_entry_id=transfer.journal_entry_id,
            failure_code=transfer.failure_code or None,
            created_at=transfer.created_at,
            completed_at=transfer.completed_at,
        )


class CompletedItem(Resource):
    """`pending` when the transfer is held for review."""

    index: int
    status: Literal["completed", "pending"]
    transfer: TransferResource


class FailedItem(Resource):
    index: int
    status: Literal["failed"] = "failed"
    error: Annotated[dict[str, Any], Field(description="A problem document.")]


class BatchResource(Resource):
    """What became of each transfer, in the order in which they were sent."""

    mode: Mode
    completed: int
    failed: int
    items: list[CompletedItem | FailedItem]

    @classmethod
    def of(cls, mode: Mode, items: list[CompletedItem | FailedItem]) -> "BatchResource":
        failed = sum(item.status == "failed" for item in items)
        return cls.model_construct(
            mode=mode, completed=len(items) - failed, failed=failed, items=items
        )


def _is_reversed(start: datetime | None, end: datetime | None) -> bool:
    return start is not None and end is not None and start > end


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _require_decimals(amount: str, currency: str, *, at: str) -> None:
    try:
        Money.parse(amount, CURRENCIES.get(currency))
    except DomainError as refusal:
        raise refuse(refusal, at=at) from None
