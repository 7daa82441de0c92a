from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from paycore.api import idempotency
from paycore.lib.workers import recorded_run


@shared_task(name="api.purge_idempotency_keys")
def purge_idempotency_keys(**_: object) -> int:
    """Forget answers older than the retention; harmless twice, at once, or late."""
    with recorded_run("api.purge_idempotency_keys"):
        return idempotency.purge_idempotency_keys(
            before=timezone.now() - timedelta(days=settings.IDEMPOTENCY_RETENTION_DAYS)
        )
