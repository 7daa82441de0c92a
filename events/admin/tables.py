"""Tables of events: of one thing, for its page, and of all, for the first page."""

from typing import Final
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString

from events.models import Event
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    Column,
    Table,
    named_subject_cell,
    newest,
    short_id,
    subject_cell,
)


def events_of_subject(subject_id: UUID) -> Table:
    """What happened to one thing."""
    happened = Event.objects.filter(subject_id=subject_id)
    return Table(
        title="Events",
        columns=(TIME, TYPE, ACTOR, REASON),
        rows=newest(happened.order_by("-created_at", "-pk")),
        links=[all_events_link(subject_id)],
        count="newest first",
    )


@on_first_page(Place.LATEST)
def latest_events() -> Table:
    return Table(
        title="Events",
        columns=(TIME, TYPE, Column("Subject", subject_of), ACTOR, REASON),
        rows=newest(Event.objects.order_by("-created_at", "-pk")),
        links=[link_to_list("events_event", "All events")],
    )


def subject_of(event: Event) -> SafeString:
    """A link to what the event is about."""
    name = format_html("{} {}", event.subject_type, short_id(event.subject_id))
    return subject_cell(event.subject_type, event.subject_id, text=name)


def all_events_link(subject_id: UUID) -> SafeString:
    return link_to_list("events_event", "All events", subject_id=subject_id)


TIME: Final = Column("Time", lambda event: event.created_at)
TYPE: Final = Column(
    "Event", lambda event: link_to("events_event", event.pk, event.type)
)
ACTOR: Final = Column("Actor", lambda event: named_subject_cell(event.actor))
REASON: Final = Column("Reason", lambda event: event.data.get("reason"), is_prose=True)
