"""A message of a payment provider ..."""

import json
import time

import pytest

from paycore.testing.problems import refusal_of
from transfers.models import InboxMessage
from transfers.tests.providers import OTHER_SECRET, SECRET, Provider, notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("secrets")]


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


def test_has_an_id_that_can_be_stored_whole(provider, ada_usd):
    longest = provider.tell(notice(ada_usd), message_id="x" * 255)
    longer = provider.tell(notice(ada_usd, reference="wire-2"), message_id="x" * 256)

    assert longest.json()["status"] == "processed"
    assert refusal_of(longer) == (401, "invalid_signature")


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
