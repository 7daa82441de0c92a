"""What was said to gateways about payouts, and what they said: the timeline."""

from django.db import models
from django.db.models import Q

from paycore.lib.times import StatementTime
from paycore.lib.triggers import never_deleted


class AttemptKind(models.TextChoices):
    """`notice`: the gateway told of its own accord."""

    SUBMIT = "submit"
    ASK = "ask"
    CANCEL = "cancel"
    NOTICE = "notice"


class AttemptOutcome(models.TextChoices):
    """What gateways answer, and `lost`: the worker died, or its lease ended."""

    EXECUTED = "executed"
    DECLINED = "declined"
    UNDERWAY = "underway"
    NOT_SENT = "not_sent"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    LOST = "lost"


class PayoutAttempt(models.Model):
    """One word with a gateway. Written before it is spoken, finished with the answer.

    So an attempt without an outcome may have reached the gateway, whatever became of
    the worker. The answer is stored here before anything is concluded from it.
    """

    payout = models.ForeignKey(
        "payouts.Payout", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The lease under which it was made; 0 for a notice.
    fence = models.BigIntegerField()
    kind = models.CharField(max_length=6, choices=AttemptKind.choices)
    worker = models.CharField(max_length=80)
    started_at = models.DateTimeField(db_default=StatementTime())
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(  # noqa: DJ001
        max_length=8, choices=AttemptOutcome.choices, null=True
    )
    gateway_reference = models.CharField(max_length=255, blank=True, default="")
    failure_code = models.CharField(max_length=50, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="payouts_attempt_kind_is_known",
                condition=Q(kind__in=AttemptKind.values),
            ),
            models.CheckConstraint(
                name="payouts_attempt_outcome_is_known",
                condition=Q(outcome__isnull=True, ended_at__isnull=True)
                | Q(
                    # Without this, NULL would be neither right nor wrong, and pass.
                    outcome__isnull=False,
                    outcome__in=AttemptOutcome.values,
                    ended_at__isnull=False,
                ),
            ),
            # One lease, one word: a fencing number is never given twice.
            models.UniqueConstraint(
                name="payouts_attempt_has_a_lease_of_its_own",
                fields=["payout", "fence"],
                condition=Q(fence__gt=0),
            ),
        ]
        indexes = [
            models.Index(fields=["payout", "id"], name="payouts_attempt_by_payout"),
        ]
        triggers = [never_deleted("payouts_payoutattempt")]

    def __str__(self) -> str:
        return f"attempt {self.pk}"
