"""Writing down what happened. Nothing is sent from here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from events.models import Event
from paycore.lib.ids import new_id
from paycore.lib.origin import Origin
from paycore.lib.rows import insert_rows


@dataclass(frozen=True, slots=True)
class EventDraft:
    """`type` is dotted past tense: `transfer.completed`."""

    type: str
    subject_type: str
    subject_id: UUID
    owner_ids: tuple[UUID, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


def publish_events(drafts: Sequence[EventDraft], *, origin: Origin) -> None:
    """Write events into the caller's transaction, all by one INSERT.

    Raises: `AssertionError` outside a transaction: an event without the change it
    tells of, or the other way round, would be a lie.
    """
    assert connection.in_atomic_block, "Publish in the transaction that changes."
    insert_rows(
        Event,
        {
            "id": [new_id() for _ in drafts],
            "type": [draft.type for draft in drafts],
            "subject_type": [draft.subject_type for draft in drafts],
            "subject_id": [draft.subject_id for draft in drafts],
            "owner_ids": [draft.owner_ids for draft in drafts],
            "actor": [origin.actor] * len(drafts),
            "request_id": [origin.request_id] * len(drafts),
            "data": [draft.data for draft in drafts],
        },
    )
