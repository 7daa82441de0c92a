"""A deposit that a payment provider tells of ..."""

import json
import time

import pytest

from accounts.errors import AccountNotFound
from accounts.services import close_account, unfreeze_account
from events.models import Event
from ledger.errors import AccountNotActive
from paycore.lib.errors import CurrencyMismatch, InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with
from transfers import services
from transfers.models import InboxMessage, ProviderDeposit, Transfer
from transfers.services import resolve_deposit
from transfers.tests.movements import (
    DEPOSITS,
    entry_of,
    events_of,
    house_holds,
    legs_of,
    refund,
    reverse,
    send,
)
from transfers.tests.orders import INTERNAL, order
from transfers.tests.providers import OTHER_SECRET, SECRET, Provider, notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("secrets")]


@pytest.fixture
def provider():
    return Provider()


def resolve(operator, deposit, account=None):
    return resolve_deposit(
        deposit_id=deposit.pk,
        account_id=None if account is None else account.pk,
        reason="A call from the bank",
        by=operator.id,
        origin=operator.origin,
    )


@pytest.fixture
def parked(provider, grace_eur):
    """50.00 USD that were announced for an account in euros."""
    answer = provider.tell(notice(grace_eur)).json()
    assert answer == {"status": "parked", "transfer_id": None}
    return ProviderDeposit.objects.get()


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


@pytest.fixture
def places(ada, account_of, frozen, grace_eur):
    """Accounts that cannot take 50.00 USD, by what is wrong with them."""
    closed = account_of(ada)
    close_account(account_id=closed.pk, reason="r", origin=ada.origin)
    return {
        "account_not_found": type(closed)(pk=new_id()),
        "account_not_active": frozen(ada),
        "closed": closed,
        "currency_mismatch": grace_eur,
    }


@pytest.mark.parametrize(
    "place", ["account_not_found", "account_not_active", "closed", "currency_mismatch"]
)
def test_is_parked_when_its_account_cannot_take_it(
    provider, places, place, ada, balance_of
):
    body = notice(places[place])

    responses = [provider.tell(body, message_id=f"msg_{n // 2}") for n in range(4)]

    for response in responses:
        assert response.status_code == 200
        assert response.json() == {"status": "parked", "transfer_id": None}
    [deposit] = ProviderDeposit.objects.all()
    why = "account_not_active" if place == "closed" else place
    assert (deposit.status, deposit.why_parked) == ("parked", why)
    assert deposit.account_id == places[place].pk
    assert not Transfer.objects.filter(kind="deposit").exists()
    assert house_holds("house:deposits:USD") == "0.00"
    assert events_of(deposit.pk) == ["deposit.parked"]


def test_is_parked_when_it_is_more_than_the_books_can_count(
    provider, ada, account_of, balance_of
):
    full = account_of(ada, "BTC", "92233720368.54775807")

    response = provider.tell(notice(full, "0.00000001", "BTC"))

    assert response.json() == {"status": "parked", "transfer_id": None}
    assert ProviderDeposit.objects.get().why_parked == "limit_exceeded"
    assert balance_of(full) == "92233720368.54775807"


def test_tells_what_was_parked_and_why(provider, grace_eur, parked):
    told = Event.objects.get(type="deposit.parked")

    assert (told.actor, told.subject_type) == ("provider:default", "deposit")
    assert told.owner_ids == []
    assert told.data == {
        "deposit_id": str(parked.pk),
        "account_id": str(grace_eur.pk),
        "amount": "50.00",
        "currency": "USD",
        "provider": "default",
        "provider_reference": "wire-1",
        "why": "currency_mismatch",
    }


def test_stays_parked_until_somebody_decides(
    provider, ada, ada_usd, frozen, nothing_moves
):
    cold = frozen(ada)
    provider.tell(notice(cold))
    unfreeze_account(account_id=cold.pk, reason="r", origin=ada.origin)

    with nothing_moves():
        again = provider.tell(notice(cold))
        other = provider.tell(notice(ada_usd))

    assert again.json() == {"status": "parked", "transfer_id": None}
    assert refusal_of(other) == (409, "duplicate_reference")


def test_is_moved_to_where_an_operator_says(
    provider, operator, ada, ada_usd, grace_eur, parked, balance_of
):
    resolved = resolve(operator, parked, ada_usd)

    made = resolved.transfer
    assert (resolved.status, resolved.why_parked) == ("resolved", "currency_mismatch")
    assert balance_of(ada_usd) == "1050.00"
    assert (made.created_by_id, made.reference) == (operator.id, None)
    assert made.description == "A call from the bank"
    assert made.metadata == {"provider": "default", "provider_reference": "wire-1"}
    assert events_of(parked.pk) == ["deposit.parked", "deposit.resolved"]
    told = Event.objects.get(type="deposit.resolved")
    assert (told.actor, told.data["reason"]) == (
        f"user:{operator.id}",
        "A call from the bank",
    )
    # The provider hears of it when it asks again.
    assert provider.tell(notice(grace_eur)).json() == {
        "status": "duplicate",
        "transfer_id": str(made.pk),
    }
    assert ada.get(f"/v1/transfers/{made.pk}").status_code == 200


def test_is_put_aside_when_nobody_knows_whose_it_is(operator, parked):
    resolved = resolve(operator, parked)

    assert legs_of(resolved.transfer) == [
        "house:deposits:USD -50.00 USD",
        "house:suspense:USD 50.00 USD",
    ]
    transfer = resolved.transfer
    assert (transfer.source_account_id, transfer.destination_account_id) == (None, None)
    shown = operator.get(f"/v1/transfers/{transfer.pk}").json()
    assert (shown["kind"], shown["destination_account_id"]) == ("deposit", None)


def test_is_resolved_once(operator, ada_usd, parked, nothing_moves):
    resolve(operator, parked, ada_usd)

    for account in (ada_usd, None):
        with nothing_moves(), refused_with(InvalidState):
            resolve(operator, parked, account)


def test_is_resolved_only_when_parked(
    provider, operator, ada_usd, grace_usd, nothing_moves
):
    provider.tell(notice(ada_usd))
    done = ProviderDeposit.objects.get()

    with nothing_moves(), refused_with(InvalidState):
        resolve(operator, done, grace_usd)
    with nothing_moves(), refused_with(NotFound):
        resolve(operator, ProviderDeposit(), grace_usd)


def test_stays_parked_when_an_operator_errs(
    operator, ada, ada_usd, grace_eur, frozen, parked, nothing_moves, balance_of
):
    for refusal, account in (
        (AccountNotFound, type(ada_usd)(pk=new_id())),
        (CurrencyMismatch, grace_eur),
        (AccountNotActive, frozen(ada)),
    ):
        with nothing_moves(), refused_with(refusal):
            resolve(operator, parked, account)

    parked.refresh_from_db()
    assert parked.status == "parked"
    resolve(operator, parked, ada_usd)
    assert balance_of(ada_usd) == "1050.00"


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


BAD_SIGNATURES = [
    None,
    "",
    " ",
    "v1",
    "v1,",
    "v1,,",
    ",",
    "v1 ",
    "v1,not base64",
    "v1,!!!!",
    "v1,AAAA",
    "v1,\u00e4\u00f6\u00fc",
    "v1," + "A" * 10_000,
    "v2,{right}",
    "v1a,{right}",
    "V1,{right}",
    "{right}",
    "v1{right}",
    "v1,{right}A",
    "v1,{right},",
    "v1, {right}",
    "v1,{wrong}",
    "v1,{wrong} v1,{wrong}",
]


@pytest.mark.parametrize("signature", BAD_SIGNATURES)
def test_is_refused_unless_it_is_signed(provider, ada_usd, signature, nothing_moves):
    content = json.dumps(notice(ada_usd)).encode()
    now = str(int(time.time()))
    if signature is not None:
        signature = signature.replace(
            "{right}", provider.sign("m", now, content).removeprefix("v1,")
        ).replace("{wrong}", provider.sign("n", now, content).removeprefix("v1,"))

    with nothing_moves():
        response = provider.tell(
            content, message_id="m", timestamp=now, webhook_signature=signature
        )

    assert refusal_of(response) == (401, "invalid_signature")
    assert not InboxMessage.objects.exists()


@pytest.mark.parametrize(
    "signatures",
    [
        "{right}",
        "v1,AAAA {right}",
        "{right} v1,AAAA",
        "v1a,abc {right}",
        "v1a,abc v2,abc {right}",
        "rubbish {right}",
        "{right} rubbish",
        "v1,not-base64! {right}",
        "  {right}",
    ],
)
def test_is_accepted_when_one_of_its_signatures_is_right(provider, ada_usd, signatures):
    content = json.dumps(notice(ada_usd)).encode()
    now = str(int(time.time()))
    right = provider.sign("m", now, content)

    response = provider.tell(
        content,
        message_id="m",
        timestamp=now,
        webhook_signature=signatures.replace("{right}", right),
    )

    assert response.status_code == 200


@pytest.mark.parametrize("age", [-290, 290])
def test_may_be_five_minutes_old(provider, ada_usd, age):
    response = provider.tell(notice(ada_usd), timestamp=int(time.time()) - age)

    assert response.json()["status"] == "processed"


@pytest.mark.parametrize("age", [-310, 310, 86400, 1_000_000_000])
def test_is_refused_when_it_is_stale(provider, ada_usd, age, nothing_moves):
    with nothing_moves():
        response = provider.tell(notice(ada_usd), timestamp=int(time.time()) - age)

    assert refusal_of(response) == (401, "invalid_signature")
    assert not InboxMessage.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        "",
        "{now}.0",
        "{now}.5",
        "+{now}",
        "-{now}",
        " {now}x",
        "{now}e0",
        "1_{now}",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "9" * 400,
        "now",
        "2026-11-20T12:00:00Z",
        "0x65",
        "\u0661\u0662",
    ],
)
def test_is_refused_unless_its_time_is_a_whole_number(
    provider, ada_usd, form, nothing_moves
):
    now = str(int(time.time()))
    timestamp = form.replace("{now}", now)
    content = json.dumps(notice(ada_usd)).encode()

    # However it was signed: the text as it is, or the time that it may stand for.
    for signed_time in (timestamp, now):
        signature = provider.sign("m", signed_time, content)
        with nothing_moves():
            response = provider.tell(
                content,
                message_id="m",
                webhook_timestamp=timestamp,
                webhook_signature=signature,
            )
        assert refusal_of(response) == (401, "invalid_signature")


@pytest.mark.parametrize(
    "missing", ["webhook_id", "webhook_timestamp", "webhook_signature"]
)
def test_is_refused_without_one_of_its_headers(
    provider, ada_usd, missing, nothing_moves
):
    with nothing_moves():
        response = provider.tell(notice(ada_usd), **{missing: None})

    assert refusal_of(response) == (401, "invalid_signature")


@pytest.mark.parametrize("changed", ["webhook_id", "webhook_timestamp"])
def test_is_refused_when_a_header_was_changed(
    provider, ada_usd, changed, nothing_moves
):
    other = str(int(time.time()) - 7)

    with nothing_moves():
        response = provider.tell(notice(ada_usd), **{changed: other})

    assert refusal_of(response) == (401, "invalid_signature")


def test_is_refused_when_its_body_was_changed(provider, ada_usd, nothing_moves):
    now = str(int(time.time()))
    signature = provider.sign("m", now, json.dumps(notice(ada_usd)).encode())

    with nothing_moves():
        response = provider.tell(
            notice(ada_usd, "5000.00"),
            message_id="m",
            timestamp=now,
            webhook_signature=signature,
        )

    assert refusal_of(response) == (401, "invalid_signature")


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"reference": "\xe4"}'])
def test_is_refused_when_it_is_not_unicode(provider, content, nothing_moves):
    with nothing_moves():
        response = provider.tell(content)

    assert refusal_of(response) == (401, "invalid_signature")


def test_is_signed_with_any_of_our_secrets(ada_usd, settings):
    old, new = Provider(SECRET), Provider(OTHER_SECRET)

    settings.DEPOSIT_WEBHOOK_SECRETS = [OTHER_SECRET, SECRET]
    both = [
        each.tell(notice(ada_usd, reference=each.secret)).status_code
        for each in (old, new)
    ]
    settings.DEPOSIT_WEBHOOK_SECRETS = [OTHER_SECRET]
    after = [
        each.tell(notice(ada_usd, reference=each.secret)).status_code
        for each in (old, new)
    ]

    assert (both, after) == ([200, 200], [401, 200])


def test_is_refused_while_we_have_no_secret(provider, ada_usd, settings, nothing_moves):
    settings.DEPOSIT_WEBHOOK_SECRETS = []

    with nothing_moves():
        response = provider.tell(notice(ada_usd))

    assert refusal_of(response) == (401, "invalid_signature")


def test_needs_no_other_credentials(provider, ada, ada_usd):
    responses = [
        provider.tell(notice(ada_usd), authorization=value)
        for value in ("Bearer stale", ada.headers["Authorization"])
    ]

    assert [response.status_code for response in responses] == [200, 200]


def test_is_not_what_a_signed_in_operator_may_tell(admin, ada_usd, nothing_moves):
    with nothing_moves():
        response = admin.post("/v1/webhooks/deposit", notice(ada_usd))

    assert refusal_of(response) == (401, "invalid_signature")


def test_is_posted(provider):
    response = provider.client.get("/v1/webhooks/deposit")

    assert refusal_of(response) == (405, "method_not_allowed")


def test_may_be_a_megabyte_long_but_no_longer(provider, ada_usd, nothing_moves):
    with nothing_moves():
        longest = provider.tell(b" " * 2**20)
        longer = provider.tell(b" " * (2**20 + 1))

    assert refusal_of(longest) == (400, "invalid_input")
    assert refusal_of(longer) == (413, "payload_too_large")
    assert InboxMessage.objects.count() == 1
