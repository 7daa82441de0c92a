"""Roll-ups: what was spent, and how payments were judged, on days that are over.

All of it is computed from transfers and assessments, and can be computed again:
`rebuild_rollups`.
"""

from typing import Final

from django.db import models
from django.db.models import Q

# The one row of `RollupMark`.
THE_MARK: Final = 1


class SpendingRollup(models.Model):
    """What somebody spent on one of their days, in one category and currency.

    `day` is the day in `time_zone`; all of a person's rows are in one time zone, which
    `RolledPerson` says too. What is spent on a day may be more than a BIGINT holds,
    when much of it is given back and spent again.
    """

    id = models.BigAutoField(primary_key=True)
    # No foreign key: these are written by the hundred thousand, and are derived from
    # transfers, whose owners exist.
    user_id = models.UUIDField()
    day = models.DateField()
    time_zone = models.CharField(max_length=64)
    category = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=12)
    count = models.BigIntegerField()
    total_minor = models.DecimalField(max_digits=38, decimal_places=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reports_spendingrollup_is_of_one_day_of_a_person",
                fields=["user_id", "day", "category", "currency"],
            ),
            models.CheckConstraint(
                name="reports_spendingrollup_has_something",
                condition=Q(count__gt=0, total_minor__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day} {self.category} {self.currency}"


# The time zone of what was spent on a day wherever it was that day.
ANYWHERE: Final = ""


class EverybodysRollup(models.Model):
    """The sums of `SpendingRollup` over all people of a time zone, and `ANYWHERE`.

    Changed together with them, in one transaction.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    time_zone = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=12)
    count = models.BigIntegerField()
    total_minor = models.DecimalField(max_digits=38, decimal_places=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reports_everybodysrollup_is_of_one_day",
                fields=["time_zone", "day", "category", "currency"],
            ),
            # Zero only between two statements of a transaction.
            models.CheckConstraint(
                name="reports_everybodysrollup_takes_back_what_it_has",
                condition=Q(count__gte=0, total_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.time_zone} {self.day} {self.category} {self.currency}"


class ScoreRollup(models.Model):
    """How many payments of a day in UTC got a score between two tens.

    `tens` 0 is 0 to 9, 9 is 90 to 100. How a payment was judged never changes.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    band = models.CharField(max_length=7)
    tens = models.SmallIntegerField()
    count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reports_scorerollup_is_of_one_day",
                fields=["day", "band", "tens"],
            ),
            models.CheckConstraint(
                name="reports_scorerollup_has_something", condition=Q(count__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.band} {self.tens}"


class FlagRollup(models.Model):
    """How many payments of a day in UTC a rule flagged: counted, and in shadow."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    flag = models.CharField(max_length=40)
    count = models.BigIntegerField()
    shadow_count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="reports_flagrollup_is_of_one_day", fields=["day", "flag"]
            ),
            models.CheckConstraint(
                name="reports_flagrollup_has_something",
                condition=Q(count__gte=0, shadow_count__gte=0)
                & (Q(count__gt=0) | Q(shadow_count__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.flag}"


class RolledPerson(models.Model):
    """In which time zone somebody's days are rolled up.

    Everybody has a row who spent something before `RollupMark.kept_until`.
    """

    user_id = models.UUIDField(primary_key=True)
    time_zone = models.CharField(max_length=64)

    class Meta:
        indexes = [
            # Which time zones there are: few, of very many people.
            models.Index(fields=["time_zone"], name="reports_rolledperson_by_zone"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.time_zone}"


class RollupMark(models.Model):
    """How far the roll-ups are. One row, which whoever changes them locks first.

    They hold every day that was over at `kept_until`, as things were then: see Note
    [Roll-ups are as of a moment]. `version` changes whenever they do. All transactions
    that had a number by `seen_at` have one below `seen_xid`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_MARK)
    version = models.BigIntegerField(default=0)
    kept_until = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    seen_xid = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="reports_rollupmark_is_one", condition=Q(id=THE_MARK)
            ),
            models.CheckConstraint(
                name="reports_rollupmark_was_seen_by_transactions",
                condition=Q(seen_at__isnull=True, seen_xid__isnull=True)
                | Q(seen_at__isnull=False, seen_xid__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"kept until {self.kept_until}"
