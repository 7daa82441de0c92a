"""What a person says of a held payment.

Lock order everywhere: the payment first, then its review, then ledger accounts.
"""

from uuid import UUID

from django.conf import settings

from events.services import EventDraft, publish_events
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState, NotFound, PermissionDenied
from paycore.lib.metrics import REVIEWS_OPEN, REVIEWS_OVERDUE
from paycore.lib.origin import Origin
from paycore.lib.times import StatementTime
from risk.models import MOVES, Band, Review, ReviewStatus
from risk.selectors import ReviewQueue, get_review_queue
from risk.subjects import subject_of


def resolve_review(
    *,
    review_id: UUID,
    verdict: ReviewStatus,
    reason: str,
    by_id: UUID,
    origin: Origin,
) -> Review:
    """Let a held payment go on, or fail it and give back its funds.

    Its score is not judged again, its status and accounts are. The same verdict again
    changes nothing.

    Raises: `NotFound`; `PermissionDenied` for whose payment it is; `InvalidState` for
    the other verdict than was given; `AccountNotActive` when an account of an approved
    one is frozen, `InsufficientBalance` when its funds were taken by force: the review
    stays open.
    """
    with joined_atomic():
        found = Review.objects.filter(pk=review_id).first()
        if found is None:
            raise NotFound
        if found.user_id == by_id:
            raise PermissionDenied(why="Nobody decides about a payment of their own.")
        subject = subject_of(found.subject_type)
        subject.lock(found.subject_id)
        review = _lock(review_id)
        if review.status == verdict:
            return review
        _advance(review, to=verdict, reason=reason, by_id=by_id)
        decide = subject.approve if verdict == ReviewStatus.APPROVED else subject.reject
        decide(review.subject_id, origin=origin)
        _announce(review, origin)
        return review


def close_needless_review(*, subject_id: UUID, reason: str, origin: Origin) -> None:
    """End the open review of a payment that was ended otherwise, if there is one.

    The caller has locked the payment.
    """
    with joined_atomic():
        open_ones = Review.objects.select_for_update(no_key=True).filter(
            subject_id=subject_id, status=ReviewStatus.OPEN
        )
        for review in open_ones:
            _advance(review, to=ReviewStatus.REJECTED, reason=reason, by_id=None)
            _announce(review, origin)


def look_at_reviews() -> ReviewQueue:
    """Measure what waits, for whoever watches the gauges."""
    queue = get_review_queue(sla_seconds=settings.REVIEW_SLA)
    for band in (Band.REVIEW, Band.URGENT):
        REVIEWS_OPEN.labels(band=band).set(queue.open[band])
    REVIEWS_OVERDUE.set(queue.overdue)
    return queue


def _lock(review_id: UUID) -> Review:
    return Review.objects.select_for_update(no_key=True).get(pk=review_id)


def _advance(
    review: Review, *, to: ReviewStatus, reason: str, by_id: UUID | None
) -> None:
    # Compare-and-set, see `MOVES`.
    sources = [status for status, targets in MOVES.items() if to in targets]
    rows = Review.objects.filter(pk=review.pk, status__in=sources)
    changed = rows.update(
        status=to, reason=reason, decided_by_id=by_id, decided_at=StatementTime()
    )
    if not changed:
        raise InvalidState(why=f"The review was {review.status} already.")
    review.refresh_from_db()


def _announce(review: Review, origin: Origin) -> None:
    draft = EventDraft(
        type=f"review.{review.status}",
        subject_type="review",
        subject_id=review.pk,
        data={
            "review_id": str(review.pk),
            "subject_type": review.subject_type,
            "subject_id": str(review.subject_id),
            "reason": review.reason,
        },
    )
    publish_events([draft], origin=origin)
