"""keep_references_unique: among all that one person ordered, for ever."""

import pytest

from paycore.testing.problems import pointers_of, refusal_of
from transfers.models import Transfer
from transfers.tests.orders import batch, order, send

pytestmark = pytest.mark.django_db


def test_refuses_a_second_transfer_with_the_same_one(
    ada, ada_usd, grace_usd, nothing_moves
):
    send(ada, order(ada_usd, grace_usd, reference="invoice 7"))

    with nothing_moves():
        response = send(ada, order(ada_usd, grace_usd, "3.00", reference="invoice 7"))

    assert refusal_of(response) == (409, "duplicate_reference")
    assert pointers_of(response) == ["/reference"]
    assert response.json()["reference"] == "invoice 7"


def test_from_any_of_the_persons_accounts(ada, ada_usd, account_of, nothing_moves):
    savings = account_of(ada, "USD", "10.00")
    send(ada, order(ada_usd, savings, reference="r"))

    with nothing_moves():
        response = send(ada, order(savings, ada_usd, reference="r"))

    assert refusal_of(response) == (409, "duplicate_reference")


def test_each_person_has_names_of_their_own(
    ada, grace, operator, ada_usd, grace_usd, balance_of
):
    for player, source, destination in [
        (ada, ada_usd, grace_usd),
        (grace, grace_usd, ada_usd),
        (operator, ada_usd, grace_usd),
    ]:
        response = send(player, order(source, destination, "1.00", reference="r"))
        assert response.status_code == 201

    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("999.00", "51.00")


def test_a_server_orders_in_the_name_of_its_person(
    caller, ada, ada_usd, grace_usd, nothing_moves
):
    server = caller("ada with transfers:write")
    send(ada, order(ada_usd, grace_usd, reference="r"))

    with nothing_moves():
        response = send(server, order(ada_usd, grace_usd, reference="r"))

    assert refusal_of(response) == (409, "duplicate_reference")


@pytest.mark.parametrize("other", ["R", "r ", "r\u0301", "0", "R" * 255])
def test_compares_them_letter_by_letter(ada, ada_usd, grace_usd, other):
    send(ada, order(ada_usd, grace_usd, reference="r"))

    response = send(ada, order(ada_usd, grace_usd, reference=other))

    assert (response.status_code, response.json()["reference"]) == (201, other)


def test_none_is_not_one(ada, ada_usd, grace_usd):
    for _ in range(2):
        assert send(ada, order(ada_usd, grace_usd, reference=None)).status_code == 201


def test_a_refused_order_does_not_use_it_up(ada, ada_usd, grace_usd):
    refused = send(ada, order(ada_usd, grace_usd, "1000.01", reference="r"))
    made = send(ada, order(ada_usd, grace_usd, "1000.00", reference="r"))

    assert refusal_of(refused) == (422, "insufficient_balance")
    assert made.status_code == 201


def test_batches_share_them_with_single_transfers(
    ada, ada_usd, grace_usd, balance_of, nothing_moves
):
    first = send(ada, order(ada_usd, grace_usd, "1.00", reference="a"))
    several = send(
        ada,
        batch(
            order(ada_usd, grace_usd, "1.00", reference="a"),
            order(ada_usd, grace_usd, "1.00", reference="b"),
        ),
    )
    with nothing_moves():
        last = send(ada, order(ada_usd, grace_usd, "1.00", reference="b"))

    assert first.status_code == 201
    assert [item["status"] for item in several.json()["items"]] == [
        "failed",
        "completed",
    ]
    assert refusal_of(last) == (409, "duplicate_reference")
    assert balance_of(ada_usd) == "998.00"


def test_one_batch_may_not_use_one_twice(ada, ada_usd, grace_usd, balance_of):
    items = [
        order(ada_usd, grace_usd, "1000.01", reference="r"),
        order(ada_usd, grace_usd, "1.00", reference="r"),
        order(ada_usd, grace_usd, "2.00", reference="r"),
    ]

    answer = send(ada, batch(*items)).json()

    assert [item.get("error", {}).get("code") for item in answer["items"]] == [
        "insufficient_balance",
        None,
        "duplicate_reference",
    ]
    assert balance_of(ada_usd) == "999.00"


def test_an_atomic_batch_that_uses_one_twice_is_refused(
    ada, ada_usd, grace_usd, nothing_moves
):
    item = order(ada_usd, grace_usd, "1.00", reference="r")

    with nothing_moves():
        response = send(ada, batch(item, item, mode="atomic"))

    assert refusal_of(response) == (422, "batch_refused")
    assert not Transfer.objects.filter(reference="r").exists()
