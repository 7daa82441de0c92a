"""What payment providers told us: each message as it came, each deposit once."""

from django.db import models
from django.db.models import Q

from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only


class InboxMessage(models.Model):
    """A signed message, stored before anything is done about it.

    Append-only: what became of it is in `ProviderDeposit`. The same message may come
    any number of times and is stored once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.CharField(max_length=50)
    message_id = models.CharField(max_length=255)
    body = models.BinaryField()
    received_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="transfers_inbox_message_is_stored_once",
                fields=["provider", "message_id"],
            ),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], name="transfers_inbox_by_time"),
        ]
        triggers = [append_only("transfers_inboxmessage")]

    def __str__(self) -> str:
        return f"{self.provider} {self.message_id}"


class DepositStatus(models.TextChoices):
    PROCESSED = "processed"
    PARKED = "parked"
    RESOLVED = "resolved"


class ProviderDeposit(models.Model):
    """One deposit that a provider announced, whatever the number of messages.

    `parked`: nothing moved, an operator decides where it belongs; `why_parked` says
    what was wrong. `account_id` is only what the provider wrote.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.CharField(max_length=50)
    reference = models.CharField(max_length=255)
    account_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    status = models.CharField(max_length=10, choices=DepositStatus.choices)
    why_parked = models.CharField(max_length=50, blank=True, default="")
    transfer = models.OneToOneField(
        "transfers.Transfer", null=True, on_delete=models.PROTECT, related_name="+"
    )
    message = models.ForeignKey(
        InboxMessage, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="transfers_provider_deposit_is_made_once",
                fields=["provider", "reference"],
            ),
            models.CheckConstraint(
                name="transfers_provider_deposit_status_is_known",
                condition=Q(status__in=DepositStatus.values),
            ),
            models.CheckConstraint(
                name="transfers_provider_deposit_amount_is_positive",
                condition=Q(amount_minor__gt=0),
            ),
            models.CheckConstraint(
                name="transfers_provider_deposit_has_moved_unless_parked",
                condition=Q(status=DepositStatus.PARKED, transfer__isnull=True)
                | (~Q(status=DepositStatus.PARKED) & Q(transfer__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"], name="transfers_deposits_by_time"
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status="parked"),
                name="transfers_deposits_parked",
            ),
        ]
        permissions = [
            ("resolve_deposit", "Can decide where a parked deposit belongs"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.reference}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)
