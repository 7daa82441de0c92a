"""API keys: how servers act in the name of a person."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from paycore.lib.ids import new_id
from paycore.lib.roles import Scope
from paycore.lib.times import StatementTime

# A SHA-256.
DIGEST_LENGTH: Final = 32


class ApiKey(models.Model):
    """A key that somebody made. The secret itself is never stored, only its digest.

    `prefix` is its first characters, by which people tell their keys apart. A key acts
    within its scopes, and never beyond the role that its person has at that moment.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.BinaryField(max_length=DIGEST_LENGTH)
    scopes = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(
                name="accounts_apikey_digest_is_unique", fields=["digest"]
            ),
            models.CheckConstraint(
                name="accounts_apikey_scopes_are_known",
                condition=Q(scopes__contained_by=[scope.value for scope in Scope]),
            ),
            models.CheckConstraint(
                name="accounts_apikey_has_a_scope", condition=Q(scopes__len__gt=0)
            ),
            models.CheckConstraint(
                name="accounts_apikey_expires_later",
                condition=Q(expires_at__isnull=True)
                | Q(expires_at__gt=F("created_at")),
            ),
        ]
        indexes = [
            # The owner's list, newest first.
            models.Index(
                fields=["user", "created_at", "id"],
                condition=Q(revoked_at__isnull=True),
                name="accounts_apikey_by_user",
            ),
            # The back office's list.
            models.Index(fields=["created_at", "id"], name="accounts_apikey_by_time"),
        ]
        permissions = [
            ("revoke_apikey", "Can revoke API keys"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
