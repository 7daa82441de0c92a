"""Money leaving: real Celery workers pay out through the real sandbox bank."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final
from uuid import UUID

from accounts.services import Payer
from paycore.celery import app
from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.bank.books import Executions
from paycore.stack.bank.process import SandboxBank
from paycore.stack.bench.figures import Run
from paycore.stack.bench.town import ORIGIN, Town
from paycore.stack.processes import StackError
from payouts.models import AttemptKind, Payout, PayoutAttempt, PayoutStatus
from payouts.services import Destination, PayoutOrder, request_payout
from risk.configuration import Bands
from risk.services import configure_bands

TASK: Final = "payouts.submit_due"
SECONDS_TO_BE_READY: Final = 60
SECONDS_TO_SETTLE: Final = 120
SECONDS_TO_STOP: Final = 15
SECONDS_BETWEEN_LOOKS: Final = 0.02
# As beat does, so that a run that ends before the queue does is followed by another.
SECONDS_BETWEEN_MESSAGES: Final = 1.0
# A round for each of two workers: connections are opened and plans made.
TO_WARM_UP: Final = 128
# Fifty people who send so many payouts in a minute are suspicious, and at night they
# would have to wait for a person. They are judged all the same.
HELD_BY_RISK: Final = Bands(monitor_from=98, review_from=99, urgent_from=100)
DESTINATION: Final = Destination(name="Grace Hopper", iban="DE89370400440532013000")


@dataclass(frozen=True, slots=True)
class PayingOut:
    """A home with a sandbox bank, and people who send money out of the town."""

    home: Path
    town: Town

    def run(self, *, workers: int, payouts: int, rounds: int) -> list[Run]:
        """Let so many processes settle so many payouts, that often."""
        with self._workers(workers):
            self._settle(TO_WARM_UP, workers)
            return [self._settle(payouts, workers) for _ in range(rounds)]

    def prepare(self) -> None:
        """Let risk hold none of the payouts."""
        configure_bands(bands=HELD_BY_RISK, reason="A benchmark", origin=ORIGIN)

    def request(self, payouts: int) -> set[UUID]:
        """Queue payouts from the accounts of the town, one after the other."""
        payer = Payer(user_id=self.town.insider, may_spend_from_any=True)
        return {
            request_payout(
                order=PayoutOrder(account_id, "0.01", "USD", DESTINATION),
                payer=payer,
                origin=ORIGIN,
            ).pk
            for account_id in islice(cycle(self.town.account_ids), payouts)
        }

    def _settle(self, payouts: int, workers: int) -> Run:
        queued = self.request(payouts)
        bank = SandboxBank(self.home)
        executed = bank.executions()
        started = time.perf_counter()
        is_empty = wake_up(workers, until=_nothing_is_left)
        seconds = time.perf_counter() - started
        settled = Payout.objects.filter(
            pk__in=queued,
            status=PayoutStatus.COMPLETED,
            gateway_reference__gt="",
        ).count()
        return Run(
            transfers=settled,
            seconds=seconds,
            latencies=_latencies(queued),
            errors=[
                *([] if is_empty else ["The queue is not empty."]),
                *miscounted(payouts, settled, executed, bank.executions()),
            ],
        )

    @contextmanager
    def _workers(self, number: int) -> Iterator[None]:
        path = self.home / "logs" / "worker.log"
        metrics = self.home / "run" / "worker-metrics"
        metrics.mkdir(parents=True, exist_ok=True)
        with processes.open_log(path) as log:
            worker = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "--app=paycore.celery"),
                    *("--quiet", "worker", f"--concurrency={number}"),
                    *("--loglevel=INFO", "--without-gossip", "--without-mingle"),
                ],
                cwd=ROOT,
                env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        try:
            _wait_until_ready(worker, path)
            yield
        finally:
            processes.end([worker], seconds=SECONDS_TO_STOP)
            worker.wait()


def _wait_until_ready(worker: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_BE_READY
    while not app.control.ping(timeout=0.5):
        if worker.poll() is not None or time.monotonic() > deadline:
            raise StackError(
                "The worker does not answer. Its log ends with:\n"
                + processes.end_of_log(log)
            )


def wake_up(workers: int, *, until: Callable[[], bool]) -> bool:
    """Tell workers of due payouts, as beat does, until nothing is left or it is late.

    Tells whether nothing is left.
    """
    deadline = time.monotonic() + SECONDS_TO_SETTLE
    messages = workers
    while time.monotonic() < deadline:
        for _ in range(messages):
            app.send_task(TASK)
        messages = 1
        next_message = time.monotonic() + SECONDS_BETWEEN_MESSAGES
        while time.monotonic() < next_message:
            if until():
                return True
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return False


def _nothing_is_left() -> bool:
    return not Payout.objects.filter(due_at__isnull=False).exists()


def _latencies(queued: set[UUID]) -> list[float]:
    """From being taken up to being in the books, by the database's clock."""
    times = PayoutAttempt.objects.filter(
        payout__in=queued, kind=AttemptKind.SUBMIT
    ).values_list("started_at", "payout__completed_at")
    return [(end - start).total_seconds() for start, end in times if end is not None]


def miscounted(
    asked: int, settled: int, before: Executions, after: Executions
) -> Iterator[str]:
    """What is not as if each payout had been executed once."""
    if settled != asked:
        yield f"{asked} payouts were due, {settled} completed"
    for what, executed in (
        ("times", after.total - before.total),
        ("payouts", after.payments - before.payments),
    ):
        if executed != asked:
            yield f"{asked} payouts were due, the bank executed {executed} {what}"
