"""The buttons that take a transfer back, and who may press them."""

from functools import partial

import pytest
from django.test import Client

from events.models import Event
from paycore.testing.office import button_of, enter_office
from paycore.testing.races import race
from transfers.models import Transfer
from transfers.tests.movements import hold_purchase, purchase, refund, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
TRANSFERS = "transfers_transfer"
BUTTONS = ["refund", "reverse"]
SENT = {"reason": "Asked for", "seen": "0"}


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def sent(pay, ada, ada_usd, grace_usd):
    """100.00 USD from ada, who had 1000.00, to grace, who had 50.00."""
    return pay(ada, ada_usd, grace_usd, "100.00")


@pytest.fixture
def spent(pay, sent, grace, grace_usd, ada_usd):
    """The same, and grace has spent all but 20.00 USD."""
    pay(grace, grace_usd, ada_usd, "130.00")
    return sent


def following(transfer):
    found = Transfer.objects.filter(original_transfer=transfer).order_by("pk")
    return [(row.kind, str(row.amount), row.description) for row in found]


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_refunding_in_parts_and_then_the_rest(
    who, request, sent, ada, ada_usd, grace_usd
):
    player = request.getfixturevalue(who)
    office = enter_office(player)

    told = office.order(TRANSFERS, sent, "refund", "A part", amount="30.00")
    assert "30.00 USD was refunded." in told
    told = office.order(TRANSFERS, sent, "refund", "The rest", amount="")
    assert "70.00 USD was refunded." in told

    assert following(sent) == [
        ("refund", "30.00 USD", "A part"),
        ("refund", "70.00 USD", "The rest"),
    ]
    assert state_of(ada_usd)[0] == "1000.00"
    assert state_of(grace_usd)[0] == "50.00"
    made = Transfer.objects.filter(kind="refund").first()
    assert made.created_by_id == player.id
    event = Event.objects.get(subject_id=made.pk)
    assert (event.actor, event.type) == (f"user:{player.id}", "transfer.completed")
    assert event.request_id


def test_refunding_a_converted_purchase(office, ada, ada_usd):
    bought = purchase(ada, ada_usd, "45.00 EUR")

    told = office.order(TRANSFERS, bought, "refund", "Broken", amount="48.92")

    assert "48.92 USD was refunded." in told
    assert state_of(ada_usd)[0] == "1000.00"


def test_the_form_says_what_is_left(office, sent, operator):
    refund(operator, sent, "40.00")

    form = office.client.get(button_of(TRANSFERS, sent, "refund")).content.decode()

    for fact in ("100.00 USD", "40.00 USD", "60.00 USD", "ada@", "grace@"):
        assert fact in form
    assert "Amount in USD" in form


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1,50", "An amount is a decimal string"),
        ("-1", "An amount is a decimal string"),
        ("1e2", "An amount is a decimal string"),
        ("٣", "An amount is a decimal string"),
        ("NaN", "An amount is a decimal string"),
        ("<script>alert(1)</script>", "An amount is a decimal string"),
        ("1.005", "USD has 2 decimals"),
        ("0", "must be greater than zero"),
        ("0.00", "must be greater than zero"),
        ("100.01", "No more than 100.00 USD is left to refund."),
        ("999999999999999", "No more than 100.00 USD is left to refund."),
        ("9" * 51, "at most 50 characters"),
        ("1\x00", "Null characters are not allowed."),
    ],
)
def test_a_wrong_amount_is_refused_at_the_field(
    office, sent, amount, told, nothing_moves
):
    address = button_of(TRANSFERS, sent, "refund")

    with nothing_moves():
        response = office.client.post(address, {**SENT, "amount": amount})

    assert response.status_code == 200
    [error] = response.context["form"].errors["amount"]
    assert told in error
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_a_reason_is_mandatory(office, sent, button, reason, nothing_moves):
    address = button_of(TRANSFERS, sent, button)

    with nothing_moves():
        response = office.client.post(address, {**SENT, "reason": reason})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["reason"]


def test_refunding_what_was_spent_is_refused(office, spent, nothing_moves):
    with nothing_moves():
        told = office.order(TRANSFERS, spent, "refund", "Asked for")

    assert "The account has 20.00 USD available; 100.00 is needed." in told


def test_a_form_that_is_sent_twice_refunds_once(office, sent):
    address = button_of(TRANSFERS, sent, "refund")
    filled_in = {**SENT, "amount": "30.00"}

    office.client.post(address, filled_in)
    again = office.client.post(address, filled_in, follow=True).content.decode()

    assert "Something has changed since you opened the form." in again
    assert len(following(sent)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once_refunds_once(operator, sent):
    address = button_of(TRANSFERS, sent, "refund")
    filled_in = {**SENT, "amount": "30.00"}
    offices = [enter_office(operator) for _ in range(4)]

    answers = race(
        *(partial(office.client.post, address, filled_in) for office in offices)
    )

    assert [answer.status_code for answer in answers] == [302] * 4
    assert len(following(sent)) == 1


@pytest.mark.parametrize("seen", ["", "1", "x", "0" * 9999])
def test_a_form_that_saw_something_else_is_refused(office, sent, seen, nothing_moves):
    with nothing_moves():
        told = office.order(TRANSFERS, sent, "refund", "Asked for", seen=seen)

    assert "Something has changed since you opened the form." in told


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_reversing(who, request, sent, ada_usd, grace_usd):
    player = request.getfixturevalue(who)
    office = enter_office(player)

    assert "The transfer is reversed." in office.order(
        TRANSFERS, sent, "reverse", "A mistake"
    )

    assert following(sent) == [("reversal", "100.00 USD", "A mistake")]
    assert (state_of(ada_usd)[0], state_of(grace_usd)[0]) == ("1000.00", "50.00")
    event = Event.objects.get(type="transfer.reversed")
    assert (event.actor, event.subject_id) == (f"user:{player.id}", sent.pk)
    assert (event.data["reason"], event.data["forced"]) == ("A mistake", False)


def test_reversing_twice_reverses_once(office, sent):
    office.order(TRANSFERS, sent, "reverse", "A mistake")

    told = office.order(TRANSFERS, sent, "reverse", "A mistake")

    assert "The transfer is reversed, not completed." in told
    assert len(following(sent)) == 1


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_reversing_what_was_spent_is_refused(who, request, spent, nothing_moves):
    office = enter_office(request.getfixturevalue(who))

    with nothing_moves():
        told = office.order(TRANSFERS, spent, "reverse", "A mistake")

    assert "The account has 20.00 USD available; 100.00 is needed." in told


def test_the_form_says_what_the_receiver_has(office, spent):
    form = office.client.get(button_of(TRANSFERS, spent, "reverse")).content.decode()

    assert "Available to take it from" in form
    assert "20.00 USD" in form


def test_an_admin_reverses_by_force(admin, spent, grace_usd):
    office = enter_office(admin)
    form = office.client.get(button_of(TRANSFERS, spent, "reverse")).content.decode()
    assert 'name="force"' in form

    office.order(TRANSFERS, spent, "reverse", "Fraud", force="on")

    assert state_of(grace_usd) == ("-80.00", "0.00", "80.00")
    assert Event.objects.get(type="transfer.reversed").data["forced"] is True


@pytest.mark.parametrize("force", ["on", "", "false"])
def test_an_operator_does_not(office, spent, force, nothing_moves):
    address = button_of(TRANSFERS, spent, "reverse")
    assert 'name="force"' not in office.client.get(address).content.decode()

    with nothing_moves():
        response = office.client.post(address, {**SENT, "force": force})

    assert response.status_code == 403


@pytest.mark.parametrize("button", BUTTONS)
def test_what_is_not_offered_is_refused_as_well(
    office, ada, ada_usd, button, nothing_moves
):
    held = hold_purchase(ada, ada_usd, "20.00 USD")

    with nothing_moves():
        told = office.order(TRANSFERS, held, button, "Asked for")

    assert "The transfer is pending, not completed." in told


def test_a_deposit_has_no_refund(office, operator, ada_usd, nothing_moves):
    opening = Transfer.objects.get(kind="opening")

    with nothing_moves():
        told = office.order(TRANSFERS, opening, "refund", "Asked for")

    assert "A transfer of kind opening has no refunds." in told


@pytest.mark.parametrize("button", BUTTONS)
def test_customers_press_no_buttons(ada, sent, button, nothing_moves):
    address = button_of(TRANSFERS, sent, button)

    with nothing_moves():
        answers = [
            client.post(address, {**SENT, "force": "on"})
            for client in (enter_office(ada).client, Client())
        ]

    assert [answer.status_code for answer in answers] == [302] * 2
    assert all("/admin/login/" in answer["Location"] for answer in answers)


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize(
    "key", ["nonsense", "9" * 40, "01a1f758-c65a-7758-9758-d04d00000000"]
)
def test_buttons_of_nothing_are_404(office, button, key):
    address = button_of(TRANSFERS, key, button)

    assert office.client.get(address).status_code == 404
    assert office.client.post(address, SENT).status_code == 404


@pytest.mark.parametrize("button", BUTTONS)
def test_a_form_needs_its_token(operator, sent, button, nothing_moves):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator.user)

    with nothing_moves():
        response = client.post(button_of(TRANSFERS, sent, button), SENT)

    assert response.status_code == 403


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_only_a_sent_form_does_anything(office, sent, method, nothing_moves):
    address = button_of(TRANSFERS, sent, "reverse")

    with nothing_moves():
        getattr(office.client, method)(address, data=SENT)


@pytest.mark.parametrize(("button", "statements"), [("refund", 4), ("reverse", 5)])
def test_a_form_takes_as_many_statements(
    office, sent, button, statements, django_assert_num_queries
):
    address = button_of(TRANSFERS, sent, button)
    office.client.get(address)

    # The session, the person and their groups, the row; what the receiver has.
    with django_assert_num_queries(statements):
        office.client.get(address)
