"""Scheduled work on payouts. Any number of these may run, at once and late."""

from typing import Final

from celery import shared_task

from paycore.lib.workers import recorded_run
from payouts import services
from payouts.models import Step

# A run ends soon, so that payouts never keep other tasks waiting; the next second
# brings another one.
SECONDS: Final = 10


@shared_task(name="payouts.submit_due", time_limit=120)
def submit_due(**_: object) -> int:
    """Send what is due; answers how many payouts were taken up."""
    with recorded_run("submit_payouts"):
        return services.work_on_due(
            step=Step.SUBMIT, worker=services.worker_name(), seconds=SECONDS
        )


@shared_task(name="payouts.ask_due", time_limit=120)
def ask_due(**_: object) -> int:
    """Ask about what is in doubt, and that what was given up be forgotten.

    Answers how many payouts were taken up.
    """
    worker = services.worker_name()
    with recorded_run("ask_about_payouts"):
        try:
            asked = services.work_on_due(
                step=Step.ASK, worker=worker, seconds=SECONDS / 2
            )
        finally:
            # Questions that go wrong each time must not let a payout be sent after all
            # whose funds were given back.
            cancelled = services.work_on_due(
                step=Step.CANCEL, worker=worker, seconds=SECONDS / 2
            )
        return asked + cancelled


@shared_task(name="payouts.sweep", time_limit=120)
def sweep(**_: object) -> int:
    """Look after the queue; answers how many payouts are due."""
    with recorded_run("sweep_payouts"):
        return sum(services.look_at_queue().due.values())
