"""batch_transfers ...: many orders in one request, atomic or independent."""

import pytest

from accounts.services import freeze_account
from events.models import Event
from ledger.models import JournalEntry
from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.errors import BatchRefused
from transfers.models import Transfer
from transfers.services import (
    InternalOrder,
    Payer,
    create_all_internal_transfers,
    create_internal_transfers,
)
from transfers.tests.orders import BATCH, batch, order, send

pytestmark = pytest.mark.django_db
MODES = ["atomic", "independent"]


@pytest.mark.parametrize("mode", MODES)
def test_makes_all_in_the_order_of_the_request(
    ada, ada_usd, grace_usd, balance_of, mode
):
    items = [
        order(ada_usd, grace_usd, f"{number}.00", reference=f"r{number}")
        for number in range(1, 6)
    ]

    response = send(ada, batch(*items, mode=mode))

    answer = response.json()
    assert response.status_code == 201
    assert list(answer) == ["mode", "completed", "failed", "items"]
    assert (answer["mode"], answer["completed"], answer["failed"]) == (mode, 5, 0)
    assert [(item["index"], item["status"]) for item in answer["items"]] == [
        (index, "completed") for index in range(5)
    ]
    assert [item["transfer"]["amount"] for item in answer["items"]] == [
        "1.00",
        "2.00",
        "3.00",
        "4.00",
        "5.00",
    ]
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("985.00", "65.00")


@pytest.mark.parametrize("mode", MODES)
def test_answers_each_transfer_as_its_own_resource_does(ada, ada_usd, grace_usd, mode):
    item = order(
        ada_usd,
        grace_usd,
        "1.5",
        currency="USD",
        reference="r",
        description="Rent",
        metadata={"month": 11},
    )

    [answer] = send(ada, batch(item, mode=mode)).json()["items"]

    assert set(answer) == {"index", "status", "transfer"}
    transfer = ada.get(f"/v1/transfers/{answer['transfer']['id']}").json()
    assert answer["transfer"] == transfer
    assert transfer["amount"] == "1.50"
    assert transfer["metadata"] == {"month": 11}


@pytest.mark.parametrize("mode", MODES)
def test_writes_one_entry_and_one_event_for_each(ada, ada_usd, grace_usd, mode):
    before = JournalEntry.objects.count()

    answer = send(ada, batch(*[order(ada_usd, grace_usd)] * 3, mode=mode)).json()

    ids = [item["transfer"]["id"] for item in answer["items"]]
    assert len(set(ids)) == 3
    assert JournalEntry.objects.count() == before + 3
    assert Event.objects.filter(subject_id__in=ids).count() == 3


def test_independent_makes_what_can_be_made(ada, ada_usd, grace_usd, balance_of):
    response = send(
        ada,
        batch(
            order(ada_usd, grace_usd, "600.00"),
            order(ada_usd, grace_usd, "600.00"),
            order(ada_usd, ada_usd, "1.00"),
            order(ada_usd, grace_usd, "400.00"),
            order(ada_usd, grace_usd, "0.01"),
        ),
    )

    answer = response.json()
    assert response.status_code == 201
    assert (answer["completed"], answer["failed"]) == (2, 3)
    assert [
        (item["index"], item["status"], item.get("error", {}).get("code"))
        for item in answer["items"]
    ] == [
        (0, "completed", None),
        (1, "failed", "insufficient_balance"),
        (2, "failed", "same_account_transfer"),
        (3, "completed", None),
        (4, "failed", "insufficient_balance"),
    ]
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("0.00", "1050.00")


def test_failed_items_carry_whole_problems(ada, ada_usd, grace_usd):
    response = ada.post(
        BATCH,
        batch(order(ada_usd, grace_usd, "1000.01"), order(ada_usd, ada_usd)),
        key="k",
        **{"X-Request-Id": "request-7"},
    )

    poor, same = response.json()["items"]
    assert poor == {
        "index": 0,
        "status": "failed",
        "error": {
            "type": "/problems/insufficient_balance",
            "title": poor["error"]["title"],
            "status": 422,
            "detail": "The account has 1000.00 USD available; 1000.01 is needed.",
            "instance": BATCH,
            "code": "insufficient_balance",
            "request_id": "request-7",
            "retryable": False,
            "errors": [],
            "available": "1000.00",
            "required": "1000.01",
            "currency": "USD",
        },
    }
    assert same["error"]["errors"] == [
        {
            "pointer": "/destination_account_id",
            "code": "same_account_transfer",
            "detail": "Source and destination are the same account.",
        }
    ]


def test_atomic_makes_all_or_nothing(ada, ada_usd, grace_usd, nothing_moves):
    items = [
        order(ada_usd, grace_usd, "600.00", reference="a"),
        order(ada_usd, grace_usd, "600.00", reference="b"),
        order(ada_usd, grace_usd, "400.00", reference="c"),
        order(ada_usd, ada_usd, "1.00"),
    ]

    with nothing_moves():
        response = send(ada, batch(*items, mode="atomic"))

    assert refusal_of(response) == (422, "batch_refused")
    problem = response.json()
    assert [
        (item["index"], item["status"], item.get("error", {}).get("code"))
        for item in problem["items"]
    ] == [
        (0, "not_executed", None),
        (1, "failed", "insufficient_balance"),
        (2, "not_executed", None),
        (3, "failed", "same_account_transfer"),
    ]
    assert problem["items"][0] == {"index": 0, "status": "not_executed"}
    assert set(problem["items"][1]) == {"index", "status", "error"}
    assert not Transfer.objects.filter(reference__in=["a", "b", "c"]).exists()


def test_atomic_uses_up_no_reference_when_refused(ada, ada_usd, grace_usd):
    good = order(ada_usd, grace_usd, "1.00", reference="a")
    send(ada, batch(good, order(ada_usd, ada_usd), mode="atomic"))

    assert send(ada, batch(good, mode="atomic")).status_code == 201


@pytest.mark.parametrize("mode", MODES)
def test_each_sees_what_the_ones_before_it_left(
    ada, operator, ada_usd, grace, account_of, balance_of, mode
):
    first, second = account_of(grace, "USD"), account_of(grace, "USD")
    chain = [
        order(ada_usd, first, "1000.00"),
        order(first, second, "999.99"),
        order(second, ada_usd, "999.98"),
    ]

    response = send(operator, batch(*chain, mode=mode))

    assert (response.status_code, response.json()["completed"]) == (201, 3)
    assert [balance_of(account) for account in (ada_usd, first, second)] == [
        "999.98",
        "0.01",
        "0.01",
    ]


def test_a_failed_item_leaves_nothing_to_the_next(
    operator, ada_usd, grace, account_of, nothing_moves
):
    empty = account_of(grace, "USD")
    items = [order(ada_usd, empty, "1000.01"), order(empty, ada_usd, "0.01")]

    with nothing_moves():
        answer = send(operator, batch(*items)).json()

    assert [item["error"]["code"] for item in answer["items"]] == [
        "insufficient_balance",
        "insufficient_balance",
    ]
    assert answer["items"][1]["error"]["available"] == "0.00"


def test_mixes_currencies_and_accounts(
    ada, grace, ada_usd, grace_usd, grace_eur, account_of, balance_of
):
    ada_eur, ada_jpy = account_of(ada, "EUR", "10.00"), account_of(ada, "JPY", "100")
    grace_jpy = account_of(grace, "JPY")

    answer = send(
        ada,
        batch(
            order(ada_usd, grace_usd, "1.00"),
            order(ada_eur, grace_eur, "2.00"),
            order(ada_jpy, grace_jpy, "3"),
            order(ada_usd, grace_eur, "4.00"),
            order(ada_jpy, grace_jpy, "3.0"),
        ),
    ).json()

    assert [item.get("error", {}).get("code") for item in answer["items"]] == [
        None,
        None,
        None,
        "currency_mismatch",
        "invalid_amount",
    ]
    assert [balance_of(a) for a in (ada_usd, ada_eur, ada_jpy)] == [
        "999.00",
        "8.00",
        "97",
    ]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"amount": "0"}, "invalid_amount"),
        ({"amount": "1.005"}, "invalid_amount"),
        ({"currency": "XXX"}, "unsupported_currency"),
        ({"currency": "EUR"}, "currency_mismatch"),
        ({"source_account_id": str(new_id())}, "account_not_found"),
        ({"destination_account_id": str(new_id())}, "account_not_found"),
    ],
)
def test_judges_item_by_item_what_is_no_matter_of_shape(
    ada, ada_usd, grace_usd, balance_of, item, code
):
    good = order(ada_usd, grace_usd, "1.00")

    answer = send(ada, batch(good, good | item, good)).json()

    assert [one.get("error", {}).get("code") for one in answer["items"]] == [
        None,
        code,
        None,
    ]
    assert balance_of(ada_usd) == "998.00"


def test_repeats_little_of_what_is_no_currency(ada, ada_usd, grace_usd, nothing_moves):
    item = order(ada_usd, grace_usd, "1.00") | {"currency": "X" * 100_000}

    with nothing_moves():
        response = send(ada, batch(item))

    [fault] = response.json()["items"][0]["error"]["errors"]
    assert (fault["pointer"], fault["code"]) == ("/currency", "unsupported_currency")
    assert len(response.content) < 2_000


@pytest.mark.parametrize("mode", MODES)
def test_refuses_frozen_accounts(ada, ada_usd, grace_usd, nothing_moves, mode):
    freeze_account(account_id=grace_usd.pk, reason="r", origin=ada.origin)

    with nothing_moves():
        answer = send(ada, batch(order(ada_usd, grace_usd), mode=mode)).json()

    [item] = answer["items"]
    assert item["error"]["code"] == "account_not_active"


@pytest.mark.parametrize("mode", MODES)
def test_of_a_thousand(ada, ada_usd, grace_usd, balance_of, mode):
    items = [order(ada_usd, grace_usd, "0.10") for _ in range(1000)]

    answer = send(ada, batch(*items, mode=mode)).json()

    assert (answer["completed"], answer["failed"]) == (1000, 0)
    assert [item["index"] for item in answer["items"]] == list(range(1000))
    assert len({item["transfer"]["id"] for item in answer["items"]}) == 1000
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("900.00", "150.00")


def test_of_a_thousand_that_all_fail(mallory, ada_usd, grace_usd, nothing_moves):
    with nothing_moves():
        response = send(mallory, batch(*[order(ada_usd, grace_usd)] * 1000))

    answer = response.json()
    assert response.status_code == 201
    assert (answer["completed"], answer["failed"]) == (0, 1000)


def test_as_a_service_answers_one_outcome_for_each(ada, ada_usd, grace_usd):
    orders = [
        InternalOrder(ada_usd.pk, grace_usd.pk, amount)
        for amount in ("1000.00", "0.01")
    ]

    made, refused = create_internal_transfers(
        orders=orders, payer=Payer(ada.id), origin=ada.origin
    )

    assert isinstance(made, Transfer)
    assert refused.code == "insufficient_balance"


def test_as_a_service_answers_nothing_for_nothing(ada, nothing_moves):
    with nothing_moves():
        outcomes = create_internal_transfers(
            orders=[], payer=Payer(ada.id), origin=ada.origin
        )

    assert outcomes == []


def test_as_a_service_tells_which_were_refused(ada, ada_usd, grace_usd, nothing_moves):
    orders = [
        InternalOrder(ada_usd.pk, grace_usd.pk, amount)
        for amount in ("1000.00", "0.01")
    ]

    with nothing_moves(), refused_with(BatchRefused) as caught:
        create_all_internal_transfers(
            orders=orders, payer=Payer(ada.id), origin=ada.origin
        )

    assert caught.value.detail == ("1 of 2 transfers were refused, so none was made.")
    [(index, refusal)] = caught.value.facts["refusals"].items()
    assert (index, refusal.code) == (1, "insufficient_balance")
