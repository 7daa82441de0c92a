"""What is answered about transfers."""

from collections import Counter
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from fx.arithmetic import rate_text
from paycore.api.shapes import Amount, Instant, Resource
from risk.serializers import PaymentRisk
from transfers.models import Transfer, TransferKind, TransferStatus

Mode = Literal["atomic", "independent"]


class Merchant(Resource):
    name: str
    category: str


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
    risk: Annotated[PaymentRisk | None, Field(description="Shown to operators only.")]
    refunded_amount: Amount
    original_transfer_id: UUID | None
    journal_entry_id: UUID | None
    failure_code: str | None
    created_at: Instant
    completed_at: Instant | None

    @classmethod
    def of(
        cls, transfer: Transfer, risk: PaymentRisk | None = None
    ) -> "TransferResource":
        """`risk` is what operators see of it: see `find_visible_risk`."""
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
            rate=None if transfer.rate is None else rate_text(transfer.rate),
            reference=transfer.reference,
            description=transfer.description,
            metadata=transfer.metadata,
            merchant=merchant,
            risk=risk,
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
    """What became of each transfer, in the order in which they were sent.

    Neither completed nor failed are those that are held.
    """

    mode: Mode
    completed: int
    failed: int
    items: list[CompletedItem | FailedItem]

    @classmethod
    def of(cls, mode: Mode, items: list[CompletedItem | FailedItem]) -> "BatchResource":
        counted = Counter(item.status for item in items)
        return cls.model_construct(
            mode=mode,
            completed=counted["completed"],
            failed=counted["failed"],
            items=items,
        )
