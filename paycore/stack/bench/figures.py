"""What was measured, and the arithmetic of it. No clock, no I/O."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Final

# The aims, as shares of what plain SQL does at its best.
SINGLES_AIM: Final = 0.35
BATCHES_AIM: Final = 3.5
BATCHES_AIM_PER_SECOND: Final = 10_000.0
PAYOUTS_AIM_PER_SECOND: Final = 300.0
# A query that does not feel finished payouts still varies by itself.
CLAIMS_AIM: Final = 0.5


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement of a few seconds.

    `transfers` were confirmed in `seconds`; each of `latencies` (seconds) is of one
    request, which may have carried many. An error is a sentence.
    """

    transfers: int
    seconds: float
    latencies: Sequence[float]
    errors: Sequence[str] = ()

    @property
    def per_second(self) -> float:
        return self.transfers / self.seconds if self.seconds else 0.0


class Part(StrEnum):
    """What makes the transfers of a leg."""

    SINGLES = "HTTP"
    EXCHANGES = "HTTP, exchanges"
    BATCHES = "HTTP batches"
    PLAIN = "plain SQL"
    PREPARED = "prepared SQL"
    SERVICE = "service calls"
    BOOKS = "engine calls"
    PAYOUTS = "payouts"


class Choice(StrEnum):
    """Which accounts a transfer is between: any two, or always one of them the same."""

    UNIFORM = "any accounts"
    HOT_RECEIVER = "one receiver"
    HOT_PAYER = "one payer"


@dataclass(slots=True)
class Leg:
    """One measurement, taken several times, because machines are noisy.

    `rival` is plain SQL with as many clients and the same choice of accounts, where
    there is one. `size` is how many transfers a request or call carries. The clients of
    payouts are worker processes.
    """

    part: Part
    clients: int
    choice: Choice = Choice.UNIFORM
    size: int = 1
    rival: "Leg | None" = None
    runs: list[Run] = field(default_factory=list)

    @property
    def transfers(self) -> int:
        return sum(run.transfers for run in self.runs)

    @property
    def errors(self) -> list[str]:
        return [error for run in self.runs for error in run.errors]

    @property
    def per_second(self) -> float:
        """The middle one of the runs: a run that was disturbed does not count."""
        return median(run.per_second for run in self.runs) if self.runs else 0.0

    @property
    def latencies(self) -> list[float]:
        """Of all requests of all runs, sorted."""
        return sorted(latency for run in self.runs for latency in run.latencies)


@dataclass(frozen=True, slots=True)
class Claims:
    """What the query of a claim takes, without and with so many finished payouts."""

    finished: int
    seconds_before: float
    seconds_after: float
    plan: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that was aimed at, and what became of it."""

    what: str
    reached: float
    aim: float

    @property
    def is_reached(self) -> bool:
        return self.reached >= self.aim


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    if not ordered:
        return math.nan
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


def share(leg: Leg, rival: Leg) -> float | None:
    """How much of the rival's transfers per second the leg reaches."""
    return leg.per_second / rival.per_second if rival.per_second else None


def fastest(legs: Iterable[Leg]) -> Leg:
    return max(legs, key=lambda leg: leg.per_second)


def best_plain(legs: Iterable[Leg]) -> Leg:
    """Plain SQL where it is at its best, between any accounts."""
    return fastest(_between_any(legs, Part.PLAIN))


def ratio(leg: Leg, legs: Iterable[Leg]) -> float | None:
    """To its rival; what has none is compared with plain SQL at its best.

    Payouts are compared with nothing: plain SQL talks to no bank.
    """
    if leg.part is Part.PAYOUTS:
        return None
    return share(leg, leg.rival or best_plain(legs))


def verdicts(legs: Sequence[Leg], claims: Claims) -> list[Verdict]:
    """Best against best: neither side chooses where the other one is slow."""
    plain = best_plain(legs)
    single = fastest(_between_any(legs, Part.SINGLES))
    batch = fastest(_between_any(legs, Part.BATCHES))
    payouts = fastest(_between_any(legs, Part.PAYOUTS))
    enough = min(BATCHES_AIM_PER_SECOND, BATCHES_AIM * plain.per_second)
    return [
        Verdict("single transfers / plain SQL", share(single, plain) or 0, SINGLES_AIM),
        Verdict("transfers/s in batches", batch.per_second, enough),
        Verdict("payouts/s", payouts.per_second, PAYOUTS_AIM_PER_SECOND),
        Verdict(
            f"claims without / with {claims.finished:,} finished payouts",
            claims.seconds_before / claims.seconds_after,
            CLAIMS_AIM,
        ),
    ]


def _between_any(legs: Iterable[Leg], part: Part) -> list[Leg]:
    return [leg for leg in legs if leg.part is part and leg.choice is Choice.UNIFORM]
