"""Letting workers work on payouts, and looking at what became of them, in few words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from accounts.models import Account
from events.models import Event
from ledger.errors import HoldNotOpen
from ledger.models import LedgerAccount
from paycore.lib.metrics import PAYOUTS
from paycore.lib.origin import Origin
from paycore.lib.times import StatementTime
from paycore.testing.cast import Player
from payouts.gateways import Outcome
from payouts.models import Decision, Payout, PayoutAttempt, PayoutDiscrepancy, Step
from payouts.services import Resolution, approve_payout, resolve_payout, work_on_due
from payouts.services.moves import Changes

# The patience of the scripted gateway, and more.
LONG_AGO: Final = timedelta(minutes=16)


def work(step: Step, *, worker: str = "w") -> int:
    """One round of a worker: how many payouts it took up."""
    return work_on_due(step=step, worker=worker, seconds=0)


def submit(*, worker: str = "w") -> int:
    return work(Step.SUBMIT, worker=worker)


def ask(*, worker: str = "w") -> int:
    return work(Step.ASK, worker=worker)


def make_due(*payouts: Payout) -> None:
    """As if the time until these are due had passed: a pause, or a lease."""
    Payout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(
        due_at=StatementTime() - timedelta(seconds=1)
    )


def put_off(*payouts: Payout) -> None:
    """As if these were due much later, however long the test takes."""
    Payout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(
        due_at=StatementTime() + timedelta(hours=1)
    )


def pass_patience(*payouts: Payout) -> None:
    """As if these were in doubt for longer than their gateway may leave us so."""
    make_due(*payouts)
    Payout.objects.filter(pk__in=[payout.pk for payout in payouts]).update(
        unknown_since=StatementTime() - LONG_AGO
    )


def send_into_doubt(gateway: Any, payout: Payout) -> Any:
    """Send it, and hear nothing of it."""
    gateway.will("submit", Outcome.UNKNOWN)
    submit()
    return now(payout)


def send_into_review(gateway: Any, payout: Payout) -> Any:
    """Send it, and hear nothing of it for so long that a person must look."""
    send_into_doubt(gateway, payout)
    gateway.will("find", Outcome.UNKNOWN)
    pass_patience(payout)
    ask()
    return now(payout)


def approve(
    player: Player, payout: Payout, reason: str = "Called the customer back"
) -> Payout:
    return approve_payout(
        payout_id=payout.pk,
        approver_id=player.id,
        reason=reason,
        origin=player.origin,
    )


def resolve(
    operator: Player, payout: Payout, decision: str, reason: str = "r", **more: str
) -> Payout:
    return resolve_payout(
        payout_id=payout.pk,
        resolution=Resolution(Decision(decision), reason, **more),
        by_id=operator.id,
        origin=operator.origin,
    )


def now(payout: Payout) -> Any:
    """As it is stored now."""
    return Payout.objects.get(pk=payout.pk)


def pause_of(payout: Payout) -> Any:
    """How many seconds after its last change it is due."""
    stored = now(payout)
    if stored.due_at is None:
        return None
    return (stored.due_at - stored.updated_at).total_seconds()


def status_of(payout: Payout) -> str:
    return str(now(payout).status)


def events_of(payout: Payout) -> list[str]:
    """What was told of it, first to last, without the `payout.` of each."""
    events = Event.objects.filter(subject_id=payout.pk).order_by("pk")
    return [event.type.removeprefix("payout.") for event in events]


def last_event_of(payout: Payout) -> Event:
    return Event.objects.filter(subject_id=payout.pk).latest("pk")


def attempts_of(payout: Payout) -> list[tuple[str, str | None]]:
    """The timeline: `[("submit", "unknown"), ("ask", None)]`."""
    attempts = PayoutAttempt.objects.filter(payout=payout).order_by("pk")
    return list(attempts.values_list("kind", "outcome"))


def claims_against(payout: Payout) -> list[tuple[str, str]]:
    """What gateways said against it, and what became of that."""
    discrepancies = PayoutDiscrepancy.objects.filter(payout=payout)
    return list(discrepancies.order_by("created_at").values_list("claim", "status"))


def funds_of(account: Account | UUID) -> tuple[str, str]:
    """What the account has posted and what of it is on hold."""
    stored = LedgerAccount.objects.get(pk=getattr(account, "pk", account))
    return stored.posted.text, stored.held.text


def held_in(account: Account | UUID) -> str:
    """What of the account is on hold."""
    return funds_of(account)[1]


def counted(outcome: str) -> float:
    """How many payouts were counted with this outcome."""
    value: float = PAYOUTS.labels(gateway="sandbox", outcome=outcome)._value.get()
    return value


@contextmanager
def refusing(payout: Payout, problem: Exception | None = None) -> Iterator[None]:
    """Inside, the payout's hold cannot be ended."""
    write = Changes.write

    def refuse(changes: Changes, *, origin: Origin) -> None:
        if payout.hold_id in changes._ends:
            raise problem or HoldNotOpen(status="released")
        write(changes, origin=origin)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Changes, "write", refuse)
        yield
