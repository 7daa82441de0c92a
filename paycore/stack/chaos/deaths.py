"""What shall befall a worker: where, when, and how. No Django: actors start with it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self


class Boundary(StrEnum):
    """Between any two steps of Note [A payout is sent once], in their order."""

    BEFORE_CLAIM = "before the claim"
    CLAIMING = "claimed, not committed"
    CLAIMED = "claimed, nothing sent"
    SENDING = "some sent, others not"
    SENT = "sent, answer not read"
    ASKING = "about to ask"
    ANSWERED = "answered, not stored"
    STORING = "stored, not committed"
    STORED = "stored, nothing concluded"
    MOVING = "money moved, not the status"
    CONCLUDING = "concluded, not committed"
    CONCLUDED = "concluded"
    DONE = "done, not acknowledged"


class Way(StrEnum):
    """How a worker leaves the stage."""

    # All of its processes at once, as when the machine loses power.
    MACHINE = "machine"
    # The process that runs the task. The main one stays, and hands the task out again.
    PROCESS = "process"
    # Nothing dies: all of it stands still until others have taken over, and goes on.
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Death:
    """`way` at the `passes`-th time that `boundary` is reached."""

    boundary: Boundary
    way: Way = Way.MACHINE
    passes: int = 1

    def __str__(self) -> str:
        return f"{self.way}, {self.boundary}, time {self.passes}"

    @classmethod
    def read(cls, row: dict[str, str]) -> Self:
        return cls(Boundary(row["boundary"]), Way(row["way"]), int(row["passes"]))


class Script:
    """The deaths of one worker, one after the other.

    In a directory, because whoever dies can tell nobody: a mark that is made just
    before tells it to the director, and to the process that comes in place of the dead.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        rows = json.loads((directory / _NAME).read_text())
        self.deaths: Final = [Death.read(row) for row in rows]

    @classmethod
    def write(cls, directory: Path, deaths: Sequence[Death]) -> Self:
        """Write a new script. The directory must not be there yet."""
        directory.mkdir(parents=True)
        text = json.dumps([asdict(death) for death in deaths])
        (directory / _NAME).write_text(text)
        return cls(directory)

    @property
    def died(self) -> list[Death]:
        """What has come to pass."""
        count = 0
        while count < len(self.deaths) and self._mark(count).exists():
            count += 1
        return self.deaths[:count]

    @property
    def is_over(self) -> bool:
        return len(self.died) == len(self.deaths)

    def take(self, number: int) -> bool:
        """Mark a death as died; false for all but the first who ask."""
        try:
            self._mark(number).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _mark(self, number: int) -> Path:
        return self._directory / f"{number}.died"


_NAME: Final = "script.json"
