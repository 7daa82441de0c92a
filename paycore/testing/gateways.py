"""A gateway whose answers a test writes down: the port behind which banks are."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

import payouts.gateways
from payouts.gateways import Answer, Outcome, PaymentOrder
from payouts.services import answers, work

Says = Outcome | Answer | Callable[[PaymentOrder], Answer]


class ScriptedGateway:
    """Answers `executed` unless told otherwise, and remembers what it was told.

    `says[kind]` is what it answers next to `submit`, `find` and `cancel`: outcomes or
    whole answers, used up one by one; the last one stays.
    """

    name = "sandbox"

    def __init__(self) -> None:
        self.patience = timedelta(minutes=15)
        self.says: dict[str, list[Says]] = {
            "submit": [Outcome.EXECUTED],
            "find": [Outcome.UNKNOWN],
            "cancel": [Outcome.DECLINED],
        }
        self.heard: list[tuple[str, PaymentOrder]] = []
        # Whether a transaction was open while it was talked to: never.
        self.saw_transaction = False

    def will(self, kind: str, *says: Says) -> None:
        """Answer this from now on."""
        self.says[kind] = list(says)

    def heard_of(self, payout_id: UUID) -> list[str]:
        """What it was told about a payout: `["submit", "find"]`."""
        return [kind for kind, order in self.heard if order.payout_id == payout_id]

    def submit(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        yield [self._answer("submit", order) for order in orders]

    def find(self, orders: Sequence[PaymentOrder]) -> Iterator[list[Answer]]:
        yield [self._answer("find", order) for order in orders]

    def cancel(self, order: PaymentOrder) -> Answer:
        return self._answer("cancel", order)

    def _answer(self, kind: str, order: PaymentOrder) -> Answer:
        self.heard.append((kind, order))
        self.saw_transaction |= _is_in_a_transaction_of_ours()
        script = self.says[kind]
        says = script.pop(0) if len(script) > 1 else script[0]
        if callable(says):
            return says(order)
        if isinstance(says, Answer):
            return says
        reference = f"bank-{order.payout_id}" if says == Outcome.EXECUTED else ""
        return Answer(order.payout_id, says, gateway_reference=reference)


def _is_in_a_transaction_of_ours() -> bool:
    # Most tests run in a transaction that is marked as theirs.
    marks: list[bool] = [
        getattr(block, "_from_testcase", False) for block in connection.atomic_blocks
    ]
    return not all(marks)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> ScriptedGateway:
    """The bank behind every payout of this test."""
    scripted = ScriptedGateway()
    for module in (payouts.gateways, work, answers):
        monkeypatch.setattr(module, "get_gateway", lambda _: scripted)
    return scripted
