"""Reading what was thought of payments, and what waits for a person."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from paycore.lib.errors import NotFound
from risk.models import Assessment, Band, Review, ReviewStatus


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """None means any."""

    status: str | None = None
    subject_type: str | None = None
    band: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """What waits, by band, and how much of it for too long."""

    open: dict[Band, int]
    overdue: int


# A band, tens (0 is 0 to 9, 9 is 90 to 100), and how many payments.
ScoreCount = tuple[str, int, int]
# A flag, and how many payments had it: where it counts, and in shadow.
FlagCount = tuple[str, int, int]
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """How payments scored: by band, by ten points, by flag, the most frequent first."""

    total: int
    bands: dict[Band, int]
    bins: list[int]
    flags: list[FlagCount]

    @classmethod
    def of(
        cls, scores: Iterable[ScoreCount], flags: Iterable[FlagCount]
    ) -> "ScoreSummary":
        """The same may come several times, as of several days."""
        bands, bins = dict.fromkeys(Band, 0), [0] * BINS
        for band, tens, count in scores:
            bands[Band(band)] += count
            bins[tens] += count
        counted: Counter[str] = Counter()
        shadowed: Counter[str] = Counter()
        for flag, count, shadow_count in flags:
            counted[flag] += count
            shadowed[flag] += shadow_count
        found = [(flag, counted[flag], shadowed[flag]) for flag in counted]
        found.sort(key=lambda row: (-row[1] - row[2], row[0]))
        return cls(sum(bins), bands, bins, found)


def find_assessments(subject_ids: Collection[UUID]) -> dict[UUID, Assessment]:
    """What was thought of those of these payments that were judged."""
    found = Assessment.objects.filter(subject_id__in=subject_ids)
    return {assessment.subject_id: assessment for assessment in found}


def list_reviews(*, filters: ReviewFilter) -> QuerySet[Review]:
    """Reviews with their assessments, newest first."""
    wanted = {
        "status": filters.status,
        "subject_type": filters.subject_type,
        "band": filters.band,
    }
    return (
        Review.objects.select_related("assessment")
        .filter(**{name: value for name, value in wanted.items() if value is not None})
        .order_by("-created_at", "-pk")
    )


def get_review(*, review_id: UUID) -> Review:
    """Raises: `NotFound`."""
    review = list_reviews(filters=ReviewFilter()).filter(pk=review_id).first()
    if review is None:
        raise NotFound
    return review


def get_review_queue(*, sla_seconds: int) -> ReviewQueue:
    """What waits now."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE, [sla_seconds])
        rows = cursor.fetchall()
    counted = {band: (waiting, late) for band, waiting, late in rows}
    return ReviewQueue(
        open={band: counted.get(band.value, (0, 0))[0] for band in Band},
        overdue=sum(late for _, late in counted.values()),
    )


_QUEUE: Final = """
    SELECT band, count(*), count(*) FILTER (
        WHERE created_at < statement_timestamp() - make_interval(secs => %s)
    )
    FROM risk_review WHERE status = 'open' GROUP BY band
"""


def summarize_scores(start: datetime, end: datetime) -> ScoreSummary:
    """How the payments of a time were judged when they were made. Two statements."""
    return ScoreSummary.of(*count_judged(start, end))


def count_judged(
    start: datetime, end: datetime
) -> tuple[list[ScoreCount], list[FlagCount]]:
    """How often payments of a time had which score, and which flag."""
    if start >= end:
        return [], []
    with connection.cursor() as cursor:
        cursor.execute(_SCORES, {"start": start, "end": end})
        scores: list[ScoreCount] = cursor.fetchall()
        cursor.execute(_FLAGS, {"start": start, "end": end})
        flags: list[FlagCount] = cursor.fetchall()
    return scores, flags


_SCORES: Final = """
    SELECT band, least(score / 10, 9), count(*)
    FROM risk_assessment
    WHERE assessed_at >= %(start)s AND assessed_at < %(end)s
    GROUP BY 1, 2
"""
_FLAGS: Final = """
    SELECT flag, sum(counted), sum(shadowed)
    FROM (
        SELECT unnest(flags) AS flag, 1 AS counted, 0 AS shadowed
        FROM risk_assessment
        WHERE assessed_at >= %(start)s AND assessed_at < %(end)s
        UNION ALL
        SELECT unnest(shadow_flags), 0, 1
        FROM risk_assessment
        WHERE assessed_at >= %(start)s AND assessed_at < %(end)s
    ) AS flagged
    GROUP BY flag
"""


def find_reviews(subject_ids: Collection[UUID]) -> dict[UUID, Review]:
    """The reviews of those of these payments that were held."""
    found = Review.objects.filter(subject_id__in=subject_ids)
    return {review.subject_id: review for review in found}


# Urgent before the others, then who has waited longest. Of the two bands that hold, the
# urgent one is the last in the alphabet.
QUEUE_ORDER: Final = ("-band", "created_at", "pk")


def list_open_reviews() -> QuerySet[Review]:
    """What waits for a person, in the order in which to look at it."""
    return Review.objects.filter(status=ReviewStatus.OPEN).order_by(*QUEUE_ORDER)


def find_oldest_review() -> datetime | None:
    """Since when the open review that has waited longest has been waiting."""
    waiting = Review.objects.filter(status=ReviewStatus.OPEN).order_by("created_at")
    return waiting.values_list("created_at", flat=True).first()
