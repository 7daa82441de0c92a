"""How the bank treats a payment: its reference says so."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final


class Status(StrEnum):
    """What became of a payment."""

    # The bank has it, and nobody decided yet.
    RECEIVED = "received"
    EXECUTED = "executed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Conduct:
    """What the bank makes of a new payment, and when it answers."""

    status: Status = Status.EXECUTED
    failure_code: str = ""
    # How often it is turned away before it is taken.
    refusals: int = 0
    # Between writing it down and answering; for ever means that no answer comes.
    seconds: float = 0


DECLINED_BY_BANK: Final = "declined_by_bank"
USUAL: Final = Conduct()
BY_PREFIX: Final = {
    "sandbox-decline": Conduct(Status.DECLINED, failure_code=DECLINED_BY_BANK),
    "sandbox-timeout": Conduct(Status.RECEIVED, seconds=inf),
    "sandbox-slow": Conduct(seconds=2),
    "sandbox-flaky": Conduct(refusals=2),
    "sandbox-late": Conduct(seconds=inf),
}


def conduct_for(reference: str) -> Conduct:
    """The conduct that a payment's reference asks for."""
    asked = (BY_PREFIX[prefix] for prefix in BY_PREFIX if reference.startswith(prefix))
    return next(asked, USUAL)
