"""Where the steps of sending a payout begin and end, seen from outside.

The production code knows nothing of this. Whoever renames what is watched here learns
of it: watching a name that is not there raises, and a boundary that is never reached
fails the drill.
"""

from collections.abc import Callable
from functools import wraps
from threading import local
from typing import Any

from urllib3.connection import HTTPConnection

import ledger.services
import payouts.services
import payouts.services.answers
import payouts.services.work
from paycore.stack.chaos.deaths import Boundary
from payouts.gateways.sandbox import SandboxGateway

Reached = Callable[[Boundary], None]
Announce = Callable[[Any], None]


def watch(reached: Reached) -> None:
    """Call `reached` at every boundary, in this process and in its forks."""
    work, answers = payouts.services.work, payouts.services.answers

    def on(boundary: Boundary) -> Announce:
        return lambda _: reached(boundary)

    def if_any(boundary: Boundary) -> Announce:
        # Nothing was due, so nothing can be interrupted.
        return lambda result: reached(boundary) if result else None

    _around(
        work,
        "claim_due",
        before=on(Boundary.BEFORE_CLAIM),
        after=if_any(Boundary.CLAIMING),
    )
    _around(SandboxGateway, "submit", before=on(Boundary.CLAIMED))
    _watch_sending(reached)
    _around(SandboxGateway, "_find", before=on(Boundary.ASKING))
    _around(
        answers,
        "store_answers",
        before=on(Boundary.ANSWERED),
        after=on(Boundary.STORING),
    )
    _around(
        answers, "conclude", before=on(Boundary.STORED), after=on(Boundary.CONCLUDING)
    )
    _around(ledger.services, "end_holds", after=on(Boundary.MOVING))
    _around(work, "take_answers", after=on(Boundary.CONCLUDED))
    _around(payouts.services, "work_on_due", after=if_any(Boundary.DONE))


def _watch_sending(reached: Reached) -> None:
    # Each order has a thread to itself, and asking uses the same connections.
    thread = local()

    def begin(_: object) -> None:
        reached(Boundary.SENDING)
        thread.is_sending = True

    def end(_: object) -> None:
        thread.is_sending = False

    def written(_: object) -> None:
        if getattr(thread, "is_sending", False):
            reached(Boundary.SENT)

    _around(SandboxGateway, "_submit", before=begin, after=end)
    _around(HTTPConnection, "getresponse", before=written)


def _around(
    owner: Any,
    name: str,
    *,
    before: Announce | None = None,
    after: Announce | None = None,
) -> None:
    """Let the beginning and the end of `owner.name` be announced, with its result."""
    original = getattr(owner, name)

    @wraps(original)
    def announced(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before(None)
        result = original(*arguments, **named)
        if after is not None:
            after(result)
        return result

    setattr(owner, name, announced)
