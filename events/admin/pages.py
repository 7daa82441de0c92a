"""The pages of events: who did what to what, when, and why."""

from collections.abc import Sequence

from django.contrib import admin
from django.utils.safestring import SafeString

from events.admin.tables import (
    actor_of,
    events_of_subject,
    name_people,
    people_of,
    subject_of,
)
from events.models import Event
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table


@admin.register(Event)
class EventPages(Pages[Event]):
    list_display = ("type", "subject", "shown_actor", "request_id", "created_at")
    list_filter = (
        exact_filter("type", title="type"),
        exact_filter("subject_type", title="kind of subject"),
        exact_filter("subject_id", title="subject id"),
        exact_filter("actor", title="actor"),
    )
    search_fields = ("=id", "=subject_id")
    search_help_text = "The whole id of the event or of its subject"
    date_hierarchy = "created_at"
    slow_filters = frozenset({"type", "subject_type", "actor"})
    ordering = ("-created_at", "-id")
    fields = (
        ("type", "created_at"),
        ("subject", "subject_id"),
        ("shown_actor", "actor"),
        "request_id",
        "concerns",
        "data",
        "id",
    )
    readonly_fields = (
        *("type", "created_at", "subject", "subject_id", "shown_actor", "actor"),
        *("request_id", "concerns", "data", "id"),
    )

    @admin.display(description="subject")
    def subject(self, event: Event) -> SafeString:
        return subject_of(event)

    @admin.display(description="by")
    def shown_actor(self, event: Event) -> SafeString:
        return actor_of(event)

    @admin.display(description="people concerned")
    def concerns(self, event: Event) -> SafeString:
        return people_of(event)

    def prepare(self, rows: Sequence[Event]) -> None:
        name_people(rows)

    def tables(self, row: Event) -> list[Table]:
        return [events_of_subject(row.subject_id)]
