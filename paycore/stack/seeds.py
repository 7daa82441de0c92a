"""Who is there when the stack starts: the cast of the demo and of its documentation."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paycore.lib.roles import Role


@dataclass(frozen=True, slots=True)
class Seed:
    """A person, and the opening balance of their account in US dollars, if any."""

    name: str
    full_name: str
    role: Role
    what: str
    cents: int | None = None

    @property
    def email(self) -> str:
        return f"{self.name}@paycore.example"

    @property
    def external_id(self) -> str:
        return f"{self.name}-usd"


PEOPLE: Final = (
    Seed("admin", "Adele Admin", Role.ADMIN, "admin: may do everything"),
    Seed("operator", "Otto Operator", Role.OPERATOR, "operator: back office"),
    Seed("ada", "Ada Lovelace", Role.USER, "has 1000.00 USD at first", 100_000),
    Seed("grace", "Grace Hopper", Role.USER, "has 250.00 USD at first", 25_000),
    Seed("mallory", "Mallory Stranger", Role.USER, "has nothing", 0),
)
BY_NAME: Final = {seed.name: seed for seed in PEOPLE}


def password() -> str:
    """`DEMO_PASSWORD`, else the one that this home knows, else a new one.

    Kept in a file that only its owner can read, so that the next start knows it.
    """
    from django.conf import settings

    path: Path = settings.HOME / "demo_password"
    kept = ""
    with suppress(FileNotFoundError):
        kept = path.read_text().strip()
    wanted: str = settings.DEMO_PASSWORD or kept or secrets.token_urlsafe(12)
    if wanted != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(wanted)
    return wanted
