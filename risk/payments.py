"""A payment as risk sees it: plain, whatever it is elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from paycore.lib.money import Money


class PaymentKind(StrEnum):
    """What rules and limits can be about."""

    PURCHASE = "purchase"
    PAYOUT = "payout"
    INTERNAL = "internal"
    EXCHANGE = "exchange"

    @property
    def many(self) -> str:
        """Such payments in words, as `internal transfers`."""
        noun = "internal transfer" if self is PaymentKind.INTERNAL else self.value
        return f"{noun}s"


class SubjectType(StrEnum):
    """What a payment is, where it is made."""

    TRANSFER = "transfer"
    PAYOUT = "payout"


@dataclass(frozen=True, slots=True)
class Payment:
    """What somebody wants to pay.

    `amount` is what their account is debited. `counterparty` tells merchants, or
    beneficiaries, apart; empty when there is none to tell.
    """

    subject_type: SubjectType
    subject_id: UUID
    kind: PaymentKind
    user_id: UUID
    amount: Money
    counterparty: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a payment is judged: on the database's clock, and on its user's."""

    at: datetime
    local: datetime


@dataclass(frozen=True, slots=True)
class Worth:
    """What a payment is worth in `RISK_CURRENCY`, in major units.

    None when no rate connects the currencies: then nothing that compares worths can
    be said.
    """

    major: Fraction | None
    currency: str
