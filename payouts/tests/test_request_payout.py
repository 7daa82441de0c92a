"""request_payout: funds are held at once, the rest is for a worker."""

from datetime import UTC, datetime

import pytest

from accounts.services import close_account
from events.models import Event
from ledger.models import Hold
from paycore.lib.errors import ServiceUnavailable
from paycore.lib.ids import new_id
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from payouts.models import Payout, Step
from payouts.tests.orders import IBAN, MASKED, at, order, request_by, send
from payouts.tests.working import held_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_answers_with_the_payout_as_documented(ada, ada_usd):
    body = order(ada_usd, "75.00", bic="COBADEFFXXX", reference="withdrawal-17")

    response = send(ada, body)

    answer = response.json()
    assert response.status_code == 202
    assert answer == {
        "id": answer["id"],
        "status": "pending",
        "account_id": str(ada_usd.pk),
        "amount": "75.00",
        "currency": "USD",
        "destination": {
            "type": "iban",
            "iban": MASKED,
            "name": "Ada Lovelace",
            "bic": "COBADEFFXXX",
        },
        "reference": "withdrawal-17",
        "gateway_reference": None,
        "failure_code": None,
        "attempts": 0,
        "approval": None,
        "risk": None,
        "created_at": answer["created_at"],
        "updated_at": answer["created_at"],
        "completed_at": None,
    }
    assert list(answer) == list(ada.get(at(answer["id"])).json())
    made = datetime.fromisoformat(answer["created_at"])
    assert answer["created_at"].endswith("Z")
    assert abs((datetime.now(UTC) - made).total_seconds()) < 60


def test_reads_the_same_as_it_was_answered(ada, ada_usd):
    answer = send(ada, order(ada_usd)).json()

    assert ada.get(at(answer["id"])).json() == answer


def test_holds_the_funds_and_posts_nothing(ada, ada_usd, balance_of):
    answer = send(ada, order(ada_usd, "75.00")).json()

    balance = ada.get(f"/v1/accounts/{ada_usd.pk}/balance").json()
    hold = Hold.objects.get()
    assert (balance["posted"], balance["held"], balance["available"]) == (
        "1000.00",
        "75.00",
        "925.00",
    )
    assert (hold.owner, hold.amount_minor, hold.currency, hold.expires_at) == (
        f"payout:{answer['id']}",
        7500,
        "USD",
        None,
    )
    assert Payout.objects.get().hold_id == hold.pk
    assert balance_of(ada_usd) == "1000.00"


def test_is_due_at_once(ada, ada_usd):
    send(ada, order(ada_usd))

    payout = Payout.objects.get()
    assert (payout.step, payout.due_at, payout.attempts) == (
        Step.SUBMIT,
        payout.created_at,
        0,
    )
    assert (payout.requested_by_id, payout.owner_id, payout.gateway) == (
        ada.id,
        ada.id,
        "sandbox",
    )


def test_tells_of_it(ada, ada_usd):
    response = send(ada, order(ada_usd, "75.00", reference="r"))

    event = Event.objects.get(type="payout.pending")
    assert (event.subject_type, str(event.subject_id), event.owner_ids) == (
        "payout",
        response.json()["id"],
        [ada.id],
    )
    assert (event.actor, event.request_id) == (
        f"user:{ada.id}",
        response["X-Request-Id"],
    )
    assert event.data == {
        "payout_id": response.json()["id"],
        "account_id": str(ada_usd.pk),
        "amount": "75.00",
        "currency": "USD",
        "iban": MASKED,
        "reference": "r",
        "approval": None,
    }


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"status": "completed"}, "/status"),
        ({"approval": None}, "/approval"),
        ({"gateway": "sepa"}, "/gateway"),
        ({"destination": {"type": "iban", "iban": IBAN, "name": "A", "x": 1}}, "/x"),
        ({"destination": {"type": "card", "iban": IBAN, "name": "A"}}, "/type"),
        ({"destination": {"iban": IBAN, "name": "A"}}, "/type"),
        ({"destination": {"type": "iban", "name": "A"}}, "/iban"),
        ({"destination": {"type": "iban", "iban": IBAN}}, "/name"),
        ({"destination": {}}, "/destination/type"),
        ({"destination": None}, "/destination"),
        ({"destination": IBAN}, "/destination"),
        ({"destination": [IBAN]}, "/destination"),
        ({"account_id": None}, "/account_id"),
        ({"account_id": "me"}, "/account_id"),
        ({"reference": ""}, "/reference"),
        ({"reference": "a\nb"}, "/reference"),
        ({"reference": "x" * 256}, "/reference"),
        ({"reference": 7}, "/reference"),
    ],
)
def test_of_fields_that_are_not_as_they_should_be(
    ada, ada_usd, nothing_moves, change, pointer
):
    with nothing_moves():
        response = send(ada, order(ada_usd) | change)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response)[0].endswith(pointer)


@pytest.mark.parametrize("field", ["account_id", "amount", "currency", "destination"])
def test_of_a_missing_field(ada, ada_usd, nothing_moves, field):
    body = order(ada_usd)
    del body[field]

    with nothing_moves():
        response = send(ada, body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [f"/{field}"]


@pytest.mark.parametrize(
    "amount",
    [
        *("0", "0.00", "-1.00", "+1.00", "1e3", "1,00", "10.005", "0.001", " 1", ""),
        *("NaN", "Infinity", "1234567890123456", "\u0661", 10, 10.5, None, True, []),
    ],
)
def test_of_amounts_that_are_wrong(ada, ada_usd, nothing_moves, amount):
    with nothing_moves():
        response = send(ada, order(ada_usd, amount))

    assert refusal_of(response) == (400, "invalid_amount")
    assert pointers_of(response) == ["/amount"]


@pytest.mark.parametrize("currency", ["usd", "XXX", "", "US"])
def test_of_unknown_currencies(ada, ada_usd, nothing_moves, currency):
    with nothing_moves():
        response = send(ada, order(ada_usd, currency=currency))

    assert refusal_of(response) == (400, "unsupported_currency")
    assert pointers_of(response) == ["/currency"]


def test_refuses_more_than_is_available(ada, ada_usd, nothing_moves):
    send(ada, order(ada_usd, "400.00"))

    with nothing_moves():
        response = send(ada, order(ada_usd, "600.01"))

    problem = response.json()
    assert refusal_of(response) == (422, "insufficient_balance")
    assert (problem["available"], problem["required"], problem["currency"]) == (
        "600.00",
        "600.01",
        "USD",
    )
    assert held_in(ada_usd) == "400.00"


def test_takes_all_that_there_is(ada, ada_usd):
    assert send(ada, order(ada_usd, "1000.00")).status_code == 202
    assert held_in(ada_usd) == "1000.00"


def test_what_is_held_cannot_be_spent(ada, ada_usd, grace_usd, nothing_moves):
    send(ada, order(ada_usd, "999.00"))
    transfer = {
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "1.01",
    }

    with nothing_moves():
        response = ada.post("/v1/transfers/internal", transfer, key="k")

    assert refusal_of(response) == (422, "insufficient_balance")


def test_refuses_a_frozen_account(ada, frozen, nothing_moves):
    account = frozen(ada, "USD", "100.00")

    with nothing_moves():
        response = send(ada, order(account))

    assert refusal_of(response) == (422, "account_not_active")


def test_refuses_a_closed_account(ada, account_of, nothing_moves):
    account = account_of(ada)
    close_account(account_id=account.pk, reason="r", origin=ada.origin)

    with nothing_moves():
        response = send(ada, order(account))

    assert refusal_of(response) == (422, "account_not_active")


def test_refuses_to_close_an_account_that_pays_out(ada, ada_usd, nothing_moves):
    send(ada, order(ada_usd, "1000.00"))

    with nothing_moves():
        response = ada.post(f"/v1/accounts/{ada_usd.pk}/close", {"reason": "r"})

    assert refusal_of(response) == (422, "account_not_empty")


def test_refuses_another_currency_than_the_accounts(ada, ada_usd, nothing_moves):
    with nothing_moves():
        response = send(ada, order(ada_usd, currency="EUR"))

    assert refusal_of(response) == (422, "currency_mismatch")


def test_knows_no_account_that_is_not_there(ada, operator, ada_usd, nothing_moves):
    body = order(ada_usd) | {"account_id": str(new_id())}

    for player in (ada, operator):
        with nothing_moves():
            response = send(player, body)
        assert refusal_of(response) == (404, "account_not_found")
        assert pointers_of(response) == ["/account_id"]


def test_refuses_a_strangers_account(mallory, ada_usd, nothing_moves):
    with nothing_moves():
        response = send(mallory, order(ada_usd))

    assert refusal_of(response) == (403, "permission_denied")


def test_lets_staff_pay_out_of_any_account(ada, operator, ada_usd):
    answer = send(operator, order(ada_usd)).json()

    payout = Payout.objects.get()
    assert (payout.owner_id, payout.requested_by_id) == (ada.id, operator.id)
    # What risk says of it is not for its owner.
    assert ada.get(at(answer["id"])).json() == answer | {"risk": None}


@pytest.mark.parametrize(
    ("currency", "holding", "amount"),
    [("EUR", "10.00", "9.99"), ("JPY", "1000", "999"), ("KWD", "1.000", "0.999")],
)
def test_in_the_decimals_of_the_currency(ada, account_of, currency, holding, amount):
    account = account_of(ada, currency, holding)

    answer = send(ada, order(account, amount)).json()

    assert (answer["amount"], answer["currency"]) == (amount, currency)
    assert held_in(account) == amount


@pytest.mark.parametrize(
    ("gateways", "chosen"),
    [({"*": "sandbox"}, "sandbox"), ({"USD": "sepa", "*": "sandbox"}, "sepa")],
)
def test_goes_by_the_gateway_of_its_currency(ada, ada_usd, settings, gateways, chosen):
    settings.PAYOUT_GATEWAYS = gateways

    send(ada, order(ada_usd))

    assert Payout.objects.get().gateway == chosen


def test_refuses_what_no_gateway_pays_out(ada, ada_usd, settings, nothing_moves):
    settings.PAYOUT_GATEWAYS = {"EUR": "sandbox"}

    with nothing_moves():
        response = send(ada, order(ada_usd))
    with nothing_moves(), refused_with(ServiceUnavailable):
        request_by(ada, ada_usd)

    assert refusal_of(response) == (503, "service_unavailable")
    assert response["Retry-After"]
