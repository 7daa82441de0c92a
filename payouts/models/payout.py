"""Payouts: money that leaves, and everything known about whether it has."""

from typing import Final

import pgtrigger
from django.db import models
from django.db.models import F, Q

from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import never_deleted
from payouts.models.life import (
    MOVES,
    UNSETTLED,
    Approval,
    Decision,
    PayoutStatus,
    Step,
)

# `MOVES` as SQL, in an order that does not change.
_MOVES: Final = ", ".join(
    f"('{source}', '{target}')"
    for source, targets in MOVES.items()
    for target in sorted(targets)
)


class Payout(models.Model):
    """An order to send money out of here, and what is known about it.

    The amount is in minor units of the account's currency. `step` and `due_at` say what
    comes next and when. While a worker has the payout, `due_at` is when its lease ends
    and `fence` the number of that lease: from whoever holds an older number, only what
    it knows for certain counts. See Note [A payout is sent once].
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    status = models.CharField(
        max_length=13, choices=PayoutStatus.choices, default=PayoutStatus.PENDING
    )
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Copied from the account, which never changes hands.
    owner_id = models.UUIDField()
    requested_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    beneficiary_name = models.CharField(max_length=140)
    # The whole IBAN, which only a gateway is told; people see the masked one.
    iban_sealed = models.TextField()
    iban_masked = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True, default="")
    reference = models.CharField(max_length=255, null=True)  # noqa: DJ001
    gateway = models.CharField(max_length=20)
    gateway_reference = models.CharField(max_length=255, blank=True, default="")
    failure_code = models.CharField(max_length=50, blank=True, default="")
    hold = models.OneToOneField(
        "ledger.Hold", on_delete=models.PROTECT, related_name="+"
    )
    journal_entry = models.OneToOneField(
        "ledger.JournalEntry", null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Whether risk holds it until a person has looked at it.
    is_held = models.BooleanField(default=False)
    # NULL where two eyes are enough.
    approval = models.CharField(  # noqa: DJ001
        max_length=10, choices=Approval.choices, null=True
    )
    approved_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    approved_at = models.DateTimeField(null=True)
    # How often it was sent, at most.
    attempts = models.IntegerField(default=0)
    # How often its gateway was asked about it since it was last sent.
    questions = models.IntegerField(default=0)
    step = models.CharField(max_length=6, choices=Step.choices, default=Step.SUBMIT)
    due_at = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=80, blank=True, default="")
    fence = models.BigIntegerField(default=0)
    # When it was sent without anybody hearing what became of it.
    unknown_since = models.DateTimeField(null=True)
    decision = models.CharField(  # noqa: DJ001
        max_length=13, choices=Decision.choices, null=True
    )
    decided_by = models.ForeignKey(
        "accounts.User",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    updated_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="payouts_payout_status_is_known",
                condition=Q(status__in=PayoutStatus.values),
            ),
            models.CheckConstraint(
                name="payouts_payout_step_is_known",
                condition=Q(step__in=Step.values),
            ),
            models.CheckConstraint(
                name="payouts_payout_approval_is_known",
                condition=Q(approval__isnull=True) | Q(approval__in=Approval.values),
            ),
            models.CheckConstraint(
                name="payouts_payout_decision_is_known",
                condition=Q(decision__isnull=True, decided_at__isnull=True)
                | Q(
                    # Without this, NULL would be neither right nor wrong, and pass.
                    decision__isnull=False,
                    decision__in=Decision.values,
                    decided_at__isnull=False,
                ),
            ),
            # Whoever reads the table, or an answer made of it, learns no whole IBAN.
            models.CheckConstraint(
                name="payouts_payout_iban_is_masked",
                condition=Q(iban_masked__regex="^[A-Z]{2}[*]+[A-Z0-9]{4}$"),
            ),
            models.CheckConstraint(
                name="payouts_payout_amount_is_positive",
                condition=Q(amount_minor__gt=0),
            ),
            # Moved if and only if it says so.
            models.CheckConstraint(
                name="payouts_payout_is_in_the_books_once_completed",
                condition=Q(
                    status=PayoutStatus.COMPLETED,
                    journal_entry__isnull=False,
                    completed_at__isnull=False,
                )
                | (
                    ~Q(status=PayoutStatus.COMPLETED)
                    & Q(journal_entry__isnull=True, completed_at__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="payouts_payout_past_pending_was_attempted",
                condition=~Q(
                    status__in=[
                        PayoutStatus.PROCESSING,
                        PayoutStatus.COMPLETED,
                        PayoutStatus.MANUAL_REVIEW,
                    ]
                )
                | Q(attempts__gt=0),
            ),
            models.CheckConstraint(
                name="payouts_payout_failed_for_a_reason",
                condition=Q(status=PayoutStatus.FAILED, failure_code__gt="")
                | (~Q(status=PayoutStatus.FAILED) & Q(failure_code="")),
            ),
            # A requester who is not known could be anybody, so nobody is another.
            models.CheckConstraint(
                name="payouts_payout_approver_is_not_its_requester",
                condition=Q(approval__isnull=True, approved_by__isnull=True)
                | Q(approval=Approval.REQUIRED, approved_by__isnull=True)
                | (
                    Q(
                        approval__isnull=False,
                        approval=Approval.APPROVED,
                        approved_by__isnull=False,
                        approved_at__isnull=False,
                        requested_by__isnull=False,
                    )
                    & ~Q(approved_by=F("requested_by"))
                    & ~Q(approved_by=F("owner_id"))
                ),
            ),
            models.CheckConstraint(
                name="payouts_payout_is_sent_only_when_approved",
                condition=Q(approval__isnull=True)
                | Q(approval=Approval.APPROVED)
                | Q(
                    status__in=[
                        PayoutStatus.PENDING,
                        PayoutStatus.CANCELLED,
                        PayoutStatus.FAILED,
                    ],
                    due_at__isnull=True,
                    attempts=0,
                ),
            ),
            # Not behind the back of a person who decides, nor after it is over.
            models.CheckConstraint(
                name="payouts_payout_is_sent_only_before_anybody_decides",
                condition=~Q(step=Step.SUBMIT, due_at__isnull=False)
                | Q(status__in=[PayoutStatus.PENDING, PayoutStatus.PROCESSING]),
            ),
            # Else its funds would be on hold for ever, and nobody would know.
            models.CheckConstraint(
                name="payouts_payout_in_doubt_is_due",
                condition=~Q(
                    status__in=[PayoutStatus.PROCESSING, PayoutStatus.MANUAL_REVIEW]
                )
                | Q(due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="payouts_payout_is_sent_only_when_risk_lets_it",
                condition=Q(is_held=False)
                | Q(
                    status__in=[
                        PayoutStatus.PENDING,
                        PayoutStatus.CANCELLED,
                        PayoutStatus.FAILED,
                    ],
                    due_at__isnull=True,
                    attempts=0,
                ),
            ),
            # For ever, unlike an idempotency key. NULLs are distinct.
            models.UniqueConstraint(
                name="payouts_payout_reference_is_unique_to_its_requester",
                fields=["requested_by", "reference"],
                condition=Q(reference__isnull=False),
            ),
        ]
        indexes = [
            # What workers claim from. A finished payout is not in it, so a million of
            # them cost nothing.
            models.Index(
                fields=["step", "due_at"],
                condition=Q(due_at__isnull=False),
                name="payouts_due",
            ),
            # What waits for a person, or for anything at all.
            models.Index(
                fields=["status", "created_at", "id"],
                condition=Q(status__in=["pending", "processing", "manual_review"]),
                name="payouts_unsettled",
            ),
            models.Index(
                fields=["owner_id", "created_at", "id"], name="payouts_by_owner"
            ),
            models.Index(
                fields=["account", "created_at", "id"], name="payouts_by_account"
            ),
            models.Index(fields=["created_at", "id"], name="payouts_by_time"),
            models.Index(
                fields=["reference"],
                condition=Q(reference__isnull=False),
                name="payouts_by_reference",
            ),
            models.Index(
                fields=["gateway_reference"],
                condition=~Q(gateway_reference=""),
                name="payouts_by_gateway_reference",
            ),
        ]
        triggers = [
            never_deleted("payouts_payout"),
            # What was approved is what is sent: a payout that waits and is changed, by
            # whatever means, needs approval from then on; a sent one cannot be changed.
            pgtrigger.Trigger(
                name="payouts_payout_terms_are_what_was_approved",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
                    "account_id",
                    "owner_id",
                    "requested_by_id",
                    "amount_minor",
                    "currency",
                    "beneficiary_name",
                    "iban_sealed",
                    "iban_masked",
                    "bic",
                    "reference",
                    "gateway",
                    "hold_id",
                ),
                func="""
                    IF (NEW.account_id, NEW.owner_id, NEW.requested_by_id,
                        NEW.amount_minor, NEW.currency, NEW.beneficiary_name,
                        NEW.iban_sealed, NEW.iban_masked, NEW.bic, NEW.reference,
                        NEW.gateway, NEW.hold_id)
                        IS NOT DISTINCT FROM
                       (OLD.account_id, OLD.owner_id, OLD.requested_by_id,
                        OLD.amount_minor, OLD.currency, OLD.beneficiary_name,
                        OLD.iban_sealed, OLD.iban_masked, OLD.bic, OLD.reference,
                        OLD.gateway, OLD.hold_id)
                    THEN
                        RETURN NEW;
                    END IF;
                    IF OLD.status <> 'pending' OR NEW.status <> 'pending' THEN
                        RAISE EXCEPTION 'Payout % is %: its terms are final.',
                            OLD.id, OLD.status
                        USING ERRCODE = 'integrity_constraint_violation',
                              CONSTRAINT = 'payouts_payout_terms_are_final';
                    END IF;
                    NEW.approval := 'required';
                    NEW.approved_by_id := NULL;
                    NEW.approved_at := NULL;
                    NEW.due_at := NULL;
                    RETURN NEW;
                """,
            ),
            # Above all, one that is over is never opened again: it would be sent again,
            # and there is nothing on hold for it.
            pgtrigger.Trigger(
                name="payouts_payout_moves_as_it_may",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),  # type: ignore[no-untyped-call]
                condition=pgtrigger.Q(old__status__df=pgtrigger.F("new__status")),
                func=f"""
                    IF (OLD.status, NEW.status) IN ({_MOVES}) THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'Payout % is %, so it cannot become %.',
                        OLD.id, OLD.status, NEW.status
                    USING ERRCODE = 'integrity_constraint_violation',
                          CONSTRAINT = 'payouts_payout_moves_as_it_may';
                """,
            ),
            # Else whoever may not approve a payout would say that it needs no approval.
            pgtrigger.Trigger(
                name="payouts_payout_needs_approval_for_good",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf(  # type: ignore[no-untyped-call]
                    "approval"
                ),
                condition=pgtrigger.Q(
                    old__approval__isnull=False, new__approval__isnull=True
                ),
                func="""
                    RAISE EXCEPTION 'Payout % needs approval, for good.', OLD.id
                    USING ERRCODE = 'integrity_constraint_violation',
                          CONSTRAINT = 'payouts_payout_needs_approval_for_good';
                """,
            ),
        ]
        permissions = [
            ("approve_payout", "Can approve a payout"),
            ("cancel_payout", "Can cancel a payout"),
            ("ask_about_payout", "Can ask a gateway about a payout"),
            ("resolve_payout", "Can resolve a payout in manual review"),
        ]

    def __str__(self) -> str:
        return f"payout {self.pk}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)

    @property
    def is_unsettled(self) -> bool:
        """Whether its funds are on hold."""
        return self.status in UNSETTLED
