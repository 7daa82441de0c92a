"""What was measured, and the arithmetic of it. No clock, no I/O."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

# The aims, as shares of what plain SQL does at its best.
SINGLES_AIM: Final = 0.35
BATCHES_AIM: Final = 3.5
BATCHES_AIM_PER_SECOND: Final = 10_000.0


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


@dataclass(slots=True)
class Leg:
    """The same measurement, taken several times, because machines are noisy.

    `rival` is the leg of plain SQL with the same number of clients and the same choice
    of accounts, when there is one.
    """

    part: str
    what: str
    clients: int
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

    @property
    def ratio(self) -> float | None:
        """What share of the rival's transfers per second this is."""
        return None if self.rival is None else share(self, self.rival)


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
    return leg.per_second / rival.per_second if rival.per_second else None


def fastest(legs: Sequence[Leg]) -> Leg:
    return max(legs, key=lambda leg: leg.per_second)


def judge_singles(singles: Sequence[Leg], plain: Sequence[Leg]) -> Verdict:
    """Best against best: neither side chooses where the other one is slow."""
    ratio = share(fastest(singles), fastest(plain)) or 0.0
    return Verdict("Single transfers over HTTP / plain SQL", ratio, SINGLES_AIM)


def judge_batches(batches: Sequence[Leg], plain: Sequence[Leg]) -> Verdict:
    aim = min(BATCHES_AIM_PER_SECOND, BATCHES_AIM * fastest(plain).per_second)
    reached = fastest(batches).per_second
    return Verdict("Transfers per second in batches over HTTP", reached, aim)
