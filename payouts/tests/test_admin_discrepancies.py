"""The back office: where gateways say something else than the books."""

import pytest
from django.test import Client

from ledger.models import Posting
from paycore.testing.office import address_of, button_of, enter_office
from payouts.gateways import Answer, Outcome
from payouts.models import PayoutDiscrepancy
from payouts.services import take_notices
from payouts.tests.orders import IBAN, request_by
from payouts.tests.working import (
    claims_against,
    funds_of,
    last_event_of,
    make_due,
    resolve,
    send_into_review,
    status_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
DISCREPANCIES = "payouts_payoutdiscrepancy"
PAYOUTS = "payouts_payout"
BUTTONS = ["correct", "dismiss"]


@pytest.fixture
def contradicted(operator, ada, ada_usd, gateway):
    """`contradicted("refund_failed")`: a gateway's word against that decision.

    Of 10.00 of ada's 1000.00 USD.
    """

    def make(decision, *, amount="10.00", detail=""):
        payout = send_into_review(gateway, request_by(ada, ada_usd, amount))
        resolve(operator, payout, decision)
        outcome = Outcome.EXECUTED if decision == "refund_failed" else Outcome.DECLINED
        answer = Answer(payout.pk, outcome, "bank-7", detail=detail)
        take_notices([answer], origin=operator.origin)
        return PayoutDiscrepancy.objects.get(payout=payout)

    return make


def test_a_discrepancy_leads_to_payout_attempts_and_events(office, contradicted):
    raised = contradicted("refund_failed", detail="Booked <b>yesterday</b>.")

    seen = office.see(DISCREPANCIES, raised)

    assert f'href="{address_of(PAYOUTS, raised.payout_id)}"' in seen
    assert f"{address_of('payouts_payoutattempt')}?payout={raised.payout_id}" in seen
    for text in [
        *("executed", "failed", "10.00 USD", "bank-7", "payout.contradicted"),
        *("Booked &lt;b&gt;yesterday&lt;/b&gt;.", "Told by the gateway"),
    ]:
        assert text in seen
    seen = office.see(PAYOUTS, raised.payout_id)
    assert f'href="{address_of(DISCREPANCIES, raised)}"' in seen
    assert "executed, not failed" in seen


def test_open_ones_come_first(office, contradicted):
    first = contradicted("refund_failed")
    second = contradicted("confirm_sent")
    third = contradicted("refund_failed")
    office.order(DISCREPANCIES, third, "dismiss", "x")

    seen = office.see(DISCREPANCIES)

    places = [
        seen.index(address_of(DISCREPANCIES, row)) for row in (second, first, third)
    ]
    assert places == sorted(places)
    for query, count in [
        ({"status__exact": "open"}, 2),
        ({"status__exact": "dismissed"}, 1),
        ({"claim__exact": "declined"}, 1),
        ({"q": str(first.pk)}, 1),
        ({"q": str(second.payout_id)}, 1),
        ({"q": "bank-7"}, 0),
    ]:
        assert office.found(DISCREPANCIES, **query) == count, query


@pytest.mark.parametrize("who", ["operator", "admin"])
@pytest.mark.parametrize(
    ("decision", "before", "after", "moved"),
    [
        ("refund_failed", "1000.00", "990.00", "10.00 USD out of the account"),
        ("confirm_sent", "990.00", "1000.00", "10.00 USD back to the account"),
    ],
)
def test_correcting_the_books(
    who, decision, before, after, moved, request, contradicted, ada_usd
):
    player = request.getfixturevalue(who)
    office = enter_office(player)
    raised = contradicted(decision)
    status = status_of(raised.payout)
    assert funds_of(ada_usd) == (before, "0.00")
    address = button_of(DISCREPANCIES, raised, "correct")
    assert moved in office.client.get(address).content.decode()

    told = office.order(DISCREPANCIES, raised, "correct", "The bank is right")

    assert "The books are corrected." in told
    assert funds_of(ada_usd) == (after, "0.00")
    assert status_of(raised.payout) == status
    raised.refresh_from_db()
    assert (raised.status, raised.closed_by_id) == ("corrected", player.id)
    event = last_event_of(raised.payout)
    assert event.type == "payout.discrepancy_corrected"
    assert (event.actor, event.data["reason"]) == (
        f"user:{player.id}",
        "The bank is right",
    )
    seen = office.see(DISCREPANCIES, raised)
    for posting in Posting.objects.filter(entry_id=raised.journal_entry_id):
        assert f'href="{address_of("ledger_posting", posting)}"' in seen
    entry = office.see("ledger_journalentry", raised.journal_entry_id)
    assert f'href="{address_of(PAYOUTS, raised.payout_id)}"' in entry


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_dismissing(who, request, contradicted, ada_usd):
    player = request.getfixturevalue(who)
    raised = contradicted("refund_failed")

    told = enter_office(player).order(DISCREPANCIES, raised, "dismiss", "Put right")

    assert "The discrepancy is dismissed; the books stay as they are." in told
    assert claims_against(raised.payout) == [("executed", "dismissed")]
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    event = last_event_of(raised.payout)
    assert event.type == "payout.discrepancy_dismissed"
    assert (event.actor, event.data["reason"]) == (f"user:{player.id}", "Put right")


@pytest.fixture
def spent(contradicted, pay, ada, ada_usd, grace_usd):
    """A gateway has executed what was given back, and ada has spent all but 5.00."""
    raised = contradicted("refund_failed")
    pay(ada, ada_usd, grace_usd, "995.00")
    return raised


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_what_was_spent_cannot_be_taken(who, request, spent, nothing_moves):
    office = enter_office(request.getfixturevalue(who))
    form = office.client.get(button_of(DISCREPANCIES, spent, "correct"))
    assert "5.00 USD" in form.content.decode()

    with nothing_moves():
        told = office.order(DISCREPANCIES, spent, "correct", "x")

    assert "The account has 5.00 USD available; 10.00 is needed." in told


def test_an_admin_corrects_by_force(admin, spent, ada_usd):
    office = enter_office(admin)
    form = office.client.get(button_of(DISCREPANCIES, spent, "correct"))
    assert 'name="force"' in form.content.decode()

    office.order(DISCREPANCIES, spent, "correct", "Fraud", force="on")

    assert funds_of(ada_usd) == ("-5.00", "0.00")
    assert last_event_of(spent.payout).data["forced"] is True


@pytest.mark.parametrize("force", ["on", "", "false"])
def test_an_operator_does_not(office, spent, force, nothing_moves):
    address = button_of(DISCREPANCIES, spent, "correct")
    assert 'name="force"' not in office.client.get(address).content.decode()

    with nothing_moves():
        response = office.client.post(address, {"reason": "x", "force": force})

    assert response.status_code == 403


def test_giving_back_needs_no_force(admin, contradicted):
    raised = contradicted("confirm_sent")

    form = enter_office(admin).client.get(button_of(DISCREPANCIES, raised, "correct"))

    assert 'name="force"' not in form.content.decode()


@pytest.mark.parametrize("button", BUTTONS)
def test_what_is_closed_stays_closed(office, contradicted, button, nothing_moves):
    raised = contradicted("refund_failed")
    assert office.buttons(DISCREPANCIES, raised, *BUTTONS) == BUTTONS
    office.order(DISCREPANCIES, raised, "dismiss", "x")
    assert office.buttons(DISCREPANCIES, raised, *BUTTONS) == []

    with nothing_moves():
        told = office.order(DISCREPANCIES, raised, button, "x")

    assert "This was dismissed already." in told


def test_while_the_payout_is_open_there_is_nothing_to_correct(
    office, operator, payout, nothing_moves
):
    # Somebody else than we has sent it.
    answer = Answer(payout.pk, Outcome.EXECUTED)
    take_notices([answer], origin=operator.origin)
    raised = PayoutDiscrepancy.objects.get(payout=payout)
    assert office.buttons(DISCREPANCIES, raised, *BUTTONS) == ["dismiss"]

    with nothing_moves():
        told = office.order(DISCREPANCIES, raised, "correct", "x")

    assert "The payout is pending: there is nothing to correct." in told


def test_what_was_taken_back_can_only_be_dismissed(office, operator, contradicted):
    raised = contradicted("refund_failed")
    answer = Answer(raised.payout_id, Outcome.DECLINED, detail="It came back.")
    take_notices([answer], origin=operator.origin)

    assert office.buttons(DISCREPANCIES, raised, *BUTTONS) == ["dismiss"]
    form = office.client.get(button_of(DISCREPANCIES, raised, "dismiss"))
    assert "declined: It came back." in form.content.decode()


def test_what_was_corrected_can_be_corrected_back(
    office, operator, contradicted, ada_usd
):
    executed = contradicted("refund_failed")
    office.order(DISCREPANCIES, executed, "correct", "It was booked")
    # Then it came back, as money sent to a closed account does.
    answer = Answer(executed.payout_id, Outcome.DECLINED, "bank-7")
    take_notices([answer], origin=operator.origin)
    declined = PayoutDiscrepancy.objects.get(claim="declined")
    assert office.buttons(DISCREPANCIES, declined, *BUTTONS) == BUTTONS

    office.order(DISCREPANCIES, declined, "correct", "It came back")

    assert claims_against(executed.payout) == [
        ("executed", "corrected"),
        ("declined", "corrected"),
    ]
    assert funds_of(ada_usd) == ("1000.00", "0.00")


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b"])
def test_a_reason_is_mandatory(office, contradicted, button, reason, nothing_moves):
    address = button_of(DISCREPANCIES, contradicted("refund_failed"), button)

    with nothing_moves():
        response = office.client.post(address, {"reason": reason})

    assert list(response.context["form"].errors) == ["reason"]


def test_who_may_only_look_gets_no_buttons_and_is_refused(
    office, contradicted, monkeypatch, nothing_moves
):
    raised = contradicted("refund_failed")
    monkeypatch.setattr(
        "accounts.backends.RoleBackend.has_perm",
        lambda self, user, permission, obj=None: ".view_" in permission,
    )

    assert office.buttons(DISCREPANCIES, raised, *BUTTONS) == []
    with nothing_moves():
        for button in BUTTONS:
            address = button_of(DISCREPANCIES, raised, button)
            assert office.client.get(address).status_code == 403
            answer = office.client.post(address, {"reason": "x"})
            assert answer.status_code == 403


@pytest.mark.parametrize("button", BUTTONS)
def test_customers_press_no_buttons(ada, contradicted, button, nothing_moves):
    raised = contradicted("refund_failed")
    clients = [enter_office(ada).client, Client()]

    with nothing_moves():
        answers = [
            client.post(button_of(DISCREPANCIES, raised, button), {"reason": "x"})
            for client in clients
        ]
        answers += [client.get(address_of(DISCREPANCIES, raised)) for client in clients]
        answers += [client.get(address_of(DISCREPANCIES)) for client in clients]

    assert [answer.status_code for answer in answers] == [302] * 6


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, contradicted, nothing_moves):
    office = enter_office(request.getfixturevalue(role))
    raised = contradicted("refund_failed")

    with nothing_moves():
        answers = office.attempts_to_edit(DISCREPANCIES, raised)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_pages_take_as_many_statements_whatever_there_is(
    office, contradicted, django_assert_num_queries
):
    raised = contradicted("refund_failed")
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, and asks twice for the first and the last day. A page reads its row, what
    # was corrected before, the gateway's last definite word, the attempts, the events
    # and who made them.
    assert office.count_statements(DISCREPANCIES) == 7
    assert office.count_statements(DISCREPANCIES, raised) == 9

    for _ in range(8):
        make_due(contradicted("confirm_sent").payout)

    assert office.count_statements(DISCREPANCIES) == 7
    assert office.count_statements(DISCREPANCIES, raised) == 9
    with django_assert_num_queries(7) as captured:
        seen = office.see(DISCREPANCIES)
    assert not [query for query in captured if "iban_sealed" in query["sql"]]
    assert IBAN not in seen
