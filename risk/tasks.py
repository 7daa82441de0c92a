"""Scheduled work on reviews."""

from celery import shared_task

from paycore.lib.workers import recorded_run
from risk.services import look_at_reviews


@shared_task(name="risk.watch_reviews", time_limit=60)
def watch_reviews(**_: object) -> int:
    """Measure what waits for a person; answers how many have waited too long."""
    with recorded_run("watch_reviews"):
        return look_at_reviews().overdue
