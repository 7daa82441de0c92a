"""What the API itself remembers: answers to requests with an Idempotency-Key."""

import zlib
from typing import Any, Final

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from paycore.lib.times import StatementTime

# The answer to a large batch is several hundred kilobytes: compressed here, it costs a
# quarter of the time that sending and storing it whole would.
COMPRESSED_BEYOND: Final = 2048
# How everything starts that zlib writes at level 1, and no JSON text.
ZLIB_MARK: Final = b"\x78\x01"


def packed(body: bytes) -> bytes:
    """What is stored of a body."""
    return zlib.compress(body, 1) if len(body) > COMPRESSED_BEYOND else body


def unpacked(stored: bytes) -> bytes:
    """The body of what is stored."""
    return zlib.decompress(stored) if stored.startswith(ZLIB_MARK) else stored


class PackedField(models.BinaryField[Any, bytes | None]):
    """Bytes that are whole in Python and, when large, compressed in the database."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else unpacked(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else packed(bytes(value))

    def deconstruct(self) -> Any:
        # To the database it is an ordinary column of bytes.
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.BinaryField", arguments, options


class IdempotencyKey(models.Model):
    """One request that a caller may send again, and what it was answered.

    The row is inserted before the work and completed after it, in one transaction, so
    nobody else ever sees one without an answer.
    """

    principal = models.TextField()
    route = models.TextField()
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.SmallIntegerField(null=True)
    body = PackedField(null=True)
    created_at = models.DateTimeField(db_default=StatementTime(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="api_idempotency_key_is_used_once_per_principal_and_route",
                fields=["principal", "route", "key"],
            ),
            models.CheckConstraint(
                name="api_idempotency_key_has_status_and_body_or_neither",
                condition=Q(status__isnull=True, body__isnull=True)
                | Q(status__isnull=False, body__isnull=False),
            ),
        ]
        indexes = [
            # Rows arrive in the order of time, so a few bytes per block are enough
            # for the purge, and an insert pays nothing for them.
            BrinIndex(
                name="api_idempotency_key_created_at",
                fields=["created_at"],
                pages_per_range=16,
                autosummarize=True,
            )
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.route} {self.key}"
