"""Scheduled work on the books."""

from celery import shared_task

from ledger.services import expire_holds as expire_due_holds
from paycore.lib.times import StatementTime
from paycore.lib.workers import recorded_run


@shared_task(name="ledger.expire_holds", time_limit=300)
def expire_holds(**_: object) -> int:
    """Release what has expired, batch by batch; answers how many holds ended.

    By the database's clock: a worker whose own is fast would break promises.
    """
    ended = 0
    with recorded_run("expire_holds"):
        while batch := expire_due_holds(at=StatementTime()):
            ended += batch
    return ended
