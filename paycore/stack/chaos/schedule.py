"""What happens in a long drill, and in which order: a seed decides all of it."""

import random  # noqa: TID251  # Nothing secret, and the same schedule for a seed.
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from paycore.stack.chaos.deaths import Boundary, Death, Way

MOST_PASSES: Final = 3
# Pool processes that die, and pauses, before the whole worker does.
MOST_SMALL_DEATHS: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker goes through: so many processes, and these deaths."""

    deaths: tuple[Death, ...]
    concurrency: int = 1


class Kind(StrEnum):
    BANK_DIES = "bank killed"
    MESSAGES_ARE_LOST = "messages lost"


@dataclass(frozen=True, slots=True)
class Trouble:
    """`kind` so many seconds after the one before; a bank stays away for `lasts`."""

    kind: Kind
    after: float
    lasts: float = 0


def parts(seed: int) -> Iterator[Part]:
    """Workers without end. Each ends with the death of all of its processes."""
    chance = random.Random(f"{seed} parts")  # noqa: S311
    boundaries = _decks(chance)
    while True:
        small = [
            _death(next(boundaries), chance.choice((Way.PROCESS, Way.PAUSE)), chance)
            for _ in range(chance.randint(0, MOST_SMALL_DEATHS))
        ]
        last = _death(next(boundaries), Way.MACHINE, chance)
        yield Part((*small, last), concurrency=chance.choice((1, 2)))


def troubles(seed: int) -> Iterator[Trouble]:
    """What befalls everybody. A bank is soon back: before anybody loses patience."""
    chance = random.Random(f"{seed} troubles")  # noqa: S311
    while True:
        yield Trouble(
            kind=chance.choice((Kind.BANK_DIES, Kind.MESSAGES_ARE_LOST)),
            after=chance.uniform(4, 10),
            lasts=chance.uniform(0.2, 2),
        )


def _decks(chance: random.Random) -> Iterator[Boundary]:
    # Shuffled rather than drawn: a short drill comes to every one of them.
    while True:
        deck = list(Boundary)
        chance.shuffle(deck)
        yield from deck


def _death(boundary: Boundary, way: Way, chance: random.Random) -> Death:
    return Death(boundary, way, passes=chance.randint(1, MOST_PASSES))
