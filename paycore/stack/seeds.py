"""Who is there when the stack starts: the cast of the demo and of its documentation."""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paycore.lib.money import Currency, Money
from paycore.lib.roles import Role


@dataclass(frozen=True, slots=True)
class Seed:
    """A person, and their accounts: one of each currency, with what it begins with."""

    name: str
    full_name: str
    role: Role
    what: str
    # The last one comes first in lists, which are newest first.
    accounts: tuple[Money, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.name}@paycore.example"

    def external_id(self, currency: Currency) -> str:
        return f"{self.name}-{currency.code.lower()}"


PEOPLE: Final = (
    Seed("admin", "Adele Admin", Role.ADMIN, "admin: may do everything"),
    Seed("operator", "Otto Operator", Role.OPERATOR, "operator: back office"),
    Seed(
        "ada",
        "Ada Lovelace",
        Role.USER,
        "has 1000.00 USD and 500.00 EUR at first",
        (Money.of(500_00, "EUR"), Money.of(1000_00, "USD")),
    ),
    Seed(
        "grace",
        "Grace Hopper",
        Role.USER,
        "has 250.00 USD at first",
        (Money.of(250_00, "USD"),),
    ),
    Seed(
        "mallory",
        "Mallory Stranger",
        Role.USER,
        "has nothing",
        (Money.of(0, "USD"),),
    ),
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
