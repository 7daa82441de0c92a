"""request_payout, twice: the same key and the same reference pay once."""

import pytest

from paycore.lib.errors import DuplicateReference
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from payouts.models import Payout, Step
from payouts.services import work_on_due
from payouts.tests.orders import PAYOUTS, at, order, request_by, send
from payouts.tests.working import held_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_required"),
        ("", "idempotency_key_required"),
        ("x" * 256, "invalid_input"),
    ],
)
def test_needs_an_idempotency_key(ada, ada_usd, nothing_moves, key, code):
    with nothing_moves():
        response = ada.post(PAYOUTS, order(ada_usd), key=key)

    assert refusal_of(response) == (400, code)


def test_the_same_request_again_is_answered_as_the_first(ada, ada_usd, nothing_moves):
    body = order(ada_usd, "75.00", reference="r")
    first = ada.post(PAYOUTS, body, key="k")

    with nothing_moves():
        again = ada.post(PAYOUTS, body, key="k")

    assert (again.status_code, again.content) == (202, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert held_in(ada_usd) == "75.00"


def test_the_first_answer_is_repeated_whatever_became_of_it(
    ada, ada_usd, gateway, nothing_moves
):
    body = order(ada_usd, "75.00")
    first = ada.post(PAYOUTS, body, key="k")
    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    with nothing_moves():
        again = ada.post(PAYOUTS, body, key="k")

    assert (again.status_code, again.json()["status"]) == (202, "pending")
    assert again.content == first.content
    assert ada.get(at(first.json()["id"])).json()["status"] == "completed"


def test_another_request_with_the_key_is_refused(ada, ada_usd, nothing_moves):
    ada.post(PAYOUTS, order(ada_usd, "75.00"), key="k")
    others = [
        order(ada_usd, "75.01"),
        order(ada_usd, "75.00", name="Eve"),
        order(ada_usd, "75.00", iban="NO9386011117947"),
        order(ada_usd, "75.00", reference="r"),
        order(ada_usd, "75.00", bic="COBADEFF"),
    ]

    for other in others:
        with nothing_moves():
            response = ada.post(PAYOUTS, other, key="k")
        assert refusal_of(response) == (409, "idempotency_key_reused")


def test_a_refusal_is_remembered_with_its_key(ada, ada_usd, account_of, pay):
    savings = account_of(ada, "USD", "10.00")
    body = order(ada_usd, "1000.01")
    first = ada.post(PAYOUTS, body, key="k")
    pay(ada, savings, ada_usd, "10.00")

    again = ada.post(PAYOUTS, body, key="k")

    assert refusal_of(first) == (422, "insufficient_balance")
    assert (again.status_code, again.content) == (422, first.content)
    assert held_in(ada_usd) == "0.00"


def test_a_reference_is_used_once(ada, ada_usd, nothing_moves):
    send(ada, order(ada_usd, reference="r"))

    with nothing_moves():
        response = send(ada, order(ada_usd, "3.00", reference="r"))

    assert refusal_of(response) == (409, "duplicate_reference")
    assert pointers_of(response) == ["/reference"]
    assert response.json()["reference"] == "r"


@pytest.mark.parametrize("end", ["cancelled", "completed", "failed"])
def test_a_reference_stays_used_for_ever(ada, ada_usd, gateway, nothing_moves, end):
    gateway.will("submit", "declined" if end == "failed" else "executed")
    first = send(ada, order(ada_usd, reference="r")).json()["id"]
    if end == "cancelled":
        ada.post(at(first, "cancel"))
    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    with nothing_moves():
        response = send(ada, order(ada_usd, reference="r"))

    assert Payout.objects.get().status == end
    assert refusal_of(response) == (409, "duplicate_reference")


def test_each_person_has_references_of_their_own(
    ada, grace, operator, ada_usd, grace_usd
):
    for player, account in [(ada, ada_usd), (grace, grace_usd), (operator, ada_usd)]:
        assert send(player, order(account, "1.00", reference="r")).status_code == 202

    assert Payout.objects.filter(reference="r").count() == 3


def test_transfers_have_references_of_their_own(ada, ada_usd, grace_usd, pay):
    pay(ada, ada_usd, grace_usd, "1.00", reference="r")

    assert send(ada, order(ada_usd, reference="r")).status_code == 202


def test_a_refused_order_does_not_use_its_reference_up(ada, ada_usd):
    refused = send(ada, order(ada_usd, "1000.01", reference="r"))
    made = send(ada, order(ada_usd, "1000.00", reference="r"))

    assert refusal_of(refused) == (422, "insufficient_balance")
    assert made.status_code == 202


def test_as_a_service_refuses_a_taken_reference(ada, ada_usd, nothing_moves):
    request_by(ada, ada_usd, reference="r")

    with nothing_moves(), refused_with(DuplicateReference) as caught:
        request_by(ada, ada_usd, reference="r")

    assert caught.value.facts == {"reference": "r"}
