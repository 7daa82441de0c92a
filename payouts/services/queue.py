"""Looking after the queue: its gauges, and files that did not get out."""

from paycore.lib.metrics import (
    PAYOUT_APPROVALS_WAITING,
    PAYOUT_DISCREPANCIES,
    PAYOUT_MANUAL_REVIEW_QUEUE_SIZE,
    PAYOUT_OLDEST_DUE,
    PAYOUT_QUEUE_SIZE,
)
from payouts.gateways.sepa import deliver_files
from payouts.models import PayoutStatus
from payouts.selectors import QueueState, get_queue_state


def look_at_queue() -> QueueState:
    """Measure what waits, for whoever watches the gauges.

    Banks are given the files that they could not be given before: else one would wait
    until somebody ordered another payout.
    """
    state = get_queue_state()
    for step, size in state.due.items():
        PAYOUT_QUEUE_SIZE.labels(step=step).set(size)
    PAYOUT_OLDEST_DUE.set(state.oldest_due_seconds)
    PAYOUT_APPROVALS_WAITING.set(state.approvals)
    PAYOUT_DISCREPANCIES.set(state.discrepancies)
    PAYOUT_MANUAL_REVIEW_QUEUE_SIZE.set(
        state.unsettled.get(PayoutStatus.MANUAL_REVIEW, 0)
    )
    deliver_files()
    return state
