"""The database itself refuses to change what happened ..."""

import pytest
from django.db import IntegrityError

from events.models import Event
from events.services import EventDraft, publish_events
from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM
from paycore.testing.attacks import refusal_of
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    draft = EventDraft(type="coat.hung", subject_type="coat", subject_id=new_id())
    publish_events([draft], origin=SYSTEM)
    return Event.objects.get()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events_event SET actor = 'nobody'",
        "UPDATE events_event SET data = '{}' WHERE FALSE",
        "DELETE FROM events_event",
        "DELETE FROM events_event WHERE FALSE",
        "TRUNCATE events_event",
        "TRUNCATE events_event CASCADE",
        "INSERT INTO events_event SELECT * FROM events_event"
        " ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
    ],
)
def test_by_raw_sql(event, sql):
    assert refusal_of(sql) == "events_event_is_append_only"
    assert Event.objects.values().get()["actor"] == "system"


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: Event.objects.update(actor="nobody"),
        lambda event: Event.objects.all().delete(),
    ],
)
def test_by_the_orm(event, change):
    with refused_with(IntegrityError) as error:
        change(event)

    assert violated_constraint(error.value) == "events_event_is_append_only"
    assert Event.objects.get().actor == "system"
