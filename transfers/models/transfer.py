"""Transfers: every movement between accounts here."""

from decimal import Decimal
from typing import Final

from django.db import models
from django.db.models import F, Q

from paycore.lib.ids import new_id
from paycore.lib.money import MOST_DECIMALS, Money
from paycore.lib.times import StatementTime


class TransferKind(models.TextChoices):
    INTERNAL = "internal"
    EXCHANGE = "exchange"
    PURCHASE = "purchase"
    DEPOSIT = "deposit"
    REFUND = "refund"
    REVERSAL = "reversal"
    OPENING = "opening"


class TransferStatus(models.TextChoices):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    REVERSED = "reversed"


# The whole life of a transfer. Statuses without an arrow are final. One that is not
# held for review is born completed.
MOVES: Final[dict[TransferStatus, frozenset[TransferStatus]]] = {
    TransferStatus.PENDING: frozenset(
        {TransferStatus.COMPLETED, TransferStatus.FAILED}
    ),
    TransferStatus.COMPLETED: frozenset({TransferStatus.REVERSED}),
}


class Transfer(models.Model):
    """An order to move money, and what became of it.

    `amount` is what the source is debited, `destination_amount` what the destination
    receives, both in minor units. Source or destination is NULL where the other side
    is the house. The owners are copied from the accounts, which never change hands, so
    that a person's transfers are found by one index.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    status = models.CharField(max_length=10, choices=TransferStatus.choices)
    source_account = models.ForeignKey(
        "accounts.Account",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    destination_account = models.ForeignKey(
        "accounts.Account",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    source_owner_id = models.UUIDField(null=True)
    destination_owner_id = models.UUIDField(null=True)
    # Nobody, when a payment provider told us of a deposit.
    created_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    # The amount in hundred-millionths of the major unit. Minor units of JPY, USD and
    # BTC cannot be compared, these can: lists filter and sort by them.
    amount_value = models.DecimalField(max_digits=30, decimal_places=0)
    destination_amount_minor = models.BigIntegerField()
    destination_currency = models.CharField(max_length=12)
    # Destination units per source unit, with decimals enough that the amounts can be
    # computed from it again; see `fx.arithmetic`.
    rate = models.DecimalField(max_digits=48, decimal_places=28, null=True)
    # What the house keeps of a conversion (or, below zero, gives back of one).
    income_minor = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=255, null=True)  # noqa: DJ001
    description = models.CharField(max_length=500, blank=True, default="")
    metadata = models.JSONField(default=dict)
    merchant_name = models.CharField(max_length=200, blank=True, default="")
    merchant_category = models.CharField(max_length=100, blank=True, default="")
    refunded_minor = models.BigIntegerField(default=0)
    original_transfer = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+"
    )
    journal_entry = models.OneToOneField(
        "ledger.JournalEntry", null=True, on_delete=models.PROTECT, related_name="+"
    )
    hold = models.OneToOneField(
        "ledger.Hold", null=True, on_delete=models.PROTECT, related_name="+"
    )
    failure_code = models.CharField(max_length=50, blank=True, default="")
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="transfers_transfer_kind_is_known",
                condition=Q(kind__in=TransferKind.values),
            ),
            models.CheckConstraint(
                name="transfers_transfer_status_is_known",
                condition=Q(status__in=TransferStatus.values),
            ),
            # A part of a converted purchase may give back less than the receiver's
            # smallest unit, so that an earlier part has taken it already.
            models.CheckConstraint(
                name="transfers_transfer_amounts_are_positive",
                condition=Q(amount_minor__gt=0, destination_amount_minor__gt=0)
                | Q(
                    kind=TransferKind.REFUND,
                    amount_minor=0,
                    destination_amount_minor__gt=0,
                    rate__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="transfers_transfer_is_between_two_accounts",
                condition=Q(source_account__isnull=True)
                | Q(destination_account__isnull=True)
                | ~Q(source_account=F("destination_account")),
            ),
            models.CheckConstraint(
                name="transfers_transfer_keeps_its_amount_without_conversion",
                condition=~Q(currency=F("destination_currency"))
                | Q(
                    rate__isnull=True,
                    income_minor=0,
                    amount_minor=F("destination_amount_minor"),
                ),
            ),
            models.CheckConstraint(
                name="transfers_transfer_rate_is_positive",
                condition=Q(rate__isnull=True) | Q(rate__gt=0),
            ),
            models.CheckConstraint(
                name="transfers_transfer_holds_funds_while_pending",
                condition=~Q(status=TransferStatus.PENDING) | Q(hold__isnull=False),
            ),
            models.CheckConstraint(
                name="transfers_transfer_returns_another_one",
                condition=Q(
                    kind__in=[TransferKind.REFUND, TransferKind.REVERSAL],
                    original_transfer__isnull=False,
                )
                | (
                    ~Q(kind__in=[TransferKind.REFUND, TransferKind.REVERSAL])
                    & Q(original_transfer__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="transfers_transfer_refunds_at_most_its_amount",
                condition=Q(
                    refunded_minor__gte=0, refunded_minor__lte=F("amount_minor")
                ),
            ),
            # Moved if and only if it says so.
            models.CheckConstraint(
                name="transfers_transfer_is_in_the_books_once_completed",
                condition=Q(
                    status__in=[TransferStatus.COMPLETED, TransferStatus.REVERSED],
                    journal_entry__isnull=False,
                    completed_at__isnull=False,
                )
                | Q(
                    status__in=[TransferStatus.PENDING, TransferStatus.FAILED],
                    journal_entry__isnull=True,
                    completed_at__isnull=True,
                ),
            ),
            # For ever, unlike an idempotency key. NULLs are distinct.
            models.UniqueConstraint(
                name="transfers_transfer_reference_is_unique_to_its_maker",
                fields=["created_by", "reference"],
                condition=Q(reference__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["source_owner_id", "created_at", "id"],
                name="transfers_by_source_owner",
            ),
            models.Index(
                fields=["destination_owner_id", "created_at", "id"],
                name="transfers_by_dest_owner",
            ),
            models.Index(
                fields=["source_account", "created_at", "id"],
                name="transfers_by_source_account",
            ),
            models.Index(
                fields=["destination_account", "created_at", "id"],
                name="transfers_by_dest_account",
            ),
            models.Index(fields=["created_at", "id"], name="transfers_by_time"),
            # For the back office, which asks across all makers. An ordinary transfer
            # is in neither of these.
            models.Index(
                fields=["reference"],
                condition=Q(reference__isnull=False),
                name="transfers_by_reference",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status__in=["pending", "failed"]),
                name="transfers_unfinished_by_time",
            ),
            # What was spent, for reports: found by when it was, of one payer or of all,
            # and what was taken back since. No other kind of transfer is in these.
            models.Index(
                fields=["source_owner_id", "completed_at"],
                condition=Q(kind="purchase", status="completed"),
                name="transfers_spent_by_owner",
            ),
            models.Index(
                fields=["completed_at"],
                condition=Q(kind="purchase", status="completed"),
                name="transfers_spent_by_time",
            ),
            models.Index(
                fields=["completed_at"],
                condition=Q(kind="reversal"),
                name="transfers_reversals_by_time",
            ),
        ]
        permissions = [
            ("refund_transfer", "Can refund a transfer"),
            ("reverse_transfer", "Can reverse a transfer"),
            ("force_reversal", "Can reverse a transfer that leaves an account short"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)

    @property
    def destination_amount(self) -> Money:
        return Money.of(self.destination_amount_minor, self.destination_currency)

    @property
    def refunded(self) -> Money:
        return Money.of(self.refunded_minor, self.currency)


def comparable(amount: Money) -> Decimal:
    """An amount in the unit of `Transfer.amount_value`."""
    return amount.amount.scaleb(MOST_DECIMALS)
