"""Accounts: what people hold money in."""

from typing import Final

from django.db import models
from django.db.models import Q

from paycore.lib.money import Currency
from paycore.lib.times import StatementTime


class AccountKind(models.TextChoices):
    CUSTOMER = "customer"


class AccountStatus(models.TextChoices):
    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


# The whole life of an account. Statuses without an arrow are final.
ACCOUNT_MOVES: Final[dict[AccountStatus, frozenset[AccountStatus]]] = {
    AccountStatus.ACTIVE: frozenset({AccountStatus.FROZEN, AccountStatus.CLOSED}),
    AccountStatus.FROZEN: frozenset({AccountStatus.ACTIVE, AccountStatus.CLOSED}),
}


class Account(models.Model):
    """Somebody's account in one currency.

    It shares its id with its ledger account, which keeps the currency and the
    balance: one id from the API down to the postings, and nothing to look up before
    a lock is taken.
    """

    ledger_account = models.OneToOneField(
        "ledger.LedgerAccount",
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_column="id",
    )
    owner = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        related_name="accounts",
        db_index=False,
    )
    external_id = models.CharField(max_length=255, null=True)  # noqa: DJ001
    name = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(
        max_length=20, choices=AccountKind.choices, default=AccountKind.CUSTOMER
    )
    status = models.CharField(
        max_length=10, choices=AccountStatus.choices, default=AccountStatus.ACTIVE
    )
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            # NULLs are distinct: an account without one is fine, two of one are not.
            models.UniqueConstraint(
                name="accounts_account_external_id_is_unique_to_its_owner",
                fields=["owner", "external_id"],
            ),
            models.CheckConstraint(
                name="accounts_account_status_is_known",
                condition=Q(status__in=AccountStatus.values),
            ),
            models.CheckConstraint(
                name="accounts_account_kind_is_known",
                condition=Q(kind__in=AccountKind.values),
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "created_at", "ledger_account"],
                name="accounts_account_by_owner",
            ),
            models.Index(
                fields=["created_at", "ledger_account"],
                name="accounts_account_by_time",
            ),
            # For the back office, which asks across all owners.
            models.Index(
                fields=["external_id"],
                condition=Q(external_id__isnull=False),
                name="accounts_by_external_id",
            ),
            models.Index(
                fields=["created_at"],
                condition=~Q(status="active"),
                name="accounts_account_not_active",
            ),
        ]
        permissions = [
            ("freeze_account", "Can freeze and unfreeze accounts"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def currency(self) -> Currency:
        return self.ledger_account.posted.currency
