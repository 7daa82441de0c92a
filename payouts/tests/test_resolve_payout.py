"""resolve_payout: a person ends what nobody knows, once, and says why."""

import pytest

from events.models import Event
from ledger.models import Hold
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.lib.metrics import (
    PAYOUT_MANUAL_REVIEW_QUEUE_SIZE,
    PAYOUT_MANUAL_REVIEW_TRANSITIONS,
)
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from paycore.testing.wallets import open_for
from payouts.gateways import Outcome
from payouts.models import PayoutAttempt, Step
from payouts.tests.orders import IN_REVIEW, at
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
    submit,
    work,
)

pytestmark = pytest.mark.django_db

SENT = {"decision": "confirm_sent", "reason": "It is on the statement of 12 May"}
FAILED = {"decision": "refund_failed", "reason": "The bank says it never came"}


def test_takes_what_was_held_when_it_was_sent(ada_usd, operator, in_review):
    response = operator.post(
        at(in_review, "resolve"), SENT | {"gateway_reference": "bank-4711"}
    )

    answer = response.json()
    assert (response.status_code, answer["status"]) == (200, "completed")
    assert answer["gateway_reference"] == "bank-4711"
    stored = now(in_review)
    assert (stored.decision, stored.decided_by_id) == ("confirm_sent", operator.id)
    assert stored.decided_at == stored.completed_at == stored.updated_at
    assert funds_of(ada_usd) == ("990.00", "0.00")
    assert Hold.objects.get().status == "captured"
    assert events_of(in_review) == [
        "pending",
        "processing",
        "manual_review",
        "completed",
    ]
    told = last_event_of(in_review)
    assert told.actor == operator.origin.actor
    assert told.data["decision"] == "confirm_sent"
    assert told.data["reason"] == "It is on the statement of 12 May"
    assert told.data["gateway_reference"] == "bank-4711"


def test_gives_back_what_was_held_when_it_failed(ada_usd, operator, in_review):
    response = operator.post(at(in_review, "resolve"), FAILED)

    answer = response.json()
    assert (response.status_code, answer["status"]) == (200, "failed")
    assert answer["failure_code"] == "refunded_by_review"
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert Hold.objects.get().status == "released"
    told = last_event_of(in_review)
    assert (told.type, told.data["decision"], told.data["reason"]) == (
        "payout.failed",
        "refund_failed",
        "The bank says it never came",
    )


@pytest.mark.parametrize("decision", [SENT, FAILED])
def test_answers_the_same_decision_again_and_does_nothing(
    operator, admin, in_review, nothing_moves, decision
):
    first = operator.post(at(in_review, "resolve"), decision).json()

    with nothing_moves():
        again = admin.post(at(in_review, "resolve"), decision | {"reason": "Me too"})

    assert (again.status_code, again.json()) == (200, first)
    assert now(in_review).decided_by_id == operator.id


@pytest.mark.parametrize(("first", "other"), [(SENT, FAILED), (FAILED, SENT)])
def test_refuses_the_other_decision_afterwards(
    operator, in_review, nothing_moves, first, other
):
    operator.post(at(in_review, "resolve"), first)

    with nothing_moves():
        response = operator.post(at(in_review, "resolve"), other)

    assert refusal_of(response) == (409, "invalid_state")
    assert first["decision"] in response.json()["detail"]


@pytest.mark.parametrize("decision", [SENT, FAILED])
def test_refuses_one_that_no_person_needs_to_look_at(
    operator, payout, gateway, nothing_moves, decision
):
    def refused():
        with nothing_moves():
            answer = operator.post(at(payout, "resolve"), decision)
        return refusal_of(answer), answer.json()["detail"]

    conflict = (409, "invalid_state")
    assert refused() == (conflict, "The payout is pending, not in manual review.")
    send_into_doubt(gateway, payout)
    assert refused() == (conflict, "The payout is processing, not in manual review.")
    gateway.will("find", Outcome.EXECUTED)
    make_due(payout)
    ask()
    assert refused() == (conflict, "The payout is completed, not in manual review.")


def test_does_not_know_a_payout_that_does_not_exist(operator, db):
    response = operator.post(at(new_id(), "resolve"), SENT)

    assert refusal_of(response) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (FAILED | {"decision": "refund"}, "/decision"),
        (FAILED | {"decision": None}, "/decision"),
        ({"decision": "refund_failed"}, "/reason"),
        (FAILED | {"reason": ""}, "/reason"),
        (FAILED | {"reason": " \n"}, "/reason"),
        (FAILED | {"gateway_reference": ""}, "/gateway_reference"),
        (FAILED | {"amount": "10.00"}, "/amount"),
    ],
)
def test_refuses_what_is_no_decision(operator, in_review, nothing_moves, body, pointer):
    with nothing_moves():
        response = operator.post(at(in_review, "resolve"), body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]


def test_is_not_for_the_owner(ada, in_review, nothing_moves):
    with nothing_moves():
        response = ada.post(at(in_review, "resolve"), SENT)

    assert refusal_of(response) == (403, "permission_denied")


@pytest.mark.parametrize("body", [SENT, FAILED])
def test_is_not_for_staff_whose_money_it_is(
    operator, admin, payout_of, gateway, nothing_moves, body
):
    theirs = payout_of(admin, open_for(operator, "USD", "100.00"))
    send_into_review(gateway, theirs)

    with nothing_moves():
        response = operator.post(at(theirs, "resolve"), body)

    assert refusal_of(response) == (403, "permission_denied")
    assert admin.post(at(theirs, "resolve"), body).status_code == 200
    # Nor to say the same afterwards.
    assert operator.post(at(theirs, "resolve"), body).status_code == 403


def test_keeps_what_a_person_wrote_down(operator, in_review, gateway):
    operator.post(at(in_review, "resolve"), SENT | {"gateway_reference": "letter-7"})
    gateway.will("find", Outcome.EXECUTED)

    assert ask() == 1

    assert now(in_review).gateway_reference == "letter-7"
    said = PayoutAttempt.objects.filter(payout=in_review).latest("pk")
    assert said.gateway_reference == f"bank-{in_review.pk}"
    assert now(in_review).due_at is None


def test_asks_the_gateway_to_forget_what_was_refunded(operator, in_review, gateway):
    resolve(operator, in_review, "refund_failed")

    due = now(in_review)
    assert (due.step, due.due_at, due.questions) == ("cancel", due.updated_at, 0)
    assert (ask(), submit()) == (0, 0)
    assert work(Step.CANCEL) == 1
    assert gateway.heard_of(in_review.pk)[-1] == "cancel"
    assert attempts_of(in_review)[-1] == ("cancel", "declined")
    # It agrees, so that is that.
    assert (status_of(in_review), now(in_review).due_at) == ("failed", None)
    assert events_of(in_review)[-1] == "failed"


def test_goes_on_asking_the_gateway_about_what_was_confirmed(
    ada_usd, operator, in_review, gateway
):
    resolve(operator, in_review, "confirm_sent")
    gateway.will("find", Outcome.UNKNOWN, Outcome.ABSENT, Outcome.EXECUTED)

    for _ in range(3):
        make_due(in_review)
        assert ask() == 1

    assert now(in_review).due_at is None
    assert attempts_of(in_review)[-3:] == [
        ("ask", "unknown"),
        ("ask", "absent"),
        ("ask", "executed"),
    ]
    assert gateway.heard_of(in_review.pk).count("submit") == 1
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_joins_the_transaction_of_its_caller(operator, in_review, nothing_moves):
    def fail_afterwards():
        resolve(operator, in_review, "confirm_sent")
        raise NotFound

    with nothing_moves(), refused_with(NotFound):
        fail_afterwards()

    assert status_of(in_review) == "manual_review"


def test_is_refused_to_whoever_calls_the_service_too(operator, payout, nothing_moves):
    with nothing_moves(), refused_with(InvalidState):
        resolve(operator, payout, "confirm_sent")


def test_lists_those_that_wait_for_a_person(ada, operator, in_review):
    listed = operator.get(IN_REVIEW).json()
    assert [item["id"] for item in listed["items"]] == [str(in_review.pk)]
    assert refusal_of(ada.get(IN_REVIEW)) == (403, "permission_denied")

    resolve(operator, in_review, "confirm_sent")

    assert operator.get(IN_REVIEW).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("decision", ["confirm_sent", "refund_failed"])
def test_makes_the_queue_shorter(
    operator, payout, gateway, decision, django_capture_on_commit_callbacks
):
    def transitions(action):
        return PAYOUT_MANUAL_REVIEW_TRANSITIONS.labels(action=action)._value.get()

    def queue():
        return PAYOUT_MANUAL_REVIEW_QUEUE_SIZE._value.get()

    before = transitions("entered"), transitions(decision)
    with django_capture_on_commit_callbacks(execute=True):
        send_into_review(gateway, payout)
    assert (transitions("entered") - before[0], queue()) == (1, 1)

    with django_capture_on_commit_callbacks(execute=True):
        resolve(operator, payout, decision)

    assert (transitions(decision) - before[1], queue()) == (1, 0)


def test_is_counted_apart_when_the_gateway_was_faster(
    in_review, gateway, django_capture_on_commit_callbacks
):
    def settled():
        return PAYOUT_MANUAL_REVIEW_TRANSITIONS.labels(
            action="settled_by_gateway"
        )._value.get()

    before = settled()
    gateway.will("find", Outcome.DECLINED)
    make_due(in_review)

    with django_capture_on_commit_callbacks(execute=True):
        ask()

    assert settled() - before == 1
    assert PAYOUT_MANUAL_REVIEW_QUEUE_SIZE._value.get() == 0


def test_tells_the_owner(operator, in_review):
    resolve(operator, in_review, "refund_failed")

    events = Event.objects.filter(subject_id=in_review.pk)
    assert {tuple(event.owner_ids) for event in events} == {(in_review.owner_id,)}
