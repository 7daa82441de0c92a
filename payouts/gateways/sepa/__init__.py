"""SEPA credit transfers: orders in files for a bank, answers in files from it.

A file is not a conversation. What is handed over is `UNDERWAY` until a file from the
bank says otherwise, which `payouts.services.import_bank_file` reads.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from payouts.gateways.protocol import Answer, Outcome, PaymentOrder
from payouts.gateways.sepa.delivery import deliver_files
from payouts.gateways.sepa.enlisting import enlist_payments, rule_out
from payouts.gateways.sepa.files import INVALID_BENEFICIARY, NOT_A_SEPA_PAYMENT
from payouts.gateways.sepa.instructions import answer_of, find_instructions

__all__ = ["SepaGateway", "deliver_files"]

_FAULTS: Final = {
    INVALID_BENEFICIARY: "Its beneficiary cannot be written in a SEPA file.",
    NOT_A_SEPA_PAYMENT: "SEPA pays euros, to accounts in its countries.",
}


class SepaGateway:
    """The gateway `sepa`. It knows each payout by what is stored of it."""

    name = "sepa"

    def __init__(self) -> None:
        self.patience = timedelta(days=settings.SEPA_PATIENCE_DAYS)

    def submit(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """Store a file for those orders that are in none, and deliver it.

        A file that cannot be delivered now is delivered later: it is stored, so its
        payments are underway all the same.
        """
        enlisted = enlist_payments(orders)
        deliver_files()
        yield [
            *map(answer_of, enlisted.instructions.values()),
            *(_declined(*fault) for fault in enlisted.faults.items()),
        ]

    def find(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        """What the bank has said last. Nothing in a file was never sent."""
        known = find_instructions([order.payout_id for order in orders])
        yield [
            answer_of(known[order.payout_id])
            if order.payout_id in known
            else Answer(order.payout_id, Outcome.ABSENT, detail="It is in no file.")
            for order in orders
        ]

    def cancel(self, order: PaymentOrder) -> Answer:
        """Declined for ever, unless it is in a file: nobody can take it out of there,
        so the answer is what is known.
        """
        return answer_of(rule_out(order))


def _declined(payout_id: UUID, fault: str) -> Answer:
    return Answer(
        payout_id, Outcome.DECLINED, failure_code=fault, detail=_FAULTS[fault]
    )
