"""Scheduled work on rates."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from fx import services
from fx.selectors import list_current_rates
from paycore.lib.metrics import FX_RATE_AS_OF
from paycore.lib.workers import recorded_run


@shared_task(name="fx.refresh_rates", time_limit=300)
def refresh_rates(**_: object) -> str | None:
    """Ask the configured sources; harmless twice, at once, or late."""
    with recorded_run("refresh_rates"):
        answered = services.refresh_rates(
            sources=settings.FX_SOURCES, at=timezone.now()
        )
        measure_rates()
        return answered


def measure_rates() -> None:
    """Say of when the rates in force are, also those that came by a command."""
    for rate in list_current_rates(at=timezone.now()):
        if rate.ages:
            gauge = FX_RATE_AS_OF.labels(base=rate.base, quote=rate.quote)
            gauge.set(rate.as_of.timestamp())
