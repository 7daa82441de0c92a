"""Who asked for a change, and in which request: what every event remembers."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """`actor` is `user:<uuid>`, `system` for schedules, or `command:<name>`."""

    actor: str
    request_id: str = ""

    @classmethod
    def of_user(cls, user_id: UUID, *, request_id: str = "") -> "Origin":
        return cls(actor=f"user:{user_id}", request_id=request_id)


SYSTEM: Final = Origin(actor="system")
