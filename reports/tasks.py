"""Scheduled work on reports."""

from typing import Final

from celery import shared_task
from django.utils import timezone

from paycore.lib.workers import recorded_run
from reports import services

# A run ends soon, so that it keeps no other task waiting; the next one goes on.
SECONDS: Final = 60


@shared_task(name="reports.keep_rollups", time_limit=600)
def keep_rollups(**_: object) -> int:
    """Move the roll-ups on; answers how many steps it took."""
    with recorded_run("keep_rollups"):
        return services.keep_rollups(until=timezone.now(), seconds=SECONDS)
