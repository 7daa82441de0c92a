"""The one append-only log of what happened: audit trail, outbox and feed."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func

from paycore.lib.ids import new_id
from paycore.lib.times import StatementTime
from paycore.lib.triggers import append_only


class TransactionId(models.Field[int, int]):
    """PostgreSQL's 64-bit transaction number (`xid8`), which never wraps around."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class CurrentTransactionId(Func):
    function = "pg_current_xact_id"


class Event(models.Model):
    """One thing that happened, written in the transaction in which it happened.

    `xid` gives readers a settled order: events whose transaction is older than every
    running one, then by id. A sequence alone would lose late committers.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    type = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=30)
    subject_id = models.UUIDField()
    # The people whom it concerns, and who may therefore read it.
    owner_ids = ArrayField(models.UUIDField(), default=list)
    actor = models.CharField(max_length=60)
    request_id = models.CharField(max_length=128, blank=True, default="")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=StatementTime())
    xid = TransactionId(db_default=CurrentTransactionId(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["created_at", "id"], name="events_event_by_time"),
            models.Index(fields=["subject_id"], name="events_event_by_subject"),
        ]
        triggers = [append_only("events_event")]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"
