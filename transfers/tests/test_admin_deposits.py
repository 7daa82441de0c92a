"""The back office: deposits that providers announced, above all the parked ones."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import close_account, freeze_account, unfreeze_account
from events.models import Event
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, button_of, enter_office
from transfers.models import ProviderDeposit
from transfers.tests.inbox import announce
from transfers.tests.movements import house_holds, state_of

pytestmark = pytest.mark.django_db
DEPOSITS = "transfers_providerdeposit"
BUTTONS = ["post_to_account", "post_to_suspense"]
UNKNOWN = "01a1f758-c65a-7758-9758-d04d00000000"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def parked(db):
    """15.00 USD for an account that there is not."""
    return announce(new_id())


def outcome_of(deposit):
    deposit.refresh_from_db()
    return deposit.status, deposit.transfer_id is not None


def waiting_since(deposit, **ago):
    since = datetime.now(UTC) - timedelta(**ago)
    ProviderDeposit.objects.filter(pk=deposit.pk).update(created_at=since)


def test_the_list_says_what_and_why(office, parked):
    waiting_since(parked, days=3, minutes=1)

    seen = office.see(DEPOSITS)

    assert "wire-1" in seen
    assert "15.00 USD" in seen
    assert "There is no such account" in seen
    assert "3\N{NO-BREAK SPACE}days" in seen


@pytest.mark.parametrize(
    ("stop", "why"),
    [
        (freeze_account, "The account is frozen or closed"),
        (close_account, "The account is frozen or closed"),
    ],
)
def test_the_page_shows_the_account_that_was_announced(
    office, operator, ada, account_of, stop, why
):
    account = account_of(ada)
    stop(account_id=account.pk, reason="Odd", origin=operator.origin)
    deposit = announce(account.pk)

    seen = office.see(DEPOSITS, deposit)

    assert why in seen
    assert f'href="{address_of("accounts_account", account)}"' in seen
    assert f'href="{address_of("transfers_inboxmessage", deposit.message_id)}"' in seen
    assert ada.user.email in seen
    assert "deposit.parked" in seen
    assert "account_not_active" in seen


def test_the_page_of_an_unknown_account_says_so(office, parked):
    assert "There is no account with this id." in office.see(DEPOSITS, parked)


def test_an_event_of_a_deposit_leads_to_its_page(office, parked):
    event = Event.objects.get(type="deposit.parked")

    assert f'href="{address_of(DEPOSITS, parked)}"' in office.see("events_event", event)


def test_deposits_are_found_by_whole_id_reference_and_transfer(office, ada_usd, parked):
    made = announce(ada_usd.pk, reference="Wire-2")

    for term in (str(made.pk), "Wire-2", str(made.transfer_id)):
        assert office.found(DEPOSITS, q=term) == 1, term
    for term in ("wire", "wire-2", "%", "'", str(new_id()), "x" * 999):
        assert office.found(DEPOSITS, q=term) == 0, term
    assert office.found(DEPOSITS, status__exact="parked") == 1
    assert office.found(DEPOSITS, status__exact="processed") == 1


def test_the_queue_begins_with_the_longest_wait(office, parked):
    second = announce(new_id(), reference="wire-2")
    waiting_since(parked, hours=1)
    waiting_since(second, hours=2)

    def order_of(**query):
        return re.findall(r">(wire-\d)<", office.see(DEPOSITS, **query))

    assert order_of(status__exact="parked") == ["wire-2", "wire-1"]
    assert order_of() == ["wire-1", "wire-2"]


def test_the_first_page_counts_the_parked_ones(office, ada_usd):
    assert "Parked deposits" in office.see("index")
    for number in range(12):
        waiting_since(announce(new_id(), reference=f"wire-{number}"), days=12 - number)
    announce(ada_usd.pk, reference="processed-1")

    seen = office.see("index")

    assert "12, the oldest for 1\N{NO-BREAK SPACE}week, 5\N{NO-BREAK SPACE}days" in seen
    assert [f">wire-{number}</a>" in seen for number in range(12)] == [
        *(number < 10 for number in range(12))
    ]
    assert ">processed-1</a>" not in seen


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_posting_to_the_account_once_it_can_receive(
    who, request, operator, ada, account_of
):
    player = request.getfixturevalue(who)
    office = enter_office(player)
    account = account_of(ada)
    freeze_account(account_id=account.pk, reason="Odd", origin=operator.origin)
    deposit = announce(account.pk)
    unfreeze_account(account_id=account.pk, reason="Fine", origin=operator.origin)

    # The id of the account stays as the provider wrote it.
    told = office.order(DEPOSITS, deposit, "post_to_account", "Explained")

    assert "15.00 USD is posted to the account." in told
    assert outcome_of(deposit) == ("resolved", True)
    assert state_of(account)[0] == "15.00"
    event = Event.objects.get(type="deposit.resolved")
    assert (event.actor, event.data["reason"]) == (f"user:{player.id}", "Explained")
    assert address_of("transfers_transfer", deposit.transfer_id) in told


def test_posting_to_another_account(office, parked, ada_usd):
    form = office.client.get(button_of(DEPOSITS, parked, "post_to_account"))
    assert form.context["form"].initial["account_id"] == parked.account_id
    assert "The whole id of an account in USD." in form.content.decode()

    office.order(
        DEPOSITS, parked, "post_to_account", "Says the bank", account_id=ada_usd.pk
    )

    assert outcome_of(parked) == ("resolved", True)
    assert state_of(ada_usd)[0] == "1015.00"
    assert parked.transfer.description == "Says the bank"


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_posting_to_suspense(who, request, parked):
    office = enter_office(request.getfixturevalue(who))

    told = office.order(DEPOSITS, parked, "post_to_suspense", "Nobody knows")

    assert "15.00 USD is posted to suspense." in told
    assert outcome_of(parked) == ("resolved", True)
    assert house_holds("house:suspense:USD") == "15.00"
    assert ">15.00 USD</a>" in office.see("index")


@pytest.mark.parametrize(
    ("account_id", "told"),
    [
        ("", "This field is required."),
        ("nonsense", "Enter the whole id of an account."),
        ("<script>alert(1)</script>", "Enter the whole id of an account."),
        ("9" * 5000, "Enter the whole id of an account."),
        ("a\x00", "Enter the whole id of an account."),
        (UNKNOWN, "There is no such account"),
    ],
)
def test_a_wrong_account_is_refused_at_the_field(
    office, parked, account_id, told, nothing_moves
):
    address = button_of(DEPOSITS, parked, "post_to_account")
    sent = {"reason": "Says the bank", "account_id": account_id}

    with nothing_moves():
        response = office.client.post(address, sent)

    assert response.status_code == 200
    [error] = response.context["form"].errors["account_id"]
    assert told in error
    assert "<script>alert" not in response.content.decode()
    assert outcome_of(parked) == ("parked", False)


def test_an_account_that_cannot_receive_is_refused_at_the_field(
    office, operator, parked, ada, grace_eur, account_of, nothing_moves
):
    frozen = account_of(ada)
    freeze_account(account_id=frozen.pk, reason="Odd", origin=operator.origin)
    address = button_of(DEPOSITS, parked, "post_to_account")

    with nothing_moves():
        for account, told in [
            (grace_eur, "The account is in EUR, not in USD."),
            (frozen, "The account is frozen"),
        ]:
            sent = {"reason": "Says the bank", "account_id": account.pk}
            response = office.client.post(address, sent)
            [error] = response.context["form"].errors["account_id"]
            assert told in error


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_a_reason_is_mandatory(office, parked, button, reason, nothing_moves):
    address = button_of(DEPOSITS, parked, button)
    sent = {"reason": reason, "account_id": parked.account_id}

    with nothing_moves():
        response = office.client.post(address, sent)

    assert list(response.context["form"].errors) == ["reason"]


@pytest.mark.parametrize("button", BUTTONS)
def test_what_is_not_parked_is_refused(office, ada_usd, button, nothing_moves):
    deposit = announce(ada_usd.pk)
    assert office.buttons(DEPOSITS, deposit, *BUTTONS) == []

    with nothing_moves():
        told = office.order(DEPOSITS, deposit, button, "Again")

    assert "The deposit is processed, not parked." in told


def test_a_form_that_is_sent_twice_posts_once(office, parked):
    assert office.buttons(DEPOSITS, parked, *BUTTONS) == BUTTONS
    office.order(DEPOSITS, parked, "post_to_suspense", "Nobody knows")

    told = office.order(DEPOSITS, parked, "post_to_suspense", "Nobody knows")

    assert "The deposit is resolved, not parked." in told
    assert office.buttons(DEPOSITS, parked, *BUTTONS) == []
    assert house_holds("house:suspense:USD") == "15.00"


@pytest.mark.parametrize("button", BUTTONS)
def test_customers_press_no_buttons(ada, parked, ada_usd, button, nothing_moves):
    address = button_of(DEPOSITS, parked, button)
    sent = {"reason": "Mine", "account_id": ada_usd.pk}

    with nothing_moves():
        answers = [
            client.post(address, sent)
            for client in (enter_office(ada).client, Client())
        ]

    assert [answer.status_code for answer in answers] == [302] * 2
    assert all("/admin/login/" in answer["Location"] for answer in answers)


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, parked, nothing_moves):
    office = enter_office(request.getfixturevalue(role))

    with nothing_moves():
        answers = office.attempts_to_edit(DEPOSITS, parked)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_what_providers_write_is_text(office):
    evil = '"><script>alert(1)</script>'
    deposit = announce(new_id(), reference=evil)

    pages = [
        office.see("index"),
        office.see(DEPOSITS),
        office.see(DEPOSITS, deposit),
        *(
            office.client.get(button_of(DEPOSITS, deposit, button)).content.decode()
            for button in BUTTONS
        ),
    ]

    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page


def test_pages_take_as_many_statements_whatever_there_is(office, ada_usd, parked):
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, and asks twice for the first and the last day. A page reads its row, the
    # account that was announced, and the events.
    assert office.count_statements(DEPOSITS) == 7
    assert office.count_statements(DEPOSITS, parked) == 6

    for number in range(8):
        announce(ada_usd.pk, reference=f"processed-{number}")
        announce(new_id(), reference=f"parked-{number}")

    assert office.count_statements(DEPOSITS) == 7
    assert office.count_statements(DEPOSITS, status__exact="parked") == 7
    assert office.count_statements(DEPOSITS, parked) == 6


def test_a_list_reads_no_messages(office, parked):
    with CaptureQueriesContext(connection) as captured:
        office.see(DEPOSITS)

    assert not [query for query in captured if "inboxmessage" in query["sql"]]


def test_buttons_of_nothing_are_404(office):
    for key in ("nonsense", UNKNOWN):
        for button in BUTTONS:
            address = reverse(f"admin:{DEPOSITS}_{button}", args=[key])
            assert office.client.post(address, {"reason": "x"}).status_code == 404


def test_a_stranger_sees_none_of_it(parked):
    client = enter_office(enter("eve")).client

    assert client.get(address_of(DEPOSITS)).status_code == 302
    assert client.get(address_of(DEPOSITS, parked)).status_code == 302
