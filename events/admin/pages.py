"""The pages of events: who did what to what, when, and why."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from events.admin.tables import events_of_subject, subject_of
from events.models import Event
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Table, named_subject_cell, subject_cell


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
        return named_subject_cell(event.actor)

    @admin.display(description="people concerned")
    def concerns(self, event: Event) -> SafeString:
        links = ((subject_cell("user", owner_id),) for owner_id in event.owner_ids)
        return format_html_join(", ", "{}", links)

    def tables(self, row: Event) -> list[Table]:
        return [events_of_subject(row.subject_id)]
