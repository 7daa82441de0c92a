"""The back office: the log of who did what to what."""

import pytest

from events.models import Event
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office

pytestmark = pytest.mark.django_db
EVENTS = "events_event"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def event(pay, ada, ada_usd, grace_usd):
    transfer = pay(ada, ada_usd, grace_usd, "1.50", reference="invoice-7")
    return Event.objects.get(subject_id=transfer.pk)


def test_the_list_says_who_did_what_to_what(office, ada, event):
    seen = office.see(EVENTS)

    assert "transfer.completed" in seen
    assert f'href="{address_of("transfers_transfer", event.subject_id)}"' in seen
    assert f'href="{address_of("accounts_user", ada.id)}"' in seen
    assert ada.user.email in seen


def test_an_event_leads_to_its_subject_actor_and_people(office, ada, grace, event):
    seen = office.see(EVENTS, event)

    for link in [
        address_of("transfers_transfer", event.subject_id),
        address_of("accounts_user", ada.id),
        address_of("accounts_user", grace.id),
        f"{address_of(EVENTS)}?subject_id={event.subject_id}",
    ]:
        assert f'href="{link}"' in seen
    assert "invoice-7" in seen


def test_events_are_found_by_whole_ids_and_filtered(office, ada, event):
    assert office.found(EVENTS, q=str(event.pk)) == 1
    assert office.found(EVENTS, q=str(event.subject_id)) == 1
    assert office.found(EVENTS, q=str(new_id())) == 0
    assert office.found(EVENTS, q="transfer.completed") == 0
    assert office.found(EVENTS, subject_id=str(event.subject_id)) == 1
    assert office.found(EVENTS, type="transfer.completed") == 3
    assert office.found(EVENTS, subject_type="account") == 2
    assert office.found(EVENTS, actor=f"user:{ada.id}") == 1


def test_pages_take_as_many_statements_whatever_there_is(
    office, ada, ada_usd, account_of, pay, event
):
    # Three are the session, the person and their groups; a list counts, reads its
    # rows and the names of the actors, and asks twice for the first and the last day.
    # A page reads its row, all events of its subject, and the actors of both.
    assert office.count_statements(EVENTS) == 8
    assert office.count_statements(EVENTS, event) == 7

    for number in range(8):
        friend = enter(f"friend-{number}")
        account = account_of(friend, "USD", "5.00")
        pay(friend, account, ada_usd, "1.00")

    assert office.count_statements(EVENTS) == 8
    assert office.count_statements(EVENTS, event) == 7


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, event, nothing_moves):
    office = enter_office(request.getfixturevalue(role))

    with nothing_moves():
        answers = office.attempts_to_edit(EVENTS, event)

    assert [answer.status_code for answer in answers] == [403] * 5
