"""publish_events ..."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from events.models import Event
from events.selectors import list_subject_events
from events.services import EventDraft, publish_events
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM, Origin
from paycore.testing.races import race


def coat_event(word="hung", subject_id=None, **more):
    return EventDraft(f"coat.{word}", "coat", subject_id or new_id(), **more)


@pytest.mark.django_db
def test_writes_what_happened_who_did_it_and_when():
    owners = (new_id(), new_id())
    draft = coat_event(owner_ids=owners, data={"peg": 7, "note": "It's wet."})
    person = new_id()
    before = datetime.now(UTC)

    publish_events([draft], origin=Origin.of_user(person, request_id="req-1"))

    event = Event.objects.get()
    assert (event.type, event.subject_type) == ("coat.hung", "coat")
    assert event.subject_id == draft.subject_id
    assert event.owner_ids == list(owners)
    assert (event.actor, event.request_id) == (f"user:{person}", "req-1")
    assert event.data == {"peg": 7, "note": "It's wet."}
    assert before <= event.created_at <= datetime.now(UTC)
    assert event.pk.version == 7
    assert str(event) == f"coat.hung {draft.subject_id}"


@pytest.mark.django_db
def test_needs_no_request_and_no_person():
    publish_events([coat_event()], origin=SYSTEM)

    event = Event.objects.get()
    assert (event.actor, event.request_id) == ("system", "")
    assert (event.owner_ids, event.data) == ([], {})


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 1000])
def test_is_one_statement_for_any_number(count, django_assert_num_queries):
    with django_assert_num_queries(1):
        publish_events([coat_event() for _ in range(count)], origin=SYSTEM)

    assert Event.objects.count() == count


@pytest.mark.django_db
def test_keeps_the_order_of_what_happened():
    coat = new_id()
    words = ["hung", "taken", "brushed", "hung", "taken"]

    publish_events([coat_event(word, subject_id=coat) for word in words], origin=SYSTEM)

    assert [event.type for event in list_subject_events(coat)] == [
        f"coat.{word}" for word in words
    ]


@pytest.mark.django_db
def test_lists_the_events_of_one_subject_only():
    mine, another = coat_event(), coat_event()
    publish_events([mine, another], origin=SYSTEM)

    assert [event.subject_id for event in list_subject_events(mine.subject_id)] == [
        mine.subject_id
    ]


@pytest.mark.django_db
def test_notes_the_transaction_in_which_it_happened():
    publish_events([coat_event()], origin=SYSTEM)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM events_event WHERE xid = pg_current_xact_id()"
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_refuses_to_tell_of_nothing_outside_a_transaction():
    with pytest.raises(AssertionError):
        publish_events([coat_event()], origin=SYSTEM)

    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_leaves_nothing_of_what_was_rolled_back():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish_events([coat_event()], origin=SYSTEM)
        assert Event.objects.count() == 1
        raise ZeroDivisionError

    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_lets_readers_wait_for_what_is_still_under_way():
    # Somebody who started earlier commits later: an event's id says when it was made,
    # its transaction whether everything before it has been seen.
    settled = (
        "SELECT count(*) FROM events_event"
        " WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
    )

    def count(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def publish_and_count():
        with transaction.atomic():
            publish_events([coat_event()], origin=SYSTEM)
        return count("SELECT count(*) FROM events_event"), count(settled)

    with transaction.atomic():
        publish_events([coat_event()], origin=SYSTEM)
        seen_meanwhile = race(publish_and_count)

    assert seen_meanwhile == [(1, 0)]
    assert Event.objects.count() == 2
