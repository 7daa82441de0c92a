"""judge_transfers_in_order: of several faults in one order, the first one is told."""

import pytest

from paycore.api.principals import Scope
from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from transfers.tests.orders import INTERNAL, batch, order, send

pytestmark = pytest.mark.django_db


def test_one_fault_after_the_other(
    ada, grace, anonymous, ada_usd, grace_usd, grace_eur, account_of, frozen, pay
):
    pay(ada, ada_usd, grace_usd, "1.00", reference="taken")
    ada_eur = account_of(ada, "EUR", "5.00")
    ada_eur_frozen = frozen(ada, "EUR", "5.00")
    grace_eur_frozen = frozen(grace, "EUR")
    nobodys = type(ada_usd)(pk=new_id())
    body = order(nobodys, nobodys, "x", currency="XXX", reference="taken", colour="red")

    def answer(caller=ada, key=None, **changes):
        for name, value in changes.items():
            body[name] = getattr(value, "pk", value)
        return refusal_of(caller.post(INTERNAL, body, key=key))

    assert answer(anonymous) == (401, "unauthenticated")
    assert answer(ada.with_key(Scope.ACCOUNTS_READ)) == (403, "permission_denied")
    assert answer() == (400, "invalid_input")
    del body["colour"]
    assert answer() == (400, "invalid_amount")
    assert answer(amount="100000.00") == (400, "unsupported_currency")
    assert answer(amount="1.005", currency="USD") == (400, "invalid_amount")
    assert answer(amount="100000.00") == (400, "same_account_transfer")
    assert answer(destination_account_id=str(new_id())) == (
        400,
        "idempotency_key_required",
    )
    assert answer(key="k") == (404, "account_not_found")
    assert answer(key="k", source_account_id=grace_eur_frozen) == (
        404,
        "account_not_found",
    )
    assert answer(key="k", destination_account_id=ada_usd) == (403, "permission_denied")
    assert answer(key="k", source_account_id=ada_eur_frozen) == (
        409,
        "duplicate_reference",
    )
    assert answer(key="k1", reference="free") == (422, "currency_mismatch")
    assert answer(key="k2", currency=None) == (422, "currency_mismatch")
    assert answer(key="k3", destination_account_id=grace_eur_frozen) == (
        422,
        "account_not_active",
    )
    assert answer(key="k4", source_account_id=ada_eur) == (422, "account_not_active")
    assert answer(key="k5", destination_account_id=grace_eur) == (
        422,
        "insufficient_balance",
    )
    assert ada.post(INTERNAL, body | {"amount": "5.00"}, key="k6").status_code == 201


def test_decimals_are_judged_as_soon_as_the_currency_is_known(
    ada, mallory, ada_usd, nothing_moves
):
    nobodys = type(ada_usd)(pk=new_id())

    with nothing_moves():
        unknown = send(ada, order(nobodys, ada_usd, "1.005"))
        known = send(ada, order(ada_usd, nobodys, "1.005"))
        foreign = send(mallory, order(ada_usd, nobodys, "1.005"))
        named = send(ada, order(ada_usd, nobodys, "1.005", currency="KWD"))

    assert refusal_of(unknown) == (404, "account_not_found")
    assert refusal_of(known) == (400, "invalid_amount")
    assert refusal_of(foreign) == (400, "invalid_amount")
    # In dinars it would be right, so another fault comes first.
    assert refusal_of(named) == (404, "account_not_found")


def test_items_of_a_batch_are_judged_in_the_same_order(
    ada, grace, ada_usd, grace_usd, grace_eur, account_of, frozen, pay
):
    pay(ada, ada_usd, grace_usd, "1.00", reference="taken")
    nobodys = type(ada_usd)(pk=new_id())
    ada_frozen, grace_frozen = frozen(ada, "USD"), frozen(grace, "USD")
    taken = {"reference": "taken"}

    response = send(
        ada,
        batch(
            order(nobodys, nobodys, "1.005", currency="XXX", **taken),
            order(nobodys, nobodys, "1.005", currency="USD", **taken),
            order(nobodys, nobodys, "0", **taken),
            order(nobodys, nobodys, "1.005", **taken),
            order(nobodys, ada_usd, "1.005", **taken),
            order(ada_usd, nobodys, "1.005", **taken),
            order(grace_frozen, nobodys, "99999", **taken),
            order(grace_frozen, grace_eur, "99999", **taken),
            order(ada_frozen, grace_eur, "99999", **taken),
            order(ada_frozen, grace_eur, "99999"),
            order(ada_frozen, grace_frozen, "99999", currency="EUR"),
            order(ada_frozen, grace_usd, "99999"),
            order(ada_usd, grace_frozen, "99999"),
            order(ada_usd, grace_usd, "99999"),
        ),
    )

    errors = [item["error"] for item in response.json()["items"]]
    assert [(error["status"], error["code"]) for error in errors] == [
        (400, "unsupported_currency"),
        (400, "invalid_amount"),
        (400, "invalid_amount"),
        (400, "same_account_transfer"),
        (404, "account_not_found"),
        (400, "invalid_amount"),
        (404, "account_not_found"),
        (403, "permission_denied"),
        (409, "duplicate_reference"),
        (422, "currency_mismatch"),
        (422, "currency_mismatch"),
        (422, "account_not_active"),
        (422, "account_not_active"),
        (422, "insufficient_balance"),
    ]
