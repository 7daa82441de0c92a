"""SEPA: the files that we gave to a bank, and those in which it answered."""

from typing import Final

from django.db import models
from django.db.models import Q

from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only, never_deleted


class SepaFile(models.Model):
    """A credit transfer file, written once and given to the bank once.

    `content_sealed` is the whole document, sealed for the IBANs in it. `staged_at` and
    `delivered_at` are the two steps of Note [A file appears once].
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # What the bank calls the file, and tells two deliveries of one file by.
    message_id = models.CharField(max_length=35)
    content_sealed = models.TextField()
    payments = models.IntegerField()
    total_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    staged_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "SEPA file"
        constraints = [
            models.UniqueConstraint(
                name="payouts_sepa_file_message_id_is_unique", fields=["message_id"]
            ),
            models.CheckConstraint(
                name="payouts_sepa_file_pays_something",
                condition=Q(payments__gt=0, total_minor__gt=0),
            ),
            models.CheckConstraint(
                name="payouts_sepa_file_was_staged_before_it_was_delivered",
                condition=Q(delivered_at__isnull=True) | Q(staged_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="payouts_sepa_file_by_time"),
            models.Index(
                fields=["created_at"],
                condition=Q(delivered_at__isnull=True),
                name="payouts_sepa_file_undelivered",
            ),
        ]
        triggers = [never_deleted("payouts_sepafile")]

    def __str__(self) -> str:
        return f"SEPA file {self.message_id}"

    @property
    def total(self) -> Money:
        return Money.of(self.total_minor, self.currency)


class InstructionStatus(models.TextChoices):
    """What the bank has said of a payment, `sent` being nothing yet.

    `accepted`: it has the order. `executed`: our account was debited. `returned`: it
    was, and the money came back. `cancelled`: it is in no file and never will be.
    """

    SENT = "sent"
    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    RETURNED = "returned"
    CANCELLED = "cancelled"


# What a bank may still say after what it has said. Anything else is old news: files
# come late and more than once, and one booking is told by several of them. A bank may
# take back a rejection or an execution; whether the payout can follow is not decided
# here, so what the bank said last is kept.
INSTRUCTION_MOVES: Final[dict[InstructionStatus, frozenset[InstructionStatus]]] = {
    InstructionStatus.SENT: frozenset(
        {
            InstructionStatus.ACCEPTED,
            InstructionStatus.EXECUTED,
            InstructionStatus.REJECTED,
            InstructionStatus.RETURNED,
        }
    ),
    InstructionStatus.ACCEPTED: frozenset(
        {
            InstructionStatus.EXECUTED,
            InstructionStatus.REJECTED,
            InstructionStatus.RETURNED,
        }
    ),
    InstructionStatus.EXECUTED: frozenset(
        {InstructionStatus.REJECTED, InstructionStatus.RETURNED}
    ),
    InstructionStatus.REJECTED: frozenset(
        {InstructionStatus.EXECUTED, InstructionStatus.RETURNED}
    ),
    InstructionStatus.RETURNED: frozenset(),
    InstructionStatus.CANCELLED: frozenset(),
}


class SepaInstruction(models.Model):
    """One payout in one file, or ruled out of all: what makes it be sent at most once.

    The amount is that of the file, so that the bank's word can be held against it.
    """

    payout = models.ForeignKey(
        "payouts.Payout", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    file = models.ForeignKey(
        SepaFile, null=True, on_delete=models.PROTECT, related_name="instructions"
    )
    end_to_end_id = models.CharField(max_length=35)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    status = models.CharField(
        max_length=9,
        choices=InstructionStatus.choices,
        default=InstructionStatus.SENT,
    )
    # Of a rejection or a return, as the bank wrote it: `AC04`.
    reason_code = models.CharField(max_length=35, blank=True, default="")
    updated_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        verbose_name = "SEPA instruction"
        constraints = [
            models.UniqueConstraint(
                name="payouts_sepa_instruction_is_in_one_file_for_ever",
                fields=["payout"],
            ),
            models.UniqueConstraint(
                name="payouts_sepa_instruction_end_to_end_id_is_unique",
                fields=["end_to_end_id"],
            ),
            models.CheckConstraint(
                name="payouts_sepa_instruction_status_is_known",
                condition=Q(status__in=InstructionStatus.values),
            ),
            models.CheckConstraint(
                name="payouts_sepa_instruction_is_in_a_file_unless_cancelled",
                condition=Q(status=InstructionStatus.CANCELLED, file__isnull=True)
                | (~Q(status=InstructionStatus.CANCELLED) & Q(file__isnull=False)),
            ),
            models.CheckConstraint(
                name="payouts_sepa_instruction_amount_is_positive",
                condition=Q(amount_minor__gt=0),
            ),
        ]
        triggers = [never_deleted("payouts_sepainstruction")]

    def __str__(self) -> str:
        return f"SEPA instruction {self.end_to_end_id}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)


class BankFileKind(models.TextChoices):
    """Which ISO 20022 message it is.

    A report on our orders, on our account within the day, a statement, or a notice.
    """

    STATUS_REPORT = "pain.002"
    ACCOUNT_REPORT = "camt.052"
    STATEMENT = "camt.053"
    NOTIFICATION = "camt.054"


class BankFile(models.Model):
    """A file that the bank answered with, and what became of it.

    Append-only, and unique by content whatever its name: each is applied once. The
    counts are of statements about payments of ours.
    """

    # SHA-256 of the content, in hex.
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=BankFileKind.choices)
    imported_by = models.CharField(max_length=100)
    imported_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    applied = models.IntegerField()
    unchanged = models.IntegerField()
    unmatched = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="payouts_bank_file_is_applied_once", fields=["digest"]
            ),
            models.CheckConstraint(
                name="payouts_bank_file_kind_is_known",
                condition=Q(kind__in=BankFileKind.values),
            ),
        ]
        indexes = [
            models.Index(
                fields=["imported_at", "id"], name="payouts_bank_file_by_time"
            ),
        ]
        triggers = [append_only("payouts_bankfile")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:12]}"
