"""Scheduled proofs."""

import structlog
from celery import shared_task

from paycore.lib.workers import recorded_run
from reconciliation.services import prove_books

log = structlog.get_logger(__name__)


@shared_task(name="reconciliation.verify_ledger", time_limit=3600)
def verify_ledger(**_: object) -> int:
    """Prove the books and log each difference; answers how many there are."""
    found = 0
    with recorded_run("verify_ledger"):
        for difference in prove_books():
            found += 1
            log.error("ledger_difference", difference=str(difference))
    return found
