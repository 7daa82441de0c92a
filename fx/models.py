"""Rates, spreads, quotes, and how the sources of rates behave. Knows no accounts."""

from typing import Final

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from fx.arithmetic import (
    BASIS,
    MOST_RATE_DECIMALS,
    USUAL_RATE_DECIMALS,
    Conversion,
)
from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only

# The source of the rates that a fresh installation starts with. They do not age.
SEED: Final = "seed"


class Rate(models.Model):
    """What one unit of `base` was worth in `quote`, said by a source at a time.

    Never overwritten. The newest of a pair counts, whichever way round it was said:
    `low` and `high` are its two currencies in the order of the alphabet.
    """

    id = models.BigAutoField(primary_key=True)
    base = models.CharField(max_length=12)
    quote = models.CharField(max_length=12)
    rate = models.DecimalField(max_digits=36, decimal_places=USUAL_RATE_DECIMALS)
    source = models.CharField(max_length=50)
    as_of = models.DateTimeField()
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    low = models.GeneratedField(
        expression=Least("base", "quote"),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )
    high = models.GeneratedField(
        expression=Greatest("base", "quote"),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="fx_rate_is_positive", condition=Q(rate__gt=0)),
            models.CheckConstraint(
                name="fx_rate_is_between_two_currencies",
                condition=~Q(base=F("quote")),
            ),
            # The same news twice is once, but a correction is news.
            models.UniqueConstraint(
                name="fx_rate_is_said_once",
                fields=["base", "quote", "source", "as_of", "rate"],
            ),
        ]
        indexes = [
            models.Index(
                fields=["low", "high", "-as_of", "-id"], name="fx_rate_newest_of_pair"
            ),
            models.Index(fields=["created_at", "id"], name="fx_rate_by_time"),
        ]
        triggers = [append_only("fx_rate")]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


class Spread(models.Model):
    """What the house keeps of a conversion between two currencies, either way.

    In basis points (hundredths of a percent), also where the rate is computed from
    those of other pairs. Never overwritten, so that the rows tell who set which spread
    when; the newest of a pair holds. `base` comes before `quote` in the alphabet.
    """

    id = models.BigAutoField(primary_key=True)
    base = models.CharField(max_length=12)
    quote = models.CharField(max_length=12)
    basis_points = models.PositiveIntegerField()
    # As in events: `user:<uuid>`, or `command:<name>`.
    actor = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="fx_spread_pair_is_in_order", condition=Q(base__lt=F("quote"))
            ),
            models.CheckConstraint(
                name="fx_spread_is_less_than_the_whole",
                condition=Q(basis_points__lt=BASIS),
            ),
        ]
        indexes = [
            models.Index(fields=["base", "quote", "-id"], name="fx_spread_newest"),
            models.Index(fields=["created_at", "id"], name="fx_spread_by_time"),
        ]
        triggers = [append_only("fx_spread")]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.basis_points} bp"


class Quote(models.Model):
    """A promise to convert one amount at one rate until it expires, once.

    `income_minor` is what the house keeps, in the destination's currency; `rate` is
    that of the `Conversion`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner_id = models.UUIDField(editable=False)
    source_minor = models.BigIntegerField(editable=False)
    source_currency = models.CharField(max_length=12, editable=False)
    destination_minor = models.BigIntegerField(editable=False)
    destination_currency = models.CharField(max_length=12, editable=False)
    income_minor = models.BigIntegerField(editable=False)
    rate = models.DecimalField(
        max_digits=20 + MOST_RATE_DECIMALS,
        decimal_places=MOST_RATE_DECIMALS,
        editable=False,
    )
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    expires_at = models.DateTimeField(editable=False)
    redeemed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="fx_quote_amounts_are_positive",
                condition=Q(
                    source_minor__gt=0, destination_minor__gt=0, income_minor__gte=0
                ),
            ),
            models.CheckConstraint(
                name="fx_quote_rate_is_positive", condition=Q(rate__gt=0)
            ),
            models.CheckConstraint(
                name="fx_quote_is_between_two_currencies",
                condition=~Q(source_currency=F("destination_currency")),
            ),
            models.CheckConstraint(
                name="fx_quote_is_redeemed_before_it_expires",
                condition=Q(redeemed_at__isnull=True)
                | Q(redeemed_at__lt=F("expires_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner_id", "created_at", "id"], name="fx_quote_by_owner"
            ),
            models.Index(fields=["created_at", "id"], name="fx_quote_by_time"),
        ]

    def __str__(self) -> str:
        return f"quote {self.pk}"

    @property
    def source(self) -> Money:
        return Money.of(self.source_minor, self.source_currency)

    @property
    def destination(self) -> Money:
        return Money.of(self.destination_minor, self.destination_currency)

    @property
    def income(self) -> Money:
        return Money.of(self.income_minor, self.destination_currency)

    @property
    def conversion(self) -> Conversion:
        """What was promised."""
        return Conversion(self.source, self.destination, self.income, self.rate)


class RateSource(models.Model):
    """How a configured source of rates behaves. Its name is that of its rates' source.

    `failures` are those since it last answered; until `retry_at` it is left alone.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=50)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="fx_ratesource_has_a_name_of_its_own", fields=["name"]
            ),
            models.CheckConstraint(
                name="fx_ratesource_is_left_alone_after_failures",
                condition=Q(failures=0, retry_at__isnull=True)
                | Q(failures__gt=0, retry_at__isnull=False, failed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
