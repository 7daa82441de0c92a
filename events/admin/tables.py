"""Tables of events: of one thing, for its page, and of all, for the first page."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from events.models import Event
from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    NO_NAMES,
    Column,
    Table,
    find_names,
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
        rows=_newest(happened),
        links=[all_events_link(subject_id)],
        count="newest first",
    )


@on_first_page(Place.LATEST)
def latest_events() -> Table:
    return Table(
        title="Events",
        columns=(TIME, TYPE, Column("Subject", subject_of), ACTOR, REASON),
        rows=_newest(Event.objects.all()),
        links=[link_to_list("events_event", "All events")],
    )


def name_people(events: Sequence[Event]) -> None:
    """Let these events tell of people by name, not by key."""
    actors = [event.actor for event in events]
    owners = [f"user:{owner_id}" for event in events for owner_id in event.owner_ids]
    names = find_names([*actors, *owners])
    for event in events:
        event.names = names  # type: ignore[attr-defined]


def actor_of(event: Event) -> SafeString:
    """A link to who did it."""
    return _person_cell(event, event.actor)


def people_of(event: Event) -> SafeString:
    """Links to the people whom it concerns."""
    links = ((_person_cell(event, f"user:{key}"),) for key in event.owner_ids)
    return format_html_join(", ", "{}", links)


def subject_of(event: Event) -> SafeString:
    """A link to what the event is about."""
    name = format_html("{} {}", event.subject_type, short_id(event.subject_id))
    return subject_cell(event.subject_type, event.subject_id, text=name)


def all_events_link(subject_id: UUID) -> SafeString:
    return link_to_list("events_event", "All events", subject_id=subject_id)


def _newest(events: QuerySet[Event]) -> list[Event]:
    found = newest(events.order_by("-created_at", "-pk"))
    name_people(found)
    return found


def _person_cell(event: Event, name: str) -> SafeString:
    return named_subject_cell(name, getattr(event, "names", NO_NAMES))


TIME: Final = Column("Time", lambda event: event.created_at)
TYPE: Final = Column(
    "Event", lambda event: link_to("events_event", event.pk, event.type)
)
ACTOR: Final = Column("By", actor_of)
# A person gives a reason, a rule says why.
REASON: Final = Column(
    "Reason",
    lambda event: event.data.get("reason") or event.data.get("why"),
    is_prose=True,
)
