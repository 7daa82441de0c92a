"""What a payout asks of a bank, and what a bank may answer.

A gateway only talks: it takes a plain order, knows no payout, and decides nothing about
money. What its answers mean is for `payouts.services` to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from paycore.lib.money import Money


class Outcome(StrEnum):
    """What is known after a gateway was told or asked something.

    The line that matters runs between `not_sent` and `unknown`: the first says that
    nothing can have left, the second that nobody here knows.
    """

    # The money has left.
    EXECUTED = "executed"
    # It has not, and never will under this order.
    DECLINED = "declined"
    # The gateway has the order and will tell later.
    UNDERWAY = "underway"
    # The order certainly did not reach the gateway, or was not taken: send it again.
    NOT_SENT = "not_sent"
    # Asked, the gateway has never heard of the order.
    ABSENT = "absent"
    # It may have been executed or not.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """Who receives the money, and where. The IBAN is whole here, and nowhere else."""

    name: str
    iban: str
    bic: str = ""

    def __repr__(self) -> str:
        # A traceback with local variables must not show where somebody banks.
        return f"Beneficiary(... {self.iban[-4:]})"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One payout as a gateway is told of it.

    `payout_id` is the idempotency key on every attempt: a gateway must never execute
    two orders with the same one.
    """

    payout_id: UUID
    amount: Money
    beneficiary: Beneficiary
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gateway said about one payout.

    `failure_code` is a stable word for a decline (`account_closed`), `detail` a
    sentence for the timeline, without anything secret.
    """

    payout_id: UUID
    outcome: Outcome
    gateway_reference: str = ""
    failure_code: str = ""
    detail: str = ""


class Gateway(Protocol):
    """A way for money to leave.

    No method raises for what a bank or a network may do: that is an `Answer`. None is
    called inside a database transaction.
    """

    name: str
    # How long after sending an outcome may be missing before a person must look.
    patience: timedelta

    def submit(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """Send orders; yield answers as they come, one for each order in the end."""
        ...

    def find(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """Ask what became of orders that may have been sent. Never `NOT_SENT`."""
        ...

    def cancel(self, order: PaymentOrder) -> Answer:
        """Ask that an order be forgotten: `DECLINED` when it will not be executed."""
        ...
