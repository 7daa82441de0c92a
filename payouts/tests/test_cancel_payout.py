"""cancel_payout: while no worker has taken it up, and then the funds are free again."""

import pytest

from events.models import Event
from ledger.models import Hold
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import held
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from payouts.models import Payout, PayoutAttempt, PayoutStatus, Step
from payouts.services import cancel_payout, work_on_due
from payouts.tests.orders import MASKED, at, request_by

pytestmark = pytest.mark.django_db


def test_gives_the_funds_back(ada, ada_usd, payout, balance_of):
    response = ada.post(at(payout, "cancel"), {"reason": "No longer needed"})

    hold = Hold.objects.get()
    assert response.status_code == 200
    assert (hold.status, hold.captured_minor) == ("released", 0)
    assert (balance_of(ada_usd), held(ada_usd.ledger_account)) == ("1000.00", "0.00")


def test_answers_with_the_payout_as_it_is_then(ada, payout):
    before = ada.get(at(payout)).json()

    answer = ada.post(at(payout, "cancel")).json()

    assert answer == before | {
        "status": "cancelled",
        "updated_at": answer["updated_at"],
    }
    assert answer["updated_at"] > before["updated_at"]
    assert ada.get(at(payout)).json() == answer


def test_tells_of_it(ada, payout):
    response = ada.post(at(payout, "cancel"), {"reason": "No longer needed"})

    event = Event.objects.get(type="payout.cancelled")
    assert (event.subject_id, event.owner_ids) == (payout.pk, [ada.id])
    assert (event.actor, event.request_id) == (
        f"user:{ada.id}",
        response["X-Request-Id"],
    )
    assert event.data == {
        "payout_id": str(payout.pk),
        "account_id": str(payout.account_id),
        "amount": "10.00",
        "currency": "USD",
        "iban": MASKED,
        "reference": None,
        "reason": "No longer needed",
    }


def test_lets_no_worker_have_it(ada, payout, gateway):
    ada.post(at(payout, "cancel"))

    assert work_on_due(step=Step.SUBMIT, worker="w", seconds=0) == 0
    assert work_on_due(step=Step.ASK, worker="w", seconds=0) == 0
    assert gateway.heard == []
    assert not PayoutAttempt.objects.exists()


def test_of_one_that_waits_for_approval(ada, large, ada_rich):
    answer = ada.post(at(large, "cancel")).json()

    assert (answer["status"], answer["approval"]) == ("cancelled", "required")
    assert held(ada_rich.ledger_account) == "0.00"


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_by_staff(caller, who, payout):
    answer = caller(who).post(at(payout, "cancel")).json()

    assert answer["status"] == "cancelled"


def test_from_a_frozen_account(ada, operator, ada_usd, payout):
    operator.post(f"/v1/accounts/{ada_usd.pk}/freeze", {"reason": "r"})

    assert ada.post(at(payout, "cancel")).json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("says", "status"),
    [
        ("executed", "completed"),
        ("declined", "failed"),
        ("unknown", "processing"),
        ("underway", "processing"),
        # It was not sent, yet a worker is about to try again.
        ("not_sent", "processing"),
    ],
)
def test_refuses_one_that_a_worker_took_up(
    ada, operator, payout, gateway, nothing_moves, says, status
):
    gateway.will("submit", says)
    work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    for player in (ada, operator):
        with nothing_moves():
            response = player.post(at(payout, "cancel"))
        assert refusal_of(response) == (409, "invalid_state")
        assert f"The payout is {status};" in response.json()["detail"]


def test_refuses_one_that_was_cancelled(ada, payout, nothing_moves):
    ada.post(at(payout, "cancel"))

    with nothing_moves():
        response = ada.post(at(payout, "cancel"))

    assert refusal_of(response) == (409, "invalid_state")


def test_with_a_key_the_same_request_is_answered_the_same(ada, payout, nothing_moves):
    first = ada.post(at(payout, "cancel"), {"reason": "r"}, key="k")

    with nothing_moves():
        again = ada.post(at(payout, "cancel"), {"reason": "r"}, key="k")
        other = ada.post(at(payout, "cancel"), {"reason": "another"}, key="k")

    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_a_key_is_of_one_payout(ada, ada_usd, payout, payout_of):
    other = payout_of(ada, ada_usd)
    ada.post(at(payout, "cancel"), key="k")

    response = ada.post(at(other, "cancel"), key="k")

    assert refusal_of(response) == (409, "idempotency_key_reused")
    assert Payout.objects.get(pk=other.pk).status == PayoutStatus.PENDING


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": 7}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"force": True}, "/force"),
    ],
)
def test_refuses_a_body_of_another_shape(ada, payout, nothing_moves, body, pointer):
    with nothing_moves():
        response = ada.post(at(payout, "cancel"), body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]


def test_frees_the_funds_for_another(ada, ada_usd, rates, payout_of):
    first = payout_of(ada, ada_usd, "1000.00")
    ada.post(at(first, "cancel"))

    assert request_by(ada, ada_usd, "1000.00").status == PayoutStatus.PENDING


def test_as_a_service(ada, mallory, payout, nothing_moves):
    def cancel(payout_id, owner_id=None):
        return cancel_payout(
            payout_id=payout_id, reason="r", owner_id=owner_id, origin=ada.origin
        )

    with nothing_moves(), refused_with(NotFound):
        cancel(new_id())
    with nothing_moves(), refused_with(NotFound):
        cancel(payout.pk, mallory.id)
    assert cancel(payout.pk, ada.id).status == PayoutStatus.CANCELLED
    with nothing_moves(), refused_with(InvalidState):
        cancel(payout.pk, ada.id)
