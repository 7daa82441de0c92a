"""What workers do: send what is due, and ask about what is in doubt.

Note [A payout is sent once]
    1. Claim: due payouts are locked, past those that others have locked, marked as
       ones to ask about, and leased. This is committed.
    2. Talk: the gateway is told, or asked, outside any transaction. The payout's id is
       the idempotency key each time.
    3. Store: what it answered is committed, before
    4. Conclude: money and status follow from the answer, in one transaction.

    Runs twice, or at once: step 1 gives a payout to one of them, until its lease ends.
    Late: what is due is decided by the database, not by the message that woke us.
    Dies after 1, 2 or 3: the lease ends, the next worker asks first, and sends again
    only what the gateway has never heard of, under the same key. Dies in 1 or 4: the
    transaction is gone. Slow beyond its lease: its fencing number is old, so that only
    what it knows for certain counts. See Note [What an answer means].

    A gateway that fails over one order must not keep the others, which would come due
    together with it each time: then it is talked to about each of those left. What it
    says nothing about is in doubt.
"""

import os
import socket
from collections.abc import Iterator, Sequence
from time import monotonic
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError

from paycore.lib.db import run_in_transaction
from paycore.lib.sealing import CannotUnseal, unseal
from payouts.gateways import (
    Answer,
    Beneficiary,
    Gateway,
    Outcome,
    PaymentOrder,
    get_gateway,
)
from payouts.models import Payout, Step
from payouts.services.answers import take_answers
from payouts.services.claims import Lease, by_gateway, by_payout, claim_due

log = structlog.get_logger(__name__)


def worker_name() -> str:
    """Who takes payouts up: this process of this machine."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def work_on_due(*, step: Step, worker: str, seconds: float) -> int:
    """Take up what is due, batch after batch; answers how many payouts that were.

    Stops when nothing is due, or when so many seconds have passed: the rest is for the
    next run.

    Raises: `ExceptionGroup` of what went wrong with some of a batch, when the others
    were looked after.
    """
    ends = monotonic() + seconds
    taken = 0
    while True:
        leases = take_batch(step=step, worker=worker)
        taken += len(leases or [])
        if leases is None or monotonic() >= ends:
            return taken


def take_batch(*, step: Step, worker: str) -> list[Lease] | None:
    """One round of Note [A payout is sent once]; the payouts that it was about.

    None when nothing is due.
    """
    leases = run_in_transaction(lambda: claim_due(step=step, worker=worker))
    if leases is None:
        return None
    problems: list[Exception] = []
    for name, group in by_gateway(leases).items():
        problems += _Round(name, step, group).go()
    if problems:
        raise ExceptionGroup("Some payouts could not be worked on.", problems)
    return leases


class _Round:
    """A worker's talk with one gateway about payouts that it has taken up."""

    def __init__(self, gateway: str, step: Step, leases: Sequence[Lease]) -> None:
        self.gateway = gateway
        self.step = step
        self.leases = by_payout(leases)
        # Those that nothing has been said about.
        self.left: dict[UUID, Lease] = dict(self.leases)
        self.problems: list[Exception] = []

    def go(self) -> list[Exception]:
        """What went wrong."""
        if not self._talk_about(list(self.left.values())):
            for lease in list(self.left.values()):
                self._talk_about([lease])
        silence = [
            Answer(payout_id, Outcome.UNKNOWN, detail="The gateway said nothing.")
            for payout_id in self.left
        ]
        if silence:
            self._take(silence)
        return self.problems

    def _talk_about(self, leases: Sequence[Lease]) -> bool:
        """Whether the gateway went through with it."""
        try:
            talk = _talk(get_gateway(self.gateway), self.step, leases)
            while (answers := next(talk, None)) is not None:
                self._take(answers)
        except (OperationalError, InterfaceError):
            # The database is in trouble, not the gateway.
            raise
        except Exception as problem:
            ids = [str(lease.payout.pk) for lease in leases]
            log.exception("gateway_failed", gateway=self.gateway, payout_ids=ids)
            self.problems.append(problem)
            return False
        return True

    def _take(self, answers: Sequence[Answer]) -> None:
        self.problems += take_answers(answers, leases=self.leases)
        for answer in answers:
            self.left.pop(answer.payout_id, None)


def _talk(
    gateway: Gateway, step: Step, leases: Sequence[Lease]
) -> Iterator[list[Answer]]:
    payouts = [lease.payout for lease in leases]
    if step == Step.SUBMIT:
        orders, unreadable = _orders_to_send(payouts)
        yield unreadable
        yield from gateway.submit(orders)
    elif step == Step.ASK:
        yield from gateway.find(
            [_order(payout, payout.iban_masked) for payout in payouts]
        )
    else:
        for payout in payouts:
            yield [gateway.cancel(_order(payout, payout.iban_masked))]


def _orders_to_send(
    payouts: Sequence[Payout],
) -> tuple[list[PaymentOrder], list[Answer]]:
    orders, unreadable = [], []
    for payout in payouts:
        try:
            orders.append(_order(payout, unseal(payout.iban_sealed)))
        except CannotUnseal as error:
            # One that cannot be read must not keep the others.
            unreadable.append(Answer(payout.pk, Outcome.NOT_SENT, detail=str(error)))
    return orders, unreadable


def _order(payout: Payout, iban: str) -> PaymentOrder:
    return PaymentOrder(
        payout_id=payout.pk,
        amount=payout.amount,
        beneficiary=Beneficiary(payout.beneficiary_name, iban, payout.bic),
        reference=payout.reference or "",
    )
