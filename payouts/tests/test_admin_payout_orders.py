"""The buttons of payouts, when they are offered, and who may press them."""

import re
from decimal import Decimal
from functools import partial

import pytest
from django.test import Client

from paycore.lib.sealing import seal
from paycore.testing.office import address_of, button_of, enter_office
from paycore.testing.races import race
from payouts.gateways import Answer, Outcome
from payouts.models import Payout
from payouts.services import cancel_payout
from payouts.tests.orders import request_by
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    put_off,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
    submit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
PAYOUTS = "payouts_payout"
BUTTONS = ["approve", "cancel", "ask_again", "confirm_sent", "refund_failed"]
HAS_PERM = "accounts.backends.RoleBackend.has_perm"
RESOLVING = ["confirm_sent", "refund_failed"]


@pytest.fixture
def rows(settings, operator, ada, ada_usd, gateway):
    """A payout in each state, by what it is."""
    settings.PAYOUT_APPROVAL_ABOVE = {"USD": Decimal(5)}

    def sent(reference, *says):
        gateway.will("submit", *says)
        found = request_by(ada, ada_usd, "1.00", reference=reference)
        submit()
        return found

    made = {
        "completed": sent("completed", Outcome.EXECUTED),
        "failed": sent("failed", Outcome.DECLINED),
        "processing": sent("processing", Outcome.UNDERWAY),
        "in review": send_into_review(gateway, request_by(ada, ada_usd, "1.00")),
        "resolved": send_into_review(gateway, request_by(ada, ada_usd, "1.00")),
        "pending": request_by(ada, ada_usd, "1.00"),
        "cancelled": request_by(ada, ada_usd, "1.00"),
        "to approve": request_by(ada, ada_usd, "9.00"),
        "own to approve": request_by(operator, ada_usd, "9.00"),
        "approved": request_by(ada, ada_usd, "9.00"),
    }
    cancel_payout(payout_id=made["cancelled"].pk, reason="r", origin=operator.origin)
    resolve(operator, made["resolved"], "confirm_sent")
    enter_office(operator).order(PAYOUTS, made["approved"], "approve", "Fine")
    return made


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_only_buttons_that_make_sense_are_offered(role, request, rows):
    office = enter_office(request.getfixturevalue(role))
    own = ["cancel"] if role == "operator" else ["approve", "cancel"]

    for name, offered in [
        ("pending", ["cancel"]),
        ("to approve", ["approve", "cancel"]),
        ("own to approve", own),
        ("approved", ["cancel"]),
        ("cancelled", []),
        ("processing", ["ask_again"]),
        ("completed", ["ask_again"]),
        ("failed", ["ask_again"]),
        ("resolved", ["ask_again"]),
        ("in review", ["ask_again", "confirm_sent", "refund_failed"]),
    ]:
        assert office.buttons(PAYOUTS, rows[name], *BUTTONS) == offered, name


@pytest.fixture
def onlooker(rows, office, monkeypatch):
    """A member of staff who may look at everything, and do nothing."""
    monkeypatch.setattr(
        HAS_PERM,
        lambda self, user, permission, obj=None: ".view_" in permission,
    )
    return office


@pytest.mark.parametrize("name", ["to approve", "in review"])
def test_who_may_only_look_gets_no_buttons_and_is_refused(
    onlooker, rows, name, nothing_moves
):
    row = rows[name]

    assert onlooker.buttons(PAYOUTS, row, *BUTTONS) == []
    with nothing_moves():
        for button in BUTTONS:
            address = button_of(PAYOUTS, row, button)
            assert onlooker.client.get(address).status_code == 403
            answer = onlooker.client.post(address, {"reason": "x"})
            assert answer.status_code == 403
    # They may look at the next one.
    assert onlooker.buttons(PAYOUTS, row, "go_on") == ["go_on"]


def test_who_may_not_look_is_led_nowhere(office, rows, monkeypatch):
    address = button_of(PAYOUTS, rows["in review"], "go_on")
    monkeypatch.setattr(HAS_PERM, lambda *_, **__: False)

    assert office.client.get(address).status_code == 403


def test_a_form_is_sent_only_from_this_site(operator, rows, nothing_moves):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator.user)

    with nothing_moves():
        for button in RESOLVING:
            address = button_of(PAYOUTS, rows["in review"], button)
            assert client.post(address, {"reason": "x"}).status_code == 403


def test_nobody_is_offered_to_decide_about_their_own_money(
    office, operator, admin, account_of, gateway
):
    own = account_of(operator, "USD", "9000.00")
    large = request_by(admin, own, "8000.00")
    in_review = send_into_review(gateway, request_by(operator, own, "1.00"))

    assert office.buttons(PAYOUTS, large, *BUTTONS) == ["cancel"]
    assert office.buttons(PAYOUTS, in_review, *BUTTONS) == ["ask_again"]
    others = enter_office(admin)
    assert others.buttons(PAYOUTS, in_review, *RESOLVING) == RESOLVING


def test_one_goes_on_to_who_has_waited_longest_after_it(
    office, ada, ada_usd, ada_rich, gateway
):
    def follow(payout):
        address = button_of(PAYOUTS, payout, "go_on")
        return office.client.get(address, follow=True)

    first, second = (
        send_into_review(gateway, request_by(ada, ada_usd, "1.00")) for _ in range(2)
    )
    large = request_by(ada, ada_rich, "9000.00")
    plain = request_by(ada, ada_usd, "1.00")

    assert follow(first).request["PATH_INFO"] == address_of(PAYOUTS, second)
    # After the last one it begins again.
    assert follow(second).request["PATH_INFO"] == address_of(PAYOUTS, first)
    office.order(PAYOUTS, second, "confirm_sent", "On the statement")
    assert follow(second).request["PATH_INFO"] == address_of(PAYOUTS, first)
    # Each queue for itself.
    for last in (first, large):
        answer = follow(last)
        assert answer.request["PATH_INFO"] == address_of(PAYOUTS)
        assert "No other payout waits for that." in answer.content.decode()
    assert office.buttons(PAYOUTS, plain, "go_on") == []


def test_buttons_have_their_keys(office, rows):
    for name, keys in (("in review", "qsfn"), ("to approve", "an")):
        seen = office.see(PAYOUTS, rows[name])
        assert set(re.findall('data-key="(.)"', seen)) == set(keys), name


def test_what_is_not_offered_is_refused_as_well(office, rows, nothing_moves):
    told = {
        ("pending", "approve"): "The payout needs no approval.",
        ("cancelled", "approve"): "The payout needs no approval.",
        ("cancelled", "cancel"): "The payout is cancelled; only a pending one",
        ("processing", "cancel"): "The payout is processing; only a pending one",
        ("pending", "ask_again"): "The payout was never sent.",
        ("pending", "confirm_sent"): "The payout is pending, not in manual review.",
        ("processing", "refund_failed"): "The payout is processing, not in manual",
        ("resolved", "refund_failed"): "The payout was resolved already: confirm_sent.",
    }

    for (name, button), why in told.items():
        with nothing_moves():
            assert why in office.order(PAYOUTS, rows[name], button, "x"), name


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_approving(who, request, large, ada_rich, gateway):
    player = request.getfixturevalue(who)

    told = enter_office(player).order(PAYOUTS, large, "approve", "Called them back")

    assert "The payout is approved." in told
    stored = now(large)
    assert (stored.approval, stored.approved_by_id) == ("approved", player.id)
    event = last_event_of(large)
    assert (event.type, event.actor) == ("payout.approved", f"user:{player.id}")
    assert event.data["reason"] == "Called them back"
    assert event.request_id
    submit()
    assert status_of(large) == "completed"
    assert funds_of(ada_rich) == ("90000.00", "0.00")


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_nobody_approves_their_own(who, request, ada_rich, nothing_moves):
    player = request.getfixturevalue(who)
    office = enter_office(player)
    own = request_by(player, ada_rich, "9000.00")

    with nothing_moves():
        told = office.order(PAYOUTS, own, "approve", "Mine")

    assert "approved by somebody else than who requested it" in told
    assert now(own).approval == "required"
    assert office.buttons(PAYOUTS, own, "approve") == []


def test_nobody_approves_what_nobody_requested(office, admin, large, nothing_moves):
    Payout.objects.filter(pk=large.pk).update(requested_by=None)

    for each in (office, enter_office(admin)):
        assert each.buttons(PAYOUTS, large, "approve") == []
        with nothing_moves():
            told = each.order(PAYOUTS, large, "approve", "x")
        assert "approved by somebody else than who requested it" in told


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 999_999},
        {"beneficiary_name": "Mallory"},
        {"bic": "COBADEFFXXX"},
        # Also one that looks the same when it is masked.
        {"iban_sealed": seal("DE02120300000000203000")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_only_what_was_seen_is_approved(office, large, change, nothing_moves):
    seen = office.client.get(button_of(PAYOUTS, large, "approve")).context["form"]
    Payout.objects.filter(pk=large.pk).update(**change)

    with nothing_moves():
        told = office.order(
            PAYOUTS, large, "approve", "Fine", seen=seen.initial["seen"]
        )

    assert "Something has changed since you opened the form." in told
    assert now(large).approval == "required"
    Payout.objects.filter(pk=large.pk).update(amount_minor=large.amount_minor)


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_cancelling(who, request, payout, ada_usd):
    player = request.getfixturevalue(who)
    assert funds_of(ada_usd) == ("1000.00", "10.00")

    told = enter_office(player).order(PAYOUTS, payout, "cancel", "Asked for")

    assert "The payout is cancelled; 10.00 USD is available again." in told
    assert status_of(payout) == "cancelled"
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    event = last_event_of(payout)
    assert (event.type, event.actor) == ("payout.cancelled", f"user:{player.id}")
    assert event.data["reason"] == "Asked for"


def test_asking_again_brings_an_answer(office, operator, payout, gateway):
    send_into_doubt(gateway, payout)
    gateway.will("find", Answer(payout.pk, Outcome.EXECUTED, "bank-7"))
    put_off(payout)
    assert ask() == 0

    told = office.order(PAYOUTS, payout, "ask_again", "The customer calls")

    assert "A worker asks the gateway now." in told
    event = last_event_of(payout)
    assert (event.type, event.actor) == ("payout.asked_again", f"user:{operator.id}")
    assert event.data["reason"] == "The customer calls"
    assert ask() == 1
    assert attempts_of(payout) == [("submit", "unknown"), ("ask", "executed")]
    assert status_of(payout) == "completed"
    assert "executed: The money has left." in office.see(PAYOUTS, payout)


@pytest.mark.parametrize("who", ["operator", "admin"])
@pytest.mark.parametrize("reference", ["", "bank-7"])
def test_confirming_that_it_was_sent(who, reference, request, in_review, ada_usd):
    player = request.getfixturevalue(who)
    told = enter_office(player).order(
        PAYOUTS,
        in_review,
        "confirm_sent",
        "On the statement",
        gateway_reference=reference,
    )

    assert "The payout is completed: 10.00 USD has left." in told
    stored = now(in_review)
    assert (stored.status, stored.decision) == ("completed", "confirm_sent")
    assert (stored.decided_by_id, stored.gateway_reference) == (player.id, reference)
    assert funds_of(ada_usd) == ("990.00", "0.00")
    event = last_event_of(in_review)
    assert (event.type, event.actor) == ("payout.completed", f"user:{player.id}")
    assert event.data["reason"] == "On the statement"


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_giving_the_funds_back(who, request, in_review, ada_usd):
    player = request.getfixturevalue(who)

    told = enter_office(player).order(
        PAYOUTS, in_review, "refund_failed", "They say it never arrived"
    )

    assert "The payout has failed; 10.00 USD is available again." in told
    stored = now(in_review)
    assert (stored.status, stored.decision) == ("failed", "refund_failed")
    assert stored.decided_by_id == player.id
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    event = last_event_of(in_review)
    assert (event.type, event.actor) == ("payout.failed", f"user:{player.id}")
    assert event.data["reason"] == "They say it never arrived"


def test_a_gateway_that_was_faster_wins(office, in_review, gateway, nothing_moves):
    form = office.client.get(button_of(PAYOUTS, in_review, "refund_failed"))
    gateway.will("find", Outcome.EXECUTED)
    make_due(in_review)
    ask()

    with nothing_moves():
        told = office.order(
            PAYOUTS,
            in_review,
            "refund_failed",
            "x",
            seen=form.context["form"].initial["seen"],
        )

    assert "Something has changed since you opened the form." in told
    assert status_of(in_review) == "completed"


@pytest.mark.django_db(transaction=True)
def test_opposite_decisions_at_once_make_one(operator, admin, in_review, ada_usd):
    calls = []
    for player, button in zip((operator, admin), RESOLVING, strict=True):
        office = enter_office(player)
        address = button_of(PAYOUTS, in_review, button)
        seen = office.client.get(address).context["form"].initial["seen"]
        calls.append(
            partial(office.client.post, address, {"reason": "x", "seen": seen})
        )

    answers = race(*calls)

    assert [answer.status_code for answer in answers] == [302] * 2
    ended = [
        event for event in events_of(in_review) if event in {"completed", "failed"}
    ]
    assert ended == [status_of(in_review)]
    assert funds_of(ada_usd) in {("990.00", "0.00"), ("1000.00", "0.00")}


@pytest.mark.parametrize("button", BUTTONS)
def test_customers_press_no_buttons(ada, in_review, large, button, nothing_moves):
    row = large if button in BUTTONS[:2] else in_review
    address = button_of(PAYOUTS, row, button)

    with nothing_moves():
        answers = [
            client.post(address, {"reason": "Mine"})
            for client in (enter_office(ada).client, Client())
        ]

    assert [answer.status_code for answer in answers] == [302] * 2
    assert all("/admin/login/" in answer["Location"] for answer in answers)
