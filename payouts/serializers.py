"""Shapes of payouts: what may be ordered, and what is answered."""

from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from paycore.api.pagination import PageQuery
from paycore.api.shapes import (
    Amount,
    AmountText,
    BodyId,
    ByValue,
    CurrencyCode,
    Instant,
    MoneyRequest,
    Reason,
    Reference,
    Request,
    Resource,
    ShortText,
    printable,
    refuse,
    refuse_reversed_period,
)
from payouts.models import Approval, Decision, Payout, PayoutStatus
from payouts.selectors import PayoutFilter
from payouts.services import Destination, PayoutOrder, Resolution
from risk.serializers import PaymentRisk

# Longer than any IBAN (34 characters, ISO 13616) printed in groups of four.
LONGEST_IBAN: Final = 50

LONGEST_REASON: Final = 500
OptionalReason = Annotated[
    str,
    ShortText(LONGEST_REASON, least=0),
    Field(description="Kept in the event."),
]

EXAMPLE: Final[dict[str, JsonValue]] = {
    "account_id": "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
    "amount": "75.00",
    "currency": "EUR",
    "destination": {
        "type": "iban",
        "iban": "DE89370400440532013000",
        "name": "Ada Lovelace",
        "bic": "COBADEFFXXX",
    },
    "reference": "withdrawal-17",
}


def _iban(text: str) -> str:
    try:
        return IBAN(text).compact
    except SchwiftyException:
        # Not with its own message, which may quote the number: that is nobody's to log.
        raise refuse("This is not a valid IBAN.") from None


def _bic(text: str) -> str:
    try:
        return BIC(text).compact
    except SchwiftyException:
        raise refuse("This is not a valid BIC.") from None


class DestinationRequest(Request):
    """A bank account, and whose it is."""

    type: Literal["iban"]
    iban: Annotated[
        str,
        ShortText(LONGEST_IBAN),
        AfterValidator(_iban),
        Field(
            description="ISO 13616, of the right length, characters and check digits."
            " May be printed in groups.",
            # A traceback with local variables must not show where somebody banks.
            repr=False,
        ),
    ]
    name: Annotated[
        str,
        ShortText(140),
        AfterValidator(printable),
        Field(description="The account's holder, in any script, on one line."),
    ]
    bic: (
        Annotated[
            str,
            ShortText(11),
            AfterValidator(_bic),
            Field(description="ISO 9362, of eight or eleven characters."),
        ]
        | None
    ) = None


class PayoutRequest(MoneyRequest):
    """Money to send out of an account; `currency` is the account's.

    `reference` is unique for ever among the payouts that the caller requests.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    account_id: BodyId
    amount: AmountText
    currency: CurrencyCode
    destination: DestinationRequest
    reference: Reference | None = None

    def order(self) -> PayoutOrder:
        return PayoutOrder(
            account_id=self.account_id,
            amount=self.amount,
            currency=self.currency,
            destination=Destination(
                name=self.destination.name,
                iban=self.destination.iban,
                bic=self.destination.bic or "",
            ),
            reference=self.reference,
        )


class ApprovalRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Called the customer back"}]}
    )

    reason: OptionalReason = ""


class CancellationRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "No longer needed"}]}
    )

    reason: OptionalReason = ""


class ResolutionRequest(Request):
    """`confirm_sent` takes what was held, `refund_failed` gives it back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision": "confirm_sent",
                    "reason": "Booked on the bank's statement of 12 May",
                    "gateway_reference": "bank-4711",
                }
            ]
        }
    )

    decision: Annotated[Decision, ByValue]
    reason: Annotated[
        Reason, Field(description="How the caller knows; kept in the event.")
    ]
    gateway_reference: Annotated[
        Reference | None,
        Field(description="By which the gateway knows the payment, if anybody does."),
    ] = None

    def resolution(self) -> Resolution:
        return Resolution(
            decision=self.decision,
            reason=self.reason,
            gateway_reference=self.gateway_reference or "",
        )


class PayoutListQuery(PageQuery):
    """Only payouts that pass all the filters given."""

    account_id: BodyId | None = None
    status: Annotated[PayoutStatus, ByValue] | None = None
    reference: Reference | None = None
    created_from: Annotated[Instant | None, Field(description="Included.")] = None
    created_to: Annotated[Instant | None, Field(description="Not included.")] = None

    @model_validator(mode="after")
    def _refuse_reversed_bounds(self) -> Self:
        refuse_reversed_period(self.created_from, self.created_to)
        return self

    def filters(self) -> PayoutFilter:
        return PayoutFilter(
            account_id=self.account_id,
            status=self.status,
            reference=self.reference,
            created_from=self.created_from,
            created_to=self.created_to,
        )


class DestinationResource(Resource):
    type: Literal["iban"] = "iban"
    iban: Annotated[
        str,
        Field(
            description="Masked, but for the country and the last four characters.",
            json_schema_extra={
                "pattern": r"^[A-Z]{2}\*+[A-Z0-9]{4}$",
                "examples": ["DE****************3000"],
            },
        ),
    ]
    name: str
    bic: str | None


class PayoutResource(Resource):
    """Money leaving: held at once, sent by a worker, settled by a gateway's answer."""

    id: UUID
    status: Annotated[
        PayoutStatus,
        Field(
            description="`pending`: nothing was sent yet. `processing`: a gateway has"
            " it, or may have. `manual_review`: for too long nobody could say which, or"
            " it was to be sent again and its account is frozen. In these three its"
            " funds are on hold. `completed`: they have left. `failed`, `cancelled`:"
            " they are available again."
        ),
    ]
    account_id: UUID
    amount: Amount
    currency: str
    destination: DestinationResource
    reference: str | None
    gateway_reference: Annotated[
        str | None, Field(description="By which its gateway knows it, once told.")
    ]
    failure_code: Annotated[
        str | None,
        Field(
            description="Of a failed one: the gateway's reason (`account_closed`), or"
            " ours: `gateway_unavailable`, `declined_by_gateway` (it gave none),"
            " `refunded_by_review`, `rejected_by_review`."
        ),
    ]
    attempts: Annotated[
        int,
        Field(
            description="How often it was sent at most, always under one key; the"
            " gateway executes it once."
        ),
    ]
    approval: Annotated[
        Approval | None, Field(description="Null where two eyes are enough.")
    ]
    risk: Annotated[PaymentRisk | None, Field(description="Shown to operators only.")]
    created_at: Instant
    updated_at: Instant
    completed_at: Annotated[
        Instant | None, Field(description="When the books took what was held.")
    ]

    @classmethod
    def of(cls, payout: Payout, risk: PaymentRisk | None = None) -> "PayoutResource":
        """`risk` is what operators see of it: see `find_visible_risk`."""
        return cls.model_construct(
            id=payout.pk,
            status=PayoutStatus(payout.status),
            account_id=payout.account_id,
            amount=payout.amount.text,
            currency=payout.currency,
            destination=DestinationResource.model_construct(
                iban=payout.iban_masked,
                name=payout.beneficiary_name,
                bic=payout.bic or None,
            ),
            reference=payout.reference,
            gateway_reference=payout.gateway_reference or None,
            failure_code=payout.failure_code or None,
            attempts=payout.attempts,
            approval=None if payout.approval is None else Approval(payout.approval),
            risk=risk,
            created_at=payout.created_at,
            updated_at=payout.updated_at,
            completed_at=payout.completed_at,
        )
