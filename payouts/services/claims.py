"""Taking up due payouts: each claim is a lease, with an end and a fencing number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from ledger.selectors import find_frozen_accounts
from paycore.lib.metrics import PAYOUT_LEASES_EXPIRED
from paycore.lib.origin import SYSTEM
from paycore.lib.times import StatementTime
from payouts.gateways.sandbox import SECONDS_TO_CONNECT, THREADS
from payouts.models import (
    AttemptOutcome,
    Payout,
    PayoutAttempt,
    PayoutStatus,
    Step,
)
from payouts.services.moves import Changes, touched

log = structlog.get_logger(__name__)

# The most that are taken up at once, and for how long a bank that answers nothing may
# keep a round: two of them must end before a task is killed, each before a lease does.
BATCH: Final = 64
CANCELLATIONS: Final = 7
ROUND_SECONDS: Final = 50
# How long a payout that was never sent is left alone while its account is frozen.
FROZEN_PAUSE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Lease:
    """One payout in one worker's hands; `step` is what it was taken up for."""

    payout: Payout
    step: Step
    fence: int
    attempt_id: int


def claim_due(*, step: Step, worker: str) -> list[Lease] | None:
    """Take up payouts whose `step` is due, oldest first; none that others hold.

    None when nothing is due. No lease at all means that all of a batch are frozen, and
    more may be due behind them.

    Before anything is sent it is written that it may have been: a claimed payout is
    one to ask about. So whenever the worker dies, whoever takes the payout up after
    the lease has ended asks the gateway first.
    """
    due = touched(list_due(step=step))
    if not due:
        return None
    changes = Changes()
    _count_expired(due)
    leased = _set_aside_frozen(due, changes) if step == Step.SUBMIT else due
    for payout in leased:
        _lease(payout, step, worker, changes)
    changes.write(origin=SYSTEM)
    return _with_attempts(leased, step, worker)


def list_due(*, step: Step) -> QuerySet[Payout]:
    """The batch to take up now, oldest first, locked; none that others have locked."""
    return (
        Payout.objects.filter(step=step, due_at__lte=StatementTime())
        .order_by("due_at")
        .select_for_update(skip_locked=True, no_key=True)[: batch_size(step)]
    )


def batch_size(step: Step) -> int:
    """How many are taken up at once: fewer where a bank may take long to answer."""
    seconds = SECONDS_TO_CONNECT + settings.PAYOUT_GATEWAY_TIMEOUT
    in_turn = max(1, ROUND_SECONDS // seconds)
    # Cancellations are asked for one at a time.
    if step == Step.CANCEL:
        return min(CANCELLATIONS, in_turn)
    return min(BATCH, in_turn * THREADS)


def _lease(payout: Payout, step: Step, worker: str, changes: Changes) -> None:
    if payout.leased_by and payout.unknown_since is None and payout.is_unsettled:
        # Its worker went silent, perhaps after it had sent the payout.
        payout.unknown_since = payout.updated_at
    payout.leased_by = worker
    payout.fence += 1
    payout.due_at = payout.updated_at + timedelta(seconds=settings.PAYOUT_LEASE)
    if step == Step.SUBMIT:
        payout.attempts += 1
        payout.questions = 0
        payout.step = Step.ASK
        if payout.status == PayoutStatus.PENDING:
            changes.move(payout, PayoutStatus.PROCESSING)
    else:
        payout.questions += 1
    changes.keep(payout)


def _set_aside_frozen(due: Sequence[Payout], changes: Changes) -> list[Payout]:
    # Whoever freezes an account wants nothing more to leave it.
    frozen = find_frozen_accounts({payout.account_id for payout in due})
    for payout in due:
        if payout.account_id not in frozen:
            continue
        if payout.status == PayoutStatus.PENDING:
            payout.due_at = payout.updated_at + FROZEN_PAUSE
            changes.keep(payout)
        else:
            # One that was sent before cannot be cancelled: without a person who
            # decides, its funds would be on hold for as long as the freeze lasts.
            payout.step = Step.ASK
            payout.due_at = payout.updated_at
            changes.move(payout, PayoutStatus.MANUAL_REVIEW, why="account_frozen")
    return [payout for payout in due if payout.account_id not in frozen]


def _count_expired(due: Iterable[Payout]) -> None:
    expired = [payout for payout in due if payout.leased_by]
    if not expired:
        return
    ids = [payout.pk for payout in expired]
    PayoutAttempt.objects.filter(payout_id__in=ids, outcome__isnull=True).update(
        outcome=AttemptOutcome.LOST, ended_at=StatementTime()
    )
    log.warning("payout_leases_expired", payout_ids=[str(pk) for pk in ids])
    # Robust: whatever happens to a counter, what was committed has happened.
    transaction.on_commit(lambda: PAYOUT_LEASES_EXPIRED.inc(len(ids)), robust=True)


def _with_attempts(leased: Sequence[Payout], step: Step, worker: str) -> list[Lease]:
    attempts = PayoutAttempt.objects.bulk_create(
        [
            PayoutAttempt(
                payout_id=payout.pk, fence=payout.fence, kind=step.value, worker=worker
            )
            for payout in leased
        ]
    )
    return [
        Lease(payout, step, payout.fence, attempt.pk)
        for payout, attempt in zip(leased, attempts, strict=True)
    ]


def by_gateway(leases: Iterable[Lease]) -> dict[str, list[Lease]]:
    """The leases of each gateway."""
    groups: dict[str, list[Lease]] = {}
    for lease in leases:
        groups.setdefault(lease.payout.gateway, []).append(lease)
    return groups


def by_payout(leases: Iterable[Lease]) -> dict[UUID, Lease]:
    return {lease.payout.pk: lease for lease in leases}
