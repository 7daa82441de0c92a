"""Reads of the log."""

from uuid import UUID

from django.db.models import QuerySet

from events.models import Event


def list_subject_events(subject_id: UUID) -> QuerySet[Event]:
    """What happened to one thing, oldest first."""
    return Event.objects.filter(subject_id=subject_id).order_by("created_at", "pk")
