"""The queues of payouts that wait for a person, and who comes next in them."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from payouts.admin.tables import oldest_first
from payouts.models import Approval, Payout, PayoutStatus

IN_REVIEW = Q(status=PayoutStatus.MANUAL_REVIEW)
TO_APPROVE = Q(status=PayoutStatus.PENDING, approval=Approval.REQUIRED)
HELD_BY_RISK = Q(status=PayoutStatus.PENDING, is_held=True)


class WaitsFilter(admin.SimpleListFilter):
    """The queues of people, as opposed to those of workers."""

    title = "what waits for a person"
    parameter_name = "waits"
    queues = {
        "person": IN_REVIEW | TO_APPROVE | HELD_BY_RISK,
        "review": IN_REVIEW,
        "approval": TO_APPROVE,
        "risk": HELD_BY_RISK,
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("person", "For a person"),
            ("review", "For a review of its outcome"),
            ("approval", "For an approval"),
            ("risk", "For a review of its risk"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Payout]
    ) -> QuerySet[Payout] | None:
        queue = self.queues.get(self.value() or "")
        return None if queue is None else queryset.filter(queue)


def is_queue(request: HttpRequest) -> bool:
    in_review = request.GET.get("status__exact") == PayoutStatus.MANUAL_REVIEW
    return in_review or "waits" in request.GET


def next_in_queue(payout: Payout) -> Payout | None:
    """Who has waited longest after this one, in the queue that it is or was in."""
    queue = IN_REVIEW if was_in_review(payout) else TO_APPROVE
    waiting = oldest_first(Payout.objects.filter(queue))
    beside = Q(created_at=payout.created_at, pk__gt=payout.pk)
    later = waiting.filter(Q(created_at__gt=payout.created_at) | beside)
    return later.first() or waiting.exclude(pk=payout.pk).first()


def was_in_review(payout: Payout) -> bool:
    """Whether it is, was or may come to be in the queue of those to be resolved."""
    # What is there for a frozen account's sake need not have been in doubt.
    is_there = payout.status == PayoutStatus.MANUAL_REVIEW
    return is_there or payout.decision is not None or payout.unknown_since is not None
