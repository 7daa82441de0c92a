"""Payments that are held until a person has looked at them."""

from typing import Final

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from paycore.lib.ids import new_id
from paycore.lib.times import StatementTime
from paycore.lib.triggers import never_deleted
from risk.models.assessment import Assessment, Band
from risk.payments import SubjectType


class ReviewStatus(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


# The whole life of a review.
MOVES: Final[dict[ReviewStatus, frozenset[ReviewStatus]]] = {
    ReviewStatus.OPEN: frozenset({ReviewStatus.APPROVED, ReviewStatus.REJECTED})
}


class Review(models.Model):
    """A held payment and a person's verdict. The funds are on hold until then.

    Score, band and flags are the assessment's, here so that the queue is one table.
    Nobody decided one that became needless, as when its payout was cancelled.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    assessment = models.OneToOneField(
        Assessment, on_delete=models.PROTECT, related_name="+"
    )
    subject_type = models.CharField(max_length=10)
    subject_id = models.UUIDField()
    user = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+"
    )
    score = models.SmallIntegerField()
    band = models.CharField(max_length=7, choices=Band.choices)
    flags = ArrayField(models.CharField(max_length=40), default=list)
    status = models.CharField(
        max_length=8, choices=ReviewStatus.choices, default=ReviewStatus.OPEN
    )
    decided_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="risk_review_is_opened_once",
                fields=["subject_id", "subject_type"],
            ),
            models.CheckConstraint(
                name="risk_review_subject_is_known",
                condition=Q(subject_type__in=[kind.value for kind in SubjectType]),
            ),
            models.CheckConstraint(
                name="risk_review_band_is_one_that_holds",
                condition=Q(band__in=[Band.REVIEW, Band.URGENT]),
            ),
            models.CheckConstraint(
                name="risk_review_is_decided_for_a_reason",
                condition=Q(
                    status=ReviewStatus.OPEN,
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                )
                | Q(
                    status__in=[ReviewStatus.APPROVED, ReviewStatus.REJECTED],
                    decided_at__isnull=False,
                    reason__gt="",
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="risk_review_by_time"),
            models.Index(
                fields=["created_at", "id"],
                condition=Q(status="open"),
                name="risk_review_open",
            ),
        ]
        triggers = [
            never_deleted("risk_review"),
            # A verdict is given once, and on what was held.
            pgtrigger.Trigger(
                name="risk_review_is_decided_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.status <> 'open'
                        OR to_jsonb(NEW) - ARRAY['status', 'decided_by_id',
                            'decided_at', 'reason']
                        <> to_jsonb(OLD) - ARRAY['status', 'decided_by_id',
                            'decided_at', 'reason']
                    THEN
                        RAISE EXCEPTION 'Review % is final.', OLD.id
                        USING ERRCODE = 'integrity_constraint_violation',
                              CONSTRAINT = 'risk_review_is_decided_once';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        permissions = [
            ("approve_review", "Can approve a held payment"),
            ("reject_review", "Can reject a held payment"),
        ]

    def __str__(self) -> str:
        return f"review of {self.subject_type} {self.subject_id}"
