"""judge_payouts_in_order: of several faults in one request, the first one is told."""

import pytest

from paycore.api.principals import Scope
from paycore.lib.ids import new_id
from paycore.testing.cast import Caller
from paycore.testing.problems import pointers_of, refusal_of
from payouts.tests.orders import PAYOUTS, at, order, request_by

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_one_fault_after_the_other_in_a_request(
    ada, grace, ada_usd, account_of, frozen, settings
):
    request_by(ada, ada_usd, reference="taken")
    ada_frozen = frozen(ada, "USD", "5.00")
    ada_poor = account_of(ada, "USD", "5.00")
    settings.PAYOUT_GATEWAYS = {"EUR": "sandbox"}
    body = order(ada_usd, "x", iban="DE00", reference="taken")
    body |= {"account_id": str(new_id()), "currency": "XXX"}

    def answer(caller=ada, key=None, **changes):
        for name, value in changes.items():
            body[name] = str(value.pk) if name == "account_id" else value
        return refusal_of(caller.post(PAYOUTS, body, key=key))

    assert answer(Caller()) == (401, "unauthenticated")
    assert answer(ada.with_key(Scope.ACCOUNTS_READ)) == (403, "permission_denied")
    assert answer() == (400, "invalid_input")
    body["destination"] = order(ada_usd)["destination"]
    assert answer() == (400, "invalid_amount")
    assert answer(amount="10.005") == (400, "unsupported_currency")
    assert answer(currency="EUR") == (400, "invalid_amount")
    assert answer(amount="10.00") == (400, "idempotency_key_required")
    assert answer(key="k") == (404, "account_not_found")
    assert answer(grace, key="k", account_id=ada_frozen) == (403, "permission_denied")
    assert answer(key="k") == (409, "duplicate_reference")
    assert answer(key="k1", reference="free") == (422, "currency_mismatch")
    assert answer(key="k2", currency="USD") == (422, "account_not_active")
    assert answer(key="k3", account_id=ada_poor) == (422, "insufficient_balance")
    assert answer(key="k4", amount="5.00") == (503, "service_unavailable")
    settings.PAYOUT_GATEWAYS = {"*": "sandbox"}
    assert ada.post(PAYOUTS, body, key="k4").status_code == 202


def test_every_fault_of_the_shape_is_named_at_once(ada, nothing_moves):
    body = {
        "amount": 5,
        "currency": "XXX",
        "destination": {"type": "iban", "iban": "DE00", "bic": "X", "colour": "red"},
    }

    with nothing_moves():
        response = ada.post(PAYOUTS, body, key="k")

    assert set(pointers_of(response)) == {
        "/account_id",
        "/amount",
        "/currency",
        "/destination/iban",
        "/destination/name",
        "/destination/bic",
        "/destination/colour",
    }


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("cancel", {}),
        ("approve", {}),
        ("resolve", {"decision": "confirm_sent", "reason": "r"}),
    ],
)
def test_one_fault_after_the_other_in_what_is_done_with_one(
    ada, operator, ada_usd, gateway, verb, body
):
    payout = request_by(ada, ada_usd)
    someone = ada if verb == "cancel" else operator
    wrong = body | {"reason": 7}
    missing = at(new_id(), verb)
    reader = someone.with_key(Scope.ACCOUNTS_READ)

    assert refusal_of(Caller().post(missing, wrong)) == (401, "unauthenticated")
    assert refusal_of(reader.post(missing, wrong)) == (403, "permission_denied")
    assert refusal_of(someone.post(missing, wrong)) == (400, "invalid_input")
    assert refusal_of(someone.post(missing, body, key="x" * 256)) == (
        400,
        "invalid_input",
    )
    assert refusal_of(someone.post(missing, body)) == (404, "not_found")
    assert refusal_of(someone.post(at("me", verb), body)) == (404, "not_found")
    if verb == "cancel":
        assert someone.post(at(payout, verb), body).status_code == 200
    assert refusal_of(someone.post(at(payout, verb), body)) == (409, "invalid_state")


def test_who_may_not_approve_is_told_before_what_cannot_be_approved(operator, ada_usd):
    # It needs no approval, but that is not the first thing to say to its requester.
    payout = request_by(operator, ada_usd)

    response = operator.post(at(payout, "approve"))

    assert refusal_of(response) == (403, "permission_denied")
