"""What was thought of each payment when it was made, and why."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.triggers import never_deleted
from risk.payments import PaymentKind, SubjectType


class Band(models.TextChoices):
    """What follows from a score. A payment in `review` or `urgent` is held."""

    APPROVE = "approve"
    MONITOR = "monitor"
    REVIEW = "review"
    URGENT = "urgent"

    @property
    def is_held(self) -> bool:
        return self in {Band.REVIEW, Band.URGENT}


class Assessment(models.Model):
    """One payment, judged once. The history that rules and limits look back on.

    `worth` is in major units of `currency_of_worth`, at the rate of the time; NULL when
    there was no rate. `findings` tells of each rule that applied: its code, points,
    version, figures and sentence. A payment that came to nothing is `voided_at` then:
    it no longer counts towards limits and averages.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_type = models.CharField(max_length=10)
    subject_id = models.UUIDField()
    kind = models.CharField(max_length=10)
    user = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    counterparty = models.CharField(max_length=300, blank=True, default="")
    worth = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    currency_of_worth = models.CharField(max_length=12)
    time_zone = models.CharField(max_length=64)
    score = models.SmallIntegerField()
    band = models.CharField(max_length=7, choices=Band.choices)
    flags = ArrayField(models.CharField(max_length=40), default=list)
    shadow_flags = ArrayField(models.CharField(max_length=40), default=list)
    findings = models.JSONField(default=list)
    # Of every rule that was asked, whether it applied or not.
    versions = models.JSONField(default=dict)
    # Rules that raised, and what that was taken for.
    errors = models.JSONField(default=dict)
    assessed_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="risk_assessment_is_made_once",
                # The id first: it is what assessments are found by.
                fields=["subject_id", "subject_type"],
            ),
            models.CheckConstraint(
                name="risk_assessment_subject_is_known",
                condition=Q(subject_type__in=[kind.value for kind in SubjectType]),
            ),
            models.CheckConstraint(
                name="risk_assessment_kind_is_known",
                condition=Q(kind__in=[kind.value for kind in PaymentKind]),
            ),
            models.CheckConstraint(
                name="risk_assessment_band_is_known",
                condition=Q(band__in=Band.values),
            ),
            models.CheckConstraint(
                name="risk_assessment_score_is_of_a_hundred",
                condition=Q(score__gte=0, score__lte=100),
            ),
            models.CheckConstraint(
                name="risk_assessment_amount_is_positive",
                condition=Q(amount_minor__gt=0),
            ),
        ]
        indexes = [
            # The look back: one user's range, newest last, without visiting rows that
            # are too old.
            models.Index(
                fields=["user", "assessed_at", "id"], name="risk_assessment_by_user"
            ),
            models.Index(fields=["assessed_at", "id"], name="risk_assessment_by_time"),
        ]
        triggers = [
            never_deleted("risk_assessment"),
            # What was thought stays; only that it came to nothing may be added, once.
            pgtrigger.Trigger(
                name="risk_assessment_is_only_voided",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF OLD.voided_at IS NOT NULL
                        OR to_jsonb(NEW) - 'voided_at' <> to_jsonb(OLD) - 'voided_at'
                    THEN
                        RAISE EXCEPTION 'Assessment % is final.', OLD.id
                        USING ERRCODE = 'integrity_constraint_violation',
                              CONSTRAINT = 'risk_assessment_is_only_voided';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_id}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)

    @property
    def is_held(self) -> bool:
        """Whether the payment waits for a person."""
        return Band(self.band).is_held

    @property
    def reasons(self) -> list[str]:
        """Why it has its score, in sentences."""
        return [
            finding["sentence"]
            for finding in self.findings
            if finding["code"] in self.flags
        ]
