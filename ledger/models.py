"""The books: double entry, append-only. Knows codes and currencies, no people.

Amounts are minor units; credit is positive, debit negative.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest

from paycore.lib.ids import new_id
from paycore.lib.money import Money
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only, never_deleted


class LedgerAccount(models.Model):
    """One balance in one currency. The only hot row, so it is narrow on purpose.

    `floor_minor` is the lowest `posted - held` allowed: 0 for customers, minus the
    overdraft limit, NULL for house accounts. `shortfall_minor` is how far below its
    floor a forced reversal has taken it; it shrinks as money comes in. Only the posting
    engine moves balances. `is_frozen` and `is_closed` are here, and not with the people
    who decide them, so that whoever has the lock knows them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=100, editable=False)
    currency = models.CharField(max_length=12, editable=False)
    posted_minor = models.BigIntegerField(default=0, editable=False)
    held_minor = models.BigIntegerField(default=0, editable=False)
    floor_minor = models.BigIntegerField(null=True, default=0, editable=False)
    shortfall_minor = models.BigIntegerField(default=0, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    is_frozen = models.BooleanField(default=False, editable=False)
    is_closed = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            # Not `unique=True`: that would add a second, LIKE-only index.
            models.UniqueConstraint(
                name="ledger_account_code_is_unique", fields=["code"]
            ),
            # What the composite foreign keys of postings and holds refer to.
            models.UniqueConstraint(
                name="ledger_account_has_one_currency", fields=["id", "currency"]
            ),
            models.CheckConstraint(
                name="ledger_account_is_not_overdrawn",
                condition=Q(floor_minor__isnull=True)
                | Q(
                    posted_minor__gte=F("floor_minor")
                    + F("held_minor")
                    - F("shortfall_minor")
                ),
            ),
            # So that no shortfall prepared beforehand can let an account go lower.
            models.CheckConstraint(
                name="ledger_account_shortfall_is_what_is_lacking",
                condition=Q(
                    shortfall_minor=Greatest(
                        Value(0),
                        Coalesce(
                            F("floor_minor") - F("posted_minor") + F("held_minor"),
                            Value(0),
                        ),
                        output_field=models.BigIntegerField(),
                    )
                ),
            ),
            models.CheckConstraint(
                name="ledger_account_held_is_not_negative",
                condition=Q(held_minor__gte=0),
            ),
            models.CheckConstraint(
                name="ledger_account_closed_is_empty",
                condition=Q(is_closed=False) | Q(posted_minor=0, held_minor=0),
            ),
        ]
        triggers = [
            never_deleted("ledger_account"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def posted(self) -> Money:
        return Money.of(self.posted_minor, self.currency)

    @property
    def held(self) -> Money:
        return Money.of(self.held_minor, self.currency)

    @property
    def available(self) -> Money:
        return self.posted - self.held


class JournalEntry(models.Model):
    """A balanced set of postings, written once and never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=30)
    description = models.CharField(max_length=500, blank=True, default="")
    effective_at = models.DateTimeField(db_default=StatementTime())
    created_at = models.DateTimeField(db_default=StatementTime())
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="+"
    )
    metadata = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["created_at", "id"], name="ledger_entry_by_time"),
        ]
        triggers = [append_only("ledger_journalentry")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Posting(models.Model):
    """One signed line of an entry, with the balance that the account had after it.

    (account, currency) is a composite foreign key to the account, so a posting can
    never be in another currency than its account; see migration 0002, `composite
    foreign keys`. It replaces the plain one: each would cost a look-up per row.
    """

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="postings"
    )
    account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
        db_index=False,
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=12)
    balance_after_minor = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=StatementTime())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="ledger_posting_amount_is_not_zero",
                condition=~Q(amount_minor=0),
            ),
        ]
        indexes = [
            # Serves an account's entries, its statement, and its balance as of a time.
            models.Index(
                fields=["account", "created_at", "id"],
                name="ledger_posting_by_account",
            ),
        ]
        triggers = [
            append_only("ledger_posting"),
            # Once per statement over all rows just inserted, so its cost does not
            # grow with the number of statements an entry would otherwise need. An
            # entry's postings arrive in one INSERT; later ones would rewrite history.
            pgtrigger.Trigger(
                name="ledger_entry_is_balanced",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_postings"),  # type: ignore[no-untyped-call]
                func="""
                    IF EXISTS (
                        SELECT 1 FROM new_postings
                        GROUP BY entry_id, currency HAVING sum(amount_minor) <> 0
                    ) THEN
                        RAISE EXCEPTION
                            'The postings of an entry must sum to zero per currency.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'ledger_entry_sums_to_zero';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM new_postings GROUP BY entry_id HAVING count(*) < 2
                    ) THEN
                        RAISE EXCEPTION 'An entry has at least two postings.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'ledger_entry_has_two_postings';
                    END IF;
                    IF (
                        SELECT count(*) FROM ledger_posting
                        WHERE entry_id IN (SELECT entry_id FROM new_postings)
                    ) <> (SELECT count(*) FROM new_postings) THEN
                        RAISE EXCEPTION 'An entry gets all its postings at once.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'ledger_entry_is_written_once';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"posting {self.pk}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)

    @property
    def balance_after(self) -> Money:
        return Money.of(self.balance_after_minor, self.currency)

    @property
    def balance_before(self) -> Money:
        return self.balance_after - self.amount


class HoldStatus(models.TextChoices):
    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"


class Hold(models.Model):
    """Funds of an account that are promised and cannot be spent otherwise.

    `owner` names the order it belongs to, e.g. `payout:<uuid>`. What a partial capture
    leaves over is released with it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(
        LedgerAccount,
        on_delete=models.PROTECT,
        related_name="holds",
        db_constraint=False,
        db_index=False,
    )
    amount_minor = models.BigIntegerField()
    captured_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=12)
    reason = models.CharField(max_length=200)
    owner = models.CharField(max_length=100)
    status = models.CharField(
        max_length=10, choices=HoldStatus.choices, default=HoldStatus.OPEN
    )
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=StatementTime())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="ledger_hold_amount_is_positive", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="ledger_hold_status_is_known",
                condition=Q(status__in=HoldStatus.values),
            ),
            models.CheckConstraint(
                name="ledger_hold_captures_at_most_its_amount",
                condition=Q(captured_minor__gte=0)
                & Q(captured_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="ledger_hold_captured_something_if_captured",
                condition=Q(status=HoldStatus.CAPTURED, captured_minor__gt=0)
                | (~Q(status=HoldStatus.CAPTURED) & Q(captured_minor=0)),
            ),
            models.CheckConstraint(
                name="ledger_hold_has_ended_unless_open",
                condition=Q(status=HoldStatus.OPEN, ended_at__isnull=True)
                | (~Q(status=HoldStatus.OPEN) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            # All of an account's holds, most of which have ended; the next one finds
            # the few that are open.
            models.Index(
                fields=["account", "created_at", "id"], name="ledger_hold_by_account"
            ),
            models.Index(
                fields=["account"],
                condition=Q(status="open"),
                name="ledger_hold_open_by_account",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="open"),
                name="ledger_hold_open_by_expiry",
            ),
        ]
        triggers = [
            never_deleted("ledger_hold"),
            # An ended hold is history, like an entry.
            pgtrigger.Trigger(
                name="ledger_hold_ends_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=["captured", "released"]),
                func="""
                    RAISE EXCEPTION 'A hold that has ended never changes.'
                        USING ERRCODE = 'check_violation',
                              CONSTRAINT = 'ledger_hold_ends_once';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"

    @property
    def amount(self) -> Money:
        return Money.of(self.amount_minor, self.currency)
