"""transfer_detail ...: one transfer, as both sides see it. Who else: see authorize."""

import pytest

from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from transfers.tests.orders import order, send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["ada", "grace", "operator", "admin"])
def test_is_what_was_answered_when_it_was_made(caller, who, ada, ada_usd, grace_usd):
    body = order(ada_usd, grace_usd, reference="r", metadata={"month": 11})
    made = send(ada, body).json()

    response = caller(who).get(f"/v1/transfers/{made['id']}")

    assert (response.status_code, response.json()) == (200, made)
    assert response["Cache-Control"] == "no-store"


def test_stays_readable_whatever_becomes_of_the_accounts(
    ada, grace, ada_usd, account_of, pay
):
    other = account_of(grace)
    transfer = pay(ada, ada_usd, other, "1000.00")
    before = ada.get(f"/v1/transfers/{transfer.pk}").json()
    closed = ada.post(f"/v1/accounts/{ada_usd.pk}/close", {"reason": "r"})

    after = ada.get(f"/v1/transfers/{transfer.pk}").json()

    assert closed.status_code == 200
    assert after == before


def test_of_an_opening_balance_has_no_source(ada, ada_usd):
    [opening] = ada.get("/v1/transfers", kind="opening").json()["items"]

    transfer = ada.get(f"/v1/transfers/{opening['id']}").json()

    assert transfer["source_account_id"] is None
    assert transfer["destination_account_id"] == str(ada_usd.pk)
    assert (transfer["amount"], transfer["reference"]) == ("1000.00", None)


def test_is_found_by_its_id_in_any_letters(ada, ada_usd, grace_usd, pay):
    transfer = pay(ada, ada_usd, grace_usd, "1.00")

    response = ada.get(f"/v1/transfers/{str(transfer.pk).upper()}")

    assert response.json()["id"] == str(transfer.pk)


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_of_nothing_is_not_found(caller, who, subtests):
    somebody = caller(who)
    for text in ["me", "7", "internal7", "%00", "a b", "\u00fc", "x" * 500, new_id()]:
        with subtests.test(text=text):
            response = somebody.get(f"/v1/transfers/{text}")

            assert refusal_of(response) == (404, "not_found")
