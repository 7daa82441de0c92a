"""A worker asks about a payout that may have been sent, and ..."""

import pytest

from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.testing.attacks import refusal_of
from paycore.testing.refusals import refused_with
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, Step
from payouts.services import ask_again
from payouts.tests.orders import IBAN, MASKED
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    pass_patience,
    pause_of,
    resolve,
    status_of,
    submit,
    work,
)

pytestmark = pytest.mark.django_db


def test_completes_it_when_it_was_executed(ada_usd, in_doubt, gateway):
    gateway.will("find", Outcome.EXECUTED)
    make_due(in_doubt)

    assert ask() == 1

    sent = now(in_doubt)
    assert (sent.status, sent.attempts, sent.questions) == ("completed", 1, 1)
    assert (sent.due_at, sent.unknown_since) == (None, None)
    assert sent.gateway_reference == f"bank-{in_doubt.pk}"
    assert attempts_of(in_doubt) == [("submit", "unknown"), ("ask", "executed")]
    assert gateway.heard_of(in_doubt.pk) == ["submit", "find"]
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_fails_it_when_it_was_declined(ada_usd, in_doubt, gateway):
    gateway.will(
        "find", Answer(in_doubt.pk, Outcome.DECLINED, failure_code="account_closed")
    )
    make_due(in_doubt)

    ask()

    assert now(in_doubt).failure_code == "account_closed"
    assert funds_of(ada_usd) == ("1000.00", "0.00")


def test_sends_it_again_under_the_same_key_when_it_never_arrived(
    ada_usd, in_doubt, gateway
):
    gateway.will("find", Outcome.ABSENT)
    make_due(in_doubt)

    ask()

    waiting = now(in_doubt)
    assert (waiting.status, waiting.step) == ("processing", "submit")
    # An earlier order may still be on its way.
    assert waiting.unknown_since == in_doubt.unknown_since
    assert pause_of(in_doubt) == 1
    gateway.will("submit", Outcome.EXECUTED)
    make_due(in_doubt)
    assert submit() == 1
    assert now(in_doubt).attempts == 2
    assert [order.payout_id for _, order in gateway.heard] == [in_doubt.pk] * 3
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_concludes_nothing_from_what_answers_another_question(
    ada_usd, in_doubt, gateway, settings
):
    settings.PAYOUT_MAX_ATTEMPTS = 1
    Payout.objects.filter(pk=in_doubt.pk).update(unknown_since=None)
    gateway.will("find", Outcome.NOT_SENT)
    make_due(in_doubt)

    ask()

    assert (status_of(in_doubt), now(in_doubt).step) == ("processing", "ask")
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_calls_a_person_when_it_was_sent_often_and_never_arrived(
    ada_usd, payout, gateway, settings
):
    settings.PAYOUT_MAX_ATTEMPTS = 2
    gateway.will("submit", Outcome.UNKNOWN)
    gateway.will("find", Outcome.ABSENT)

    for _ in range(2):
        make_due(payout)
        submit()
        make_due(payout)
        ask()

    assert (status_of(payout), now(payout).attempts) == ("manual_review", 2)
    assert last_event_of(payout).data["gateway_says"] == "absent"
    assert submit() == 0
    assert funds_of(ada_usd) == ("1000.00", "10.00")


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.UNDERWAY])
def test_calls_a_person_when_its_gateway_has_kept_us_waiting_for_too_long(
    ada_usd, in_doubt, gateway, outcome
):
    gateway.will("find", outcome)
    pass_patience(in_doubt)

    ask()

    assert status_of(in_doubt) == "manual_review"
    assert events_of(in_doubt) == ["pending", "processing", "manual_review"]
    assert last_event_of(in_doubt).data["gateway_says"] == outcome
    assert last_event_of(in_doubt).actor == "system"
    # Nothing is given back, and the gateway is asked from time to time.
    assert funds_of(ada_usd) == ("1000.00", "10.00")
    assert (now(in_doubt).step, now(in_doubt).due_at is None) == ("ask", False)


def test_never_fails_one_of_which_an_earlier_attempt_is_in_doubt(
    ada_usd, in_doubt, gateway, settings
):
    settings.PAYOUT_MAX_ATTEMPTS = 2
    gateway.will("find", Outcome.ABSENT)
    make_due(in_doubt)
    ask()
    gateway.will("submit", Outcome.NOT_SENT)
    make_due(in_doubt)

    submit()

    waiting = now(in_doubt)
    assert (waiting.status, waiting.step, waiting.attempts) == ("processing", "ask", 2)
    make_due(in_doubt)
    ask()
    assert status_of(in_doubt) == "manual_review"
    assert funds_of(ada_usd) == ("1000.00", "10.00")


@pytest.mark.parametrize("outcome", [Outcome.NOT_SENT, Outcome.UNKNOWN])
def test_learns_nothing_from_what_is_no_answer_to_a_question(
    in_doubt, gateway, outcome
):
    gateway.will("find", outcome)
    make_due(in_doubt)

    ask()

    waiting = now(in_doubt)
    assert (waiting.status, waiting.step) == ("processing", "ask")
    assert submit() == 0


def test_never_shows_the_whole_iban_when_asking(in_doubt, gateway):
    gateway.will("find", Outcome.EXECUTED)
    make_due(in_doubt)

    ask()

    kind, order = gateway.heard[-1]
    assert (kind, order.beneficiary.iban) == ("find", MASKED)
    assert order.beneficiary.iban != IBAN


@pytest.mark.parametrize(
    "outcome", [Outcome.ABSENT, Outcome.NOT_SENT, Outcome.UNDERWAY, Outcome.UNKNOWN]
)
def test_sends_nothing_behind_the_back_of_a_person_who_decides(
    ada_usd, in_review, gateway, outcome
):
    gateway.will("find", outcome)
    make_due(in_review)

    ask()

    waiting = now(in_review)
    assert (waiting.status, waiting.step) == ("manual_review", "ask")
    assert pause_of(in_review) > 0
    assert submit() == 0
    assert events_of(in_review)[-1] == "manual_review"
    assert funds_of(ada_usd) == ("1000.00", "10.00")


@pytest.mark.parametrize(
    ("outcome", "status", "posted"),
    [
        (Outcome.EXECUTED, "completed", "990.00"),
        (Outcome.DECLINED, "failed", "1000.00"),
    ],
)
def test_settles_one_in_review_when_its_gateway_speaks_before_a_person_does(
    ada_usd, in_review, gateway, outcome, status, posted
):
    gateway.will("find", outcome)
    make_due(in_review)

    ask()

    assert status_of(in_review) == status
    assert now(in_review).decision is None
    assert funds_of(ada_usd) == (posted, "0.00")


def test_asks_at_once_when_somebody_wants_to_know(operator, in_doubt, gateway):
    ask_again(payout_id=in_doubt.pk, reason="He called", origin=operator.origin)

    assert events_of(in_doubt)[-1] == "asked_again"
    told = last_event_of(in_doubt)
    assert (told.actor, told.data["reason"]) == (operator.origin.actor, "He called")
    assert ask() == 1


def test_asks_before_it_sends_again_when_somebody_wants_to_know(
    operator, payout, gateway
):
    gateway.will("submit", Outcome.NOT_SENT)
    submit()

    ask_again(payout_id=payout.pk, reason="r", origin=operator.origin)

    assert submit() == 0
    assert ask() == 1


def test_asks_nobody_about_what_was_never_sent(
    operator, payout, gateway, nothing_moves
):
    with nothing_moves(), refused_with(InvalidState):
        ask_again(payout_id=payout.pk, reason="r", origin=operator.origin)

    assert ask() == 0


def test_does_not_know_a_payout_that_does_not_exist(operator, db):
    with refused_with(NotFound):
        ask_again(payout_id=new_id(), reason="r", origin=operator.origin)


def test_leaves_a_lease_alone_when_somebody_wants_to_know(operator, in_doubt, gateway):
    Payout.objects.filter(pk=in_doubt.pk).update(leased_by="another")
    before = now(in_doubt)

    ask_again(payout_id=in_doubt.pk, reason="r", origin=operator.origin)

    assert now(in_doubt).due_at == before.due_at


def test_goes_on_asking_that_it_be_forgotten_when_somebody_wants_to_know(
    operator, in_review, gateway
):
    resolve(operator, in_review, "refund_failed")
    gateway.will("cancel", Outcome.UNKNOWN)
    work(Step.CANCEL)

    ask_again(payout_id=in_review.pk, reason="r", origin=operator.origin)

    assert ask() == 0
    assert work(Step.CANCEL) == 1
    assert gateway.heard_of(in_review.pk)[-2:] == ["cancel", "cancel"]


def test_asks_once_about_what_was_settled_long_ago(operator, payout, gateway):
    submit()
    gateway.will("find", Outcome.UNKNOWN)

    ask_again(payout_id=payout.pk, reason="r", origin=operator.origin)

    assert ask() == 1
    assert (status_of(payout), now(payout).due_at) == ("completed", None)


def test_cannot_be_made_to_send_what_a_person_decides_about(in_review):
    assert (
        refusal_of(
            "UPDATE payouts_payout SET step = 'submit' WHERE id = %s", in_review.pk
        )
        == "payouts_payout_is_sent_only_before_anybody_decides"
    )


@pytest.mark.parametrize("name", ["in_doubt", "in_review"])
def test_cannot_be_forgotten_while_funds_are_on_hold(request, name):
    payout = request.getfixturevalue(name)

    assert (
        refusal_of("UPDATE payouts_payout SET due_at = NULL WHERE id = %s", payout.pk)
        == "payouts_payout_in_doubt_is_due"
    )
