"""What holds: rules, bands and limits as staff have set them.

Append-only: the newest row of its kind holds, and the others are its history. Where
there is none, the default in the code holds. See `risk.services.configuration`.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only
from risk.payments import PaymentKind


class RuleState(models.TextChoices):
    """`shadow`: judged and recorded, but it does not count."""

    ON = "on"
    SHADOW = "shadow"
    OFF = "off"


class OnError(models.TextChoices):
    """What a rule that raises means: nothing, or that a person must look."""

    OPEN = "open"
    CLOSED = "closed"


class RuleSetting(models.Model):
    """How a rule counts from now on. Its `id` is the version that assessments name."""

    code = models.CharField(max_length=40)
    state = models.CharField(max_length=6, choices=RuleState.choices)
    points = models.SmallIntegerField()
    kinds = ArrayField(models.CharField(max_length=10))
    parameters = models.JSONField()
    on_error = models.CharField(max_length=6, choices=OnError.choices)
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="risk_rule_setting_state_is_known",
                condition=Q(state__in=RuleState.values),
            ),
            models.CheckConstraint(
                name="risk_rule_setting_on_error_is_known",
                condition=Q(on_error__in=OnError.values),
            ),
            models.CheckConstraint(
                name="risk_rule_setting_points_are_of_a_hundred",
                condition=Q(points__gte=0, points__lte=100),
            ),
            # Else nobody could pay any more: what is set is read for each payment.
            models.CheckConstraint(
                name="risk_rule_setting_kinds_are_known",
                condition=Q(kinds__contained_by=[kind.value for kind in PaymentKind]),
            ),
        ]
        indexes = [models.Index(fields=["code", "id"], name="risk_rule_setting_newest")]
        triggers = [append_only("risk_rulesetting")]

    def __str__(self) -> str:
        return f"{self.code} {self.state}"


class BandSetting(models.Model):
    """From which score on a payment is watched, held for review, held urgently."""

    monitor_from = models.SmallIntegerField()
    review_from = models.SmallIntegerField()
    urgent_from = models.SmallIntegerField()
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="risk_band_setting_bands_follow_each_other",
                condition=Q(
                    monitor_from__gte=0,
                    review_from__gt=F("monitor_from"),
                    urgent_from__gt=F("review_from"),
                ),
            ),
        ]
        triggers = [append_only("risk_bandsetting")]

    def __str__(self) -> str:
        return f"{self.monitor_from}/{self.review_from}/{self.urgent_from}"


class Period(models.TextChoices):
    """`day`: the user's own, from midnight to midnight."""

    TRANSACTION = "transaction"
    DAY = "day"


class LimitSetting(models.Model):
    """How much may be paid, by kind of payment; one user's own goes before all users'.

    Without an amount there is no limit. One that `is_withdrawn` is as if it had never
    been set: everybody's holds again instead of a person's, the default instead of
    everybody's.
    """

    kind = models.CharField(
        max_length=10, choices=[(kind.value, kind.value) for kind in PaymentKind]
    )
    period = models.CharField(max_length=11, choices=Period.choices)
    user = models.ForeignKey(
        "accounts.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=12)
    is_withdrawn = models.BooleanField(default=False)
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="risk_limit_setting_withdrawn_limits_nothing",
                condition=Q(is_withdrawn=False) | Q(amount_minor__isnull=True),
            ),
            models.CheckConstraint(
                name="risk_limit_setting_kind_is_known",
                condition=Q(kind__in=[kind.value for kind in PaymentKind]),
            ),
            models.CheckConstraint(
                name="risk_limit_setting_period_is_known",
                condition=Q(period__in=Period.values),
            ),
            models.CheckConstraint(
                name="risk_limit_setting_amount_is_not_negative",
                condition=Q(amount_minor__isnull=True) | Q(amount_minor__gte=0),
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "period", "user", "id"], name="risk_limit_newest"
            ),
        ]
        triggers = [append_only("risk_limitsetting")]

    def __str__(self) -> str:
        return f"{self.kind} per {self.period}"

    @property
    def amount(self) -> Money | None:
        if self.amount_minor is None:
            return None
        return Money.of(self.amount_minor, self.currency)
