"""Wherever a worker dies, and however often it is told: money leaves once."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from paycore.stack.chaos.deaths import Boundary, Death, Way
from paycore.stack.chaos.drill import Drill
from paycore.stack.chaos.orders import ENDINGS, PLAIN, Orders
from paycore.stack.chaos.scene import Scene
from paycore.stack.chaos.schedule import Part
from paycore.stack.chaos.verdict import judge
from payouts.models import AttemptOutcome, PayoutAttempt

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS: Final = 240
# Where all of a worker dies, and another one must be started, which is dear; the
# process that runs the task dies everywhere. `make chaos` does all of both.
LOST: Final = (
    Boundary.CLAIMED,
    Boundary.SENT,
    Boundary.ANSWERED,
    Boundary.CONCLUDED,
)


def test_payouts_are_executed_once_though_workers_die_at_every_step(
    scene: Scene, orders: Orders
) -> None:
    processes = [Death(boundary, Way.PROCESS) for boundary in Boundary]
    machines = [Death(boundary, Way.MACHINE) for boundary in LOST]
    # Celery looks for dead processes every five seconds, so there are some in reserve.
    reserved = Part(tuple(processes), concurrency=4)
    parts = [reserved, *(Part((death,)) for death in machines)]

    drill = Drill(scene, orders, iter(parts))
    drill.run()
    scene.end()

    assert Counter(drill.deaths) == Counter([*processes, *machines])
    verdict = judge(orders, scene.bank)
    assert verdict.differences == []
    assert verdict.complaints == []
    assert verdict.most_executions == 1
    assert set(ENDINGS.items()) <= set(verdict.endings)


def test_a_worker_that_stood_still_beyond_its_lease_pays_nothing_twice(
    scene: Scene, orders: Orders
) -> None:
    boundaries = Boundary.ANSWERED, Boundary.CLAIMED, Boundary.MOVING
    slow = scene.start_worker([Death(boundary, Way.PAUSE) for boundary in boundaries])
    scene.start_beat()
    late: set[int] = set()
    for boundary in boundaries:
        wait_until(lambda: slow.is_paused, meanwhile=lambda: orders.place(PLAIN))
        if boundary is boundaries[0]:
            scene.start_worker()
        wait_until(lambda: not orders.list_open(scene.bank))
        lost = attempts_without_answer()

        slow.resume()
        wait_until(lambda: not attempts_without_answer())
        late |= lost
    scene.end()

    # It told what it had heard at last, and nothing followed from that.
    attempts = PayoutAttempt.objects.filter(pk__in=late)
    assert {attempt.outcome for attempt in attempts} == {AttemptOutcome.EXECUTED}
    assert len({attempt.payout_id for attempt in attempts}) >= 2
    verdict = judge(orders, scene.bank)
    assert verdict.differences == []
    assert verdict.complaints == []


def test_the_judge_notices_what_was_executed_twice(
    scene: Scene, orders: Orders
) -> None:
    [payout] = orders.place(PLAIN)
    books = scene.bank.home / "bank" / "bank.sqlite3"
    with sqlite3.connect(books) as connection:
        for _ in range(2):
            connection.execute(
                "INSERT INTO executions (key, payment_id, amount, currency,"
                " iban_last4, reference) VALUES (?, 'x', '7.00', 'USD', '3000', '')",
                [str(payout.pk)],
            )

    verdict = judge(orders, scene.bank)

    assert not verdict.is_right
    assert verdict.most_executions == 2
    assert verdict.complaints == [
        f"{payout} (plain) is pending, not completed.",
        f"{payout} is pending, and was executed 2 times.",
    ]


def attempts_without_answer() -> set[int]:
    lost = PayoutAttempt.objects.filter(outcome=AttemptOutcome.LOST)
    return set(lost.values_list("pk", flat=True))


def wait_until(
    is_so: Callable[[], bool], *, meanwhile: Callable[[], object] = lambda: None
) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "Waited too long."
        meanwhile()
        time.sleep(0.1)
