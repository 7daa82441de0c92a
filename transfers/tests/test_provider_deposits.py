"""A deposit that a payment provider tells of ..."""

import json

import pytest

from events.models import Event
from paycore.lib.errors import InvalidState
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from transfers import services
from transfers.models import InboxMessage, ProviderDeposit, Transfer
from transfers.tests.movements import (
    DEPOSITS,
    entry_of,
    legs_of,
    refund,
    reverse,
    send,
)
from transfers.tests.orders import INTERNAL, order
from transfers.tests.providers import notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("secrets")]


def test_is_credited(provider, ada_usd, balance_of):
    response = provider.tell(notice(ada_usd))

    made = Transfer.objects.get(kind="deposit")
    assert response.status_code == 200
    assert response.json() == {"status": "processed", "transfer_id": str(made.pk)}
    assert balance_of(ada_usd) == "1050.00"
    assert legs_of(made, ada=ada_usd) == [
        "house:deposits:USD -50.00 USD",
        "ada 50.00 USD",
    ]


def test_is_shown_to_its_owner(ada, mallory, provider, ada_usd):
    transfer_id = provider.tell(notice(ada_usd)).json()["transfer_id"]

    shown = ada.get(f"/v1/transfers/{transfer_id}").json()
    assert (shown["kind"], shown["status"]) == ("deposit", "completed")
    assert (shown["amount"], shown["currency"]) == ("50.00", "USD")
    assert shown["reference"] == "wire-1"
    assert shown["source_account_id"] is None
    assert mallory.get(f"/v1/transfers/{transfer_id}").status_code == 404


def test_is_nobodys_order(provider, ada, ada_usd):
    provider.tell(notice(ada_usd), x_request_id="request-7")

    made = Transfer.objects.get(kind="deposit")
    assert made.created_by_id is None
    told = Event.objects.get(subject_id=made.pk)
    assert (told.actor, told.request_id) == ("provider:default", "request-7")
    assert told.owner_ids == [ada.id]
    assert entry_of(made).kind == "deposit"


def test_is_kept_with_its_message(provider, ada_usd):
    body = json.dumps(notice(ada_usd), indent=3).encode()

    provider.tell(body, message_id="msg_1")

    [message] = InboxMessage.objects.all()
    assert (message.provider, message.message_id) == ("default", "msg_1")
    assert bytes(message.body) == body
    deposit = ProviderDeposit.objects.get()
    assert (deposit.reference, deposit.status) == ("wire-1", "processed")
    assert deposit.amount.text == "50.00"
    assert deposit.message_id == message.pk
    assert deposit.transfer == Transfer.objects.get(kind="deposit")


@pytest.mark.parametrize("second", ["msg_1", "msg_2"])
def test_is_credited_once_however_often_it_is_told(
    provider, ada_usd, second, nothing_moves, balance_of
):
    first = provider.tell(notice(ada_usd), message_id="msg_1").json()

    with nothing_moves():
        again = [
            provider.tell(notice(ada_usd), message_id=second).json() for _ in range(3)
        ]

    assert (
        again
        == [
            {"status": "duplicate", "transfer_id": first["transfer_id"]},
        ]
        * 3
    )
    assert balance_of(ada_usd) == "1050.00"
    assert ProviderDeposit.objects.count() == 1
    assert InboxMessage.objects.count() == len({"msg_1", second})


def test_is_the_same_however_its_json_is_written(provider, ada_usd, nothing_moves):
    body = notice(ada_usd)
    provider.tell(body)

    with nothing_moves():
        again = provider.tell(json.dumps(dict(reversed(body.items()))).encode())
        other = provider.tell(json.dumps(body | {"amount": "50.0"}).encode())

    assert again.json()["status"] == other.json()["status"] == "duplicate"


def test_is_told_in_any_order(provider, ada_usd, grace_usd, balance_of):
    first = notice(ada_usd, "1.00", reference="a")
    second = notice(grace_usd, "2.00", reference="b")
    third = notice(ada_usd, "4.00", reference="c")

    answers = [
        provider.tell(body, message_id=body["reference"]).json()["status"]
        for body in (third, first, third, second, first, second, third)
    ]

    assert answers == [
        "processed",
        "processed",
        "duplicate",
        "processed",
        "duplicate",
        "duplicate",
        "duplicate",
    ]
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("1005.00", "52.00")


def test_said_differently_the_second_time_is_refused(
    provider, ada_usd, grace_usd, nothing_moves
):
    said = notice(ada_usd)
    provider.tell(said)
    changes = [
        {"amount": "50.01"},
        {"account_id": str(grace_usd.pk)},
        {"currency": "EUR"},
    ]

    for change in changes:
        with nothing_moves():
            response = provider.tell(said | change)
        assert refusal_of(response) == (409, "duplicate_reference")
        assert pointers_of(response) == ["/reference"]
    # What was said is kept all the same.
    assert InboxMessage.objects.count() == 4
    assert ProviderDeposit.objects.count() == 1


def test_under_the_id_of_another_message_is_refused(provider, ada_usd, nothing_moves):
    provider.tell(notice(ada_usd), message_id="msg_1")

    with nothing_moves():
        response = provider.tell(
            notice(ada_usd, reference="wire-2"), message_id="msg_1"
        )

    assert refusal_of(response) == (409, "invalid_state")
    assert not ProviderDeposit.objects.filter(reference="wire-2").exists()


def test_can_be_reversed_but_not_refunded(
    provider, operator, ada_usd, nothing_moves, balance_of
):
    provider.tell(notice(ada_usd))
    made = Transfer.objects.get(kind="deposit")

    with nothing_moves(), refused_with(InvalidState):
        refund(operator, made)
    reverse(operator, made)

    assert balance_of(ada_usd) == "1000.00"


def test_after_a_reversal_is_not_credited_again(
    provider, operator, ada_usd, nothing_moves
):
    transfer_id = provider.tell(notice(ada_usd)).json()["transfer_id"]
    reverse(operator, Transfer.objects.get(pk=transfer_id))

    with nothing_moves():
        again = provider.tell(notice(ada_usd)).json()

    assert again == {"status": "duplicate", "transfer_id": transfer_id}


def test_shares_references_and_keys_with_nobody(
    provider, ada, operator, ada_usd, grace_usd, balance_of
):
    body = order(ada_usd, grace_usd, "1.00", reference="wire-1")
    by_operator = notice(ada_usd)

    statuses = [
        send(ada, INTERNAL, body, key="msg_1").status_code,
        provider.tell(
            notice(ada_usd), message_id="msg_1", idempotency_key="msg_1"
        ).status_code,
        send(operator, DEPOSITS, by_operator, key="msg_1").status_code,
        provider.tell(
            notice(ada_usd, reference="wire-2"), idempotency_key="msg_1"
        ).status_code,
    ]

    assert statuses == [201, 200, 201, 200]
    assert balance_of(ada_usd) == "1149.00"


def test_is_stored_before_it_is_understood(provider, nothing_moves):
    contents = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'{"amount": NaN}',
        b'{"reference": "r", "reference": "r"}',
        b'{"reference": "\\u0000"}',
        b"[" * 100_000,
    ]

    for number, content in enumerate(contents, start=1):
        with nothing_moves():
            response = provider.tell(content)
        assert refusal_of(response) == (400, "invalid_input")
        assert InboxMessage.objects.count() == number
    kept = InboxMessage.objects.order_by("received_at", "pk")
    assert [bytes(message.body) for message in kept] == contents
    assert not ProviderDeposit.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"reference": ""}, "invalid_input", "/reference"),
        ({"reference": 7}, "invalid_input", "/reference"),
        ({"reference": "x" * 256}, "invalid_input", "/reference"),
        ({"account_id": "ada's"}, "invalid_input", "/account_id"),
        ({"colour": "red"}, "invalid_input", "/colour"),
        ({"amount": 50}, "invalid_amount", "/amount"),
        ({"amount": "-50.00"}, "invalid_amount", "/amount"),
        ({"amount": "0.00"}, "invalid_amount", "/amount"),
        ({"amount": "50.001"}, "invalid_amount", "/amount"),
        ({"currency": "XXX"}, "unsupported_currency", "/currency"),
    ],
)
def test_of_another_shape_is_stored_and_refused(
    provider, ada_usd, change, code, pointer, nothing_moves
):
    with nothing_moves():
        response = provider.tell(notice(ada_usd) | change)

    assert refusal_of(response) == (400, code)
    assert pointers_of(response) == [pointer]
    assert InboxMessage.objects.count() == 1


def test_is_stored_though_we_fail(
    provider, ada_usd, monkeypatch, nothing_moves, balance_of
):
    def fail(**_):
        raise RuntimeError("secret of ours")

    with monkeypatch.context() as patch, nothing_moves():
        patch.setattr(services, "receive_deposit", fail)
        failed = provider.tell(notice(ada_usd), message_id="msg_1")
    [message] = InboxMessage.objects.all()
    again = provider.tell(notice(ada_usd), message_id="msg_1")

    assert refusal_of(failed) == (500, "internal_error")
    assert message.message_id == "msg_1"
    assert again.json()["status"] == "processed"
    assert balance_of(ada_usd) == "1050.00"
