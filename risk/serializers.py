"""Shapes of reviews, and of what operators see of risk beside a payment."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from paycore.api.pagination import PageQuery
from paycore.api.principals import Principal
from paycore.api.shapes import ByValue, Instant, Reason, Request, Resource
from risk.models import Assessment, Band, Review, ReviewStatus
from risk.payments import SubjectType
from risk.selectors import ReviewFilter, find_assessments


class PaymentRisk(Resource):
    """What was thought of a payment. For operators: it helps nobody else but frauds."""

    score: int
    flags: list[str]

    @classmethod
    def of(cls, assessment: Assessment) -> "PaymentRisk":
        return cls.model_construct(score=assessment.score, flags=assessment.flags)


def find_visible_risk(
    principal: Principal, subject_ids: Collection[UUID]
) -> dict[UUID, PaymentRisk]:
    """What was thought of these payments, as far as the caller may know. One query."""
    if not principal.is_operator or not subject_ids:
        return {}
    found = find_assessments(subject_ids)
    return {pk: PaymentRisk.of(assessment) for pk, assessment in found.items()}


class ReviewListQuery(PageQuery):
    status: Annotated[ReviewStatus, ByValue] | None = None
    subject_type: Annotated[SubjectType, ByValue] | None = None
    band: Annotated[Band, ByValue] | None = None

    def filters(self) -> ReviewFilter:
        return ReviewFilter(
            status=self.status, subject_type=self.subject_type, band=self.band
        )


class VerdictRequest(Request):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Called the customer back"}]}
    )

    reason: Reason


class ReviewResource(Resource):
    """A payment that is held, with its funds, until a person decides."""

    id: UUID
    subject_type: SubjectType
    subject_id: UUID
    score: int
    band: Band
    flags: list[str]
    reasons: Annotated[list[str], Field(description="The flags in sentences.")]
    status: ReviewStatus
    decided_by: UUID | None
    decided_at: Instant | None
    reason: str | None
    created_at: Instant

    @classmethod
    def of(cls, review: Review) -> "ReviewResource":
        return cls.model_construct(
            id=review.pk,
            subject_type=SubjectType(review.subject_type),
            subject_id=review.subject_id,
            score=review.score,
            band=Band(review.band),
            flags=review.flags,
            reasons=review.assessment.reasons,
            status=ReviewStatus(review.status),
            decided_by=review.decided_by_id,
            decided_at=review.decided_at,
            reason=review.reason or None,
            created_at=review.created_at,
        )
