"""How a payout changes: locked, along `MOVES`, stored and told in one transaction.

Lock order everywhere: payouts first, by id, then the review of one that risk holds,
then ledger accounts; last, of a new payment, its user. See Note [A user's payments are
judged one after the other].
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

import ledger.services
from events.services import EventDraft, publish_events
from ledger.house import HousePurpose, house_account_id
from ledger.services import EntryDraft, Line
from paycore.lib.errors import InvalidState, NotFound, PermissionDenied
from paycore.lib.metrics import (
    PAYOUT_MANUAL_REVIEW_QUEUE_SIZE,
    PAYOUT_MANUAL_REVIEW_TRANSITIONS,
    PAYOUTS,
)
from paycore.lib.origin import Origin
from paycore.lib.rows import update_rows
from paycore.lib.times import StatementTime
from payouts.models import MOVES, Payout, PayoutStatus
from payouts.selectors import count_in_review
from payouts.services.announcements import moved
from risk.services import void_payments

# Everything that can change while a payout lives, but for what was ordered.
CHANGING: Final = (
    *(
        "status",
        "gateway_reference",
        "failure_code",
        "journal_entry",
        "approval",
        "is_held",
    ),
    *("approved_by", "approved_at", "attempts", "questions", "step", "due_at"),
    *("leased_by", "fence", "unknown_since", "decision", "decided_by", "decided_at"),
    *("updated_at", "completed_at"),
)


def lock_payouts(payout_ids: Collection[UUID]) -> dict[UUID, Payout]:
    """Lock these payouts until the transaction ends. Always before any account.

    Those that there are, each as `touched` says.
    """
    rows = Payout.objects.filter(pk__in=payout_ids).order_by("pk")
    return {
        payout.pk: payout for payout in touched(rows.select_for_update(no_key=True))
    }


def touched(locking: QuerySet[Payout]) -> list[Payout]:
    """What a query locks, with the time of what is about to be stored.

    `updated_at` becomes the database's time: that of the statement, or of the last
    change if that came later, which the lock had to wait for.
    """
    payouts: list[Payout] = []
    for payout in locking.annotate(locked_at=StatementTime()):
        payout.updated_at = max(payout.updated_at, payout.locked_at)
        payouts.append(payout)
    return payouts


def lock_payout(payout_id: UUID) -> Payout:
    """Raises: `NotFound`."""
    payout = lock_payouts([payout_id]).get(payout_id)
    if payout is None:
        raise NotFound
    return payout


def as_stored(payout: Payout) -> Payout:
    """A locked payout that stays as it is; locking it has set its `updated_at`."""
    payout.refresh_from_db(fields=["updated_at"])
    return payout


def refuse_own(payout: Payout, user_id: UUID) -> None:
    """Raises: `PermissionDenied` when it is the person's own money that leaves."""
    if payout.owner_id == user_id:
        raise PermissionDenied(why="Somebody else decides about a payout of yours.")


def require_status(payout: Payout, *, to: PayoutStatus) -> None:
    """Raises: `InvalidState` unless `MOVES` leads there."""
    if to not in MOVES.get(PayoutStatus(payout.status), frozenset()):
        raise InvalidState(why=f"A payout that is {payout.status} cannot be {to}.")


class Changes:
    """What a transaction decides about payouts that it has locked.

    Remembers, and writes all of it at once: however many payouts, as many statements.
    """

    def __init__(self) -> None:
        self._payouts: dict[UUID, Payout] = {}
        self._events: list[EventDraft] = []
        self._ends: dict[UUID, EntryDraft | None] = {}
        self._voided: list[UUID] = []
        self._reviews: list[str] = []
        self._outcomes: list[tuple[str, str]] = []

    def keep(self, payout: Payout, *events: EventDraft) -> None:
        """Store what was changed in the payout's fields."""
        self._payouts[payout.pk] = payout
        self._events += events

    def move(self, payout: Payout, to: PayoutStatus, **facts: object) -> None:
        """Raises: `InvalidState` unless `MOVES` leads there."""
        require_status(payout, to=to)
        if PayoutStatus.MANUAL_REVIEW in {payout.status, to}:
            is_entered = to == PayoutStatus.MANUAL_REVIEW
            self._reviews.append("entered" if is_entered else _action(payout))
        payout.status = to
        self._outcomes.append((payout.gateway, to))
        self.keep(payout, moved(payout, **facts))

    def complete(self, payout: Payout, **facts: object) -> None:
        """The money has left: take what was held."""
        entry = entry_of(payout)
        self._ends[payout.hold_id] = entry
        payout.journal_entry_id = entry.id
        payout.completed_at = payout.updated_at
        self._finish(payout)
        self.move(payout, PayoutStatus.COMPLETED, **facts)

    def fail(self, payout: Payout, failure_code: str, **facts: object) -> None:
        """The money has certainly not left: give back what was held."""
        self._ends[payout.hold_id] = None
        self._voided.append(payout.pk)
        payout.failure_code = failure_code
        self._finish(payout)
        self.move(payout, PayoutStatus.FAILED, **facts)

    def cancel(self, payout: Payout, **facts: object) -> None:
        """It was never sent: give back what was held."""
        self._ends[payout.hold_id] = None
        self._voided.append(payout.pk)
        self._finish(payout)
        self.move(payout, PayoutStatus.CANCELLED, **facts)

    def write(self, *, origin: Origin) -> None:
        """Move the money, store the payouts, tell of it."""
        if self._ends:
            ledger.services.end_holds(self._ends)
        update_rows(list(self._payouts.values()), CHANGING)
        if self._voided:
            void_payments(self._voided)
        if self._events:
            publish_events(self._events, origin=origin)
        # Whatever happens to a gauge, what was committed has happened.
        transaction.on_commit(self._count, robust=True)

    def _finish(self, payout: Payout) -> None:
        payout.due_at = None
        payout.leased_by = ""

    def _count(self) -> None:
        for gateway, outcome in self._outcomes:
            PAYOUTS.labels(gateway=gateway, outcome=outcome).inc()
        for action in self._reviews:
            PAYOUT_MANUAL_REVIEW_TRANSITIONS.labels(action=action).inc()
        if self._reviews:
            PAYOUT_MANUAL_REVIEW_QUEUE_SIZE.set(count_in_review())


def _action(payout: Payout) -> str:
    # Its gateway may have spoken before a person did.
    return payout.decision or "settled_by_gateway"


def entry_of(payout: Payout) -> EntryDraft:
    """The journal entry of a payout that has left."""
    house_id = house_account_id(HousePurpose.PAYOUTS, payout.amount.currency)
    return EntryDraft(
        kind="payout",
        description=f"Payout to {payout.beneficiary_name}",
        lines=(
            Line(payout.account_id, -payout.amount),
            Line(house_id, payout.amount),
        ),
        metadata={"payout_id": str(payout.pk), "reference": payout.reference},
    )


def store_one(payout: Payout, *events: EventDraft, origin: Origin) -> Payout:
    """Store the changed fields of one locked payout, with what is to be told."""
    changes = Changes()
    changes.keep(payout, *events)
    changes.write(origin=origin)
    return payout
