"""The posting engine and the service above it, called in process by one thread."""

import random  # noqa: TID251  # Nothing secret, and the same sequence in every run.
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final
from uuid import UUID

from ledger.services import EntryDraft, Line, Posted, post_entries
from paycore.lib.errors import DomainError
from paycore.lib.money import CURRENCIES, Money
from paycore.stack.bench.figures import Run
from paycore.stack.bench.town import ORIGIN, Town
from transfers.services import InternalOrder, Payer, create_internal_transfers

ENTRY_KIND: Final = "bench"


@dataclass(frozen=True, slots=True)
class Engine:
    """Calls with so many transfers at once, between accounts of this town."""

    town: Town
    account_ids: Sequence[UUID]
    chance: random.Random

    @classmethod
    def of(cls, town: Town) -> "Engine":
        return cls(town, town.account_ids, random.Random("engine"))  # noqa: S311

    def post(self, *, size: int, seconds: float) -> Run:
        """`ledger.services.post_entries`: the books alone."""
        amount = Money(1, CURRENCIES.get("USD"))

        def call() -> int:
            drafts = [
                EntryDraft(ENTRY_KIND, (Line(payer, -amount), Line(payee, amount)))
                for payer, payee in self._pairs(size)
            ]
            return sum(isinstance(o, Posted) for o in post_entries(drafts=drafts))

        return repeat(call, size=size, seconds=seconds)

    def transfer(self, *, size: int, seconds: float) -> Run:
        """`transfers.services`: with transfers, events and judgement."""
        payer = Payer(user_id=self.town.insider, may_spend_from_any=True)

        def call() -> int:
            orders = [
                InternalOrder(source, destination, "0.01")
                for source, destination in self._pairs(size)
            ]
            made = create_internal_transfers(orders=orders, payer=payer, origin=ORIGIN)
            return sum(not isinstance(outcome, DomainError) for outcome in made)

        return repeat(call, size=size, seconds=seconds)

    def _pairs(self, size: int) -> list[list[UUID]]:
        return [self.chance.sample(self.account_ids, 2) for _ in range(size)]


def repeat(call: Callable[[], int], *, size: int, seconds: float) -> Run:
    """Call again and again until the time is up."""
    transfers, latencies = 0, []
    started = now = perf_counter()
    while now - started < seconds:
        transfers += call()
        before, now = now, perf_counter()
        latencies.append(now - before)
    missing = size * len(latencies) - transfers
    return Run(
        transfers=transfers,
        seconds=now - started,
        latencies=latencies,
        errors=[f"{missing} transfers were refused"] if missing else [],
    )
