"""One question to the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Check:
    """`rule` is the sentence that a difference breaks.

    `given` reads, on the same snapshot, what the database cannot know by itself.
    """

    name: str
    rule: str
    sql: str
    given: Callable[[], Mapping[str, Any] | None] = _nothing
