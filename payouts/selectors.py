"""Reading payouts. `owner_id` None reads everybody's: for operators."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, QuerySet

from paycore.lib.errors import NotFound
from paycore.lib.times import StatementTime
from payouts.models import (
    UNSETTLED,
    Approval,
    Claim,
    DiscrepancyStatus,
    Payout,
    PayoutAttempt,
    PayoutDiscrepancy,
    PayoutStatus,
    Step,
)


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """None means any. `created_from` is included, `created_to` is not."""

    account_id: UUID | None = None
    status: str | None = None
    reference: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """What waits, and for how long the oldest that is due has been due.

    By step: what is `due` now. By status: how many are not settled. `leased` are with a
    worker, `approvals` are pending and need one, `discrepancies` are open.
    """

    due: dict[Step, int]
    oldest_due_seconds: float
    unsettled: dict[PayoutStatus, int]
    leased: int
    approvals: int
    discrepancies: int


def get_payout(*, payout_id: UUID, owner_id: UUID | None = None) -> Payout:
    """Raises: `NotFound`, also when it is another owner's."""
    payouts = Payout.objects.filter(pk=payout_id)
    if owner_id is not None:
        payouts = payouts.filter(owner_id=owner_id)
    payout = payouts.first()
    if payout is None:
        raise NotFound
    return payout


def list_payouts(
    *, filters: PayoutFilter, owner_id: UUID | None = None
) -> QuerySet[Payout]:
    """Payouts of an owner (None: of everybody) that pass the filters, newest first."""
    wanted = {
        "owner_id": owner_id,
        "account_id": filters.account_id,
        "status": filters.status,
        "reference": filters.reference,
        "created_at__gte": filters.created_from,
        "created_at__lt": filters.created_to,
    }
    return Payout.objects.filter(
        **{name: value for name, value in wanted.items() if value is not None}
    ).order_by("-created_at", "-pk")


def list_in_review() -> QuerySet[Payout]:
    """Payouts that wait for a person, newest first."""
    return list_payouts(filters=PayoutFilter(status=PayoutStatus.MANUAL_REVIEW))


def count_in_review() -> int:
    return Payout.objects.filter(status=PayoutStatus.MANUAL_REVIEW).count()


def is_reference_taken(*, user_id: UUID, reference: str) -> bool:
    """Whether the person has made a payout of this reference."""
    return Payout.objects.filter(requested_by_id=user_id, reference=reference).exists()


def find_corrected(payouts: Iterable[Payout]) -> dict[UUID, bool]:
    """Of payouts that were over and then corrected: whether they count as sent now."""
    over = [payout.pk for payout in payouts if not payout.is_unsettled]
    if not over:
        return {}
    corrected = PayoutDiscrepancy.objects.filter(
        payout_id__in=over, status=DiscrepancyStatus.CORRECTED
    ).order_by("closed_at")
    return {
        payout_id: claim == Claim.EXECUTED
        for payout_id, claim in corrected.values_list("payout_id", "claim")
    }


def is_sent_by_the_books(payout: Payout, corrected: Mapping[UUID, bool]) -> bool:
    """Whether a payout that is over counts as sent; `corrected` by `find_corrected`."""
    return corrected.get(payout.pk, payout.status == PayoutStatus.COMPLETED)


def is_at_odds(discrepancy: PayoutDiscrepancy, payout: Payout) -> bool:
    """Whether the books still differ from what a gateway said of a payout that is over.

    They may have been corrected since, also in the other direction.
    """
    if payout.is_unsettled:
        return False
    is_sent = is_sent_by_the_books(payout, find_corrected([payout]))
    return is_sent != (discrepancy.claim == Claim.EXECUTED)


def is_taken_back(discrepancy: PayoutDiscrepancy) -> bool:
    """Whether the gateway has said the opposite since, and nothing certain after it."""
    said = list_definite_words(discrepancy.payout_id).last()
    return said is not None and said.outcome != discrepancy.claim


def list_definite_words(payout_id: UUID) -> QuerySet[PayoutAttempt]:
    """What a gateway said for certain about a payout, in the order it was heard."""
    return PayoutAttempt.objects.filter(
        payout_id=payout_id, outcome__in=Claim.values
    ).order_by("ended_at", "pk")


def find_contradicted(payout_ids: Collection[UUID]) -> set[UUID]:
    """Those of which a gateway has said both, that they left and that they did not."""
    if not payout_ids:
        return set()
    words = PayoutAttempt.objects.filter(
        payout_id__in=payout_ids, outcome__in=Claim.values
    )
    said = words.values("payout_id").annotate(words=Count("outcome", distinct=True))
    return set(said.filter(words__gt=1).values_list("payout_id", flat=True))


def get_queue_state() -> QueueState:
    """What waits for workers and for people, by the indexes of what is unfinished."""
    due = dict.fromkeys(Step, 0)
    oldest = 0.0
    rows = (
        Payout.objects.filter(due_at__lte=StatementTime())
        .values("step")
        .annotate(how_many=Count("pk"), waited=StatementTime() - Min("due_at"))
    )
    for row in rows:
        due[Step(row["step"])] = row["how_many"]
        oldest = max(oldest, row["waited"].total_seconds())
    unsettled = Payout.objects.filter(status__in=UNSETTLED)
    by_status = unsettled.values_list("status").annotate(Count("pk"))
    return QueueState(
        due=due,
        oldest_due_seconds=oldest,
        unsettled={PayoutStatus(status): count for status, count in by_status},
        leased=Payout.objects.filter(due_at__isnull=False)
        .exclude(leased_by="")
        .count(),
        approvals=unsettled.filter(
            status=PayoutStatus.PENDING, approval=Approval.REQUIRED
        ).count(),
        discrepancies=PayoutDiscrepancy.objects.filter(
            status=DiscrepancyStatus.OPEN
        ).count(),
    )
