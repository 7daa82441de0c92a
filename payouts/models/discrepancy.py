"""Where a gateway says something else than what the books say."""

from django.db import models
from django.db.models import Q

from paycore.lib.ids import new_id
from paycore.lib.times import StatementTime
from paycore.lib.triggers import never_deleted


class DiscrepancyStatus(models.TextChoices):
    """`corrected` moved money, by a person's order; `dismissed` did not."""

    OPEN = "open"
    CORRECTED = "corrected"
    DISMISSED = "dismissed"


class Claim(models.TextChoices):
    """What the gateway says, against what the payout is."""

    EXECUTED = "executed"
    DECLINED = "declined"


class PayoutDiscrepancy(models.Model):
    """A gateway's word against a payout that has ended otherwise.

    `declined` is also what it has never heard of, long after a person said that it was
    sent.

    Nothing moves because of it until a person says so. A gateway that repeats itself
    raises no other one, also after a person has dismissed it; one that changes its mind
    does.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payout = models.ForeignKey(
        "payouts.Payout", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    claim = models.CharField(max_length=8, choices=Claim.choices)
    gateway_reference = models.CharField(max_length=255, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(
        max_length=9, choices=DiscrepancyStatus.choices, default=DiscrepancyStatus.OPEN
    )
    journal_entry = models.OneToOneField(
        "ledger.JournalEntry", null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        verbose_name_plural = "payout discrepancies"
        constraints = [
            models.CheckConstraint(
                name="payouts_discrepancy_claim_is_known",
                condition=Q(claim__in=Claim.values),
            ),
            models.CheckConstraint(
                name="payouts_discrepancy_status_is_known",
                condition=Q(status__in=DiscrepancyStatus.values),
            ),
            # Moved if and only if it says so.
            models.CheckConstraint(
                name="payouts_discrepancy_is_in_the_books_once_corrected",
                condition=Q(
                    status=DiscrepancyStatus.CORRECTED,
                    journal_entry__isnull=False,
                    closed_at__isnull=False,
                )
                | Q(
                    status=DiscrepancyStatus.DISMISSED,
                    journal_entry__isnull=True,
                    closed_at__isnull=False,
                )
                | Q(
                    status=DiscrepancyStatus.OPEN,
                    journal_entry__isnull=True,
                    closed_at__isnull=True,
                ),
            ),
            models.UniqueConstraint(
                name="payouts_discrepancy_is_raised_once",
                fields=["payout", "claim"],
                condition=Q(status="open"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                condition=Q(status="open"),
                name="payouts_discrepancy_open",
            ),
            models.Index(
                fields=["created_at", "id"], name="payouts_discrepancy_by_time"
            ),
            models.Index(
                fields=["payout", "claim"], name="payouts_discrepancy_by_payout"
            ),
        ]
        triggers = [never_deleted("payouts_payoutdiscrepancy")]
        permissions = [
            ("correct_payoutdiscrepancy", "Can correct the books of a payout"),
            ("dismiss_payoutdiscrepancy", "Can dismiss what a gateway said"),
            ("force_correction", "Can correct a payout that leaves an account short"),
        ]

    def __str__(self) -> str:
        return f"payout {self.payout_id}: {self.claim}"
