"""refuse_malformed_transfers ...: what is judged before anything is looked up."""

import json

import pytest

from paycore.lib.ids import new_id
from paycore.testing.problems import pointers_of, refusal_of
from transfers.tests.orders import BATCH, INTERNAL, batch, order, send

pytestmark = pytest.mark.django_db

NO_OBJECTS = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"NaN",
    b'{"amount": NaN}',
    b'{"amount": 1e999}',
    b'{"amount": "1", "amount": "2"}',
    b"\xff\xfe",
    b'{"amount": "\\u0000"}',
    b'{"amount": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"amount": ' + b"9" * 10_000 + b"}",
    json.dumps({"mode": "atomic"}).encode("utf-16"),
]
BAD_AMOUNTS = [
    "0.010000005",
    10,
    10.5,
    0,
    True,
    None,
    [],
    {},
    ["10.00"],
    {"amount": "10.00"},
    "",
    " ",
    " 1",
    "1 ",
    "1\n",
    "\t1",
    "1e3",
    "1E3",
    "-1",
    "-0",
    "+1",
    "--1",
    ".5",
    "5.",
    "1,5",
    "1.000,00",
    "1_000",
    "0x10",
    "1.2.3",
    "NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "\u0661\u0662\u0663",
    "\uff11\uff10",
    "1\u066b5",
    "\u00b2",
    "1.123456789",
    "1234567890123456",
    "9" * 5000,
    "1." + "0" * 5000,
    "10.00 USD",
    "$10",
    "ten",
    "null",
]
NO_UUIDS = [
    None,
    7,
    "",
    "me",
    "00000000-0000-0000-0000-00000000000",
    "00000000000000000000000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
    "0000000g-0000-0000-0000-000000000000",
    "\uff100000000-0000-0000-0000-000000000000",
    " 00000000-0000-0000-0000-000000000000",
    "00000000-0000-0000-0000-000000000000\n",
    ["00000000-0000-0000-0000-000000000000"],
    "x" * 5000,
]
DEEP: dict[str, object] = {"a": {"b": {"c": {"d": {"e": {}}}}}}
OTHER_KINDS = [
    ("reference", ""),
    ("reference", "  "),
    ("reference", 7),
    ("reference", "x" * 256),
    ("reference", "a\0b"),
    ("reference", "a\nb"),
    ("reference", "a\u200bb"),
    ("description", None),
    ("description", 7),
    ("description", "x" * 501),
    ("description", "a\0b"),
    ("metadata", None),
    ("metadata", []),
    ("metadata", "{}"),
    ("metadata", {"a": "x" * 8192}),
    ("metadata", {str(number): number for number in range(51)}),
    ("metadata", DEEP),
    ("metadata", {"a": 2**53}),
    ("metadata", {"a": 10**400}),
    ("currency", 840),
    ("currency", []),
]


def test_of_amounts_that_are_no_decimal_strings(
    ada, ada_usd, grace_usd, nothing_moves, subtests
):
    good = order(ada_usd, grace_usd)
    for amount in BAD_AMOUNTS:
        bad = good | {"amount": amount}
        with subtests.test(amount=amount), nothing_moves():
            single = send(ada, bad)
            several = send(ada, batch(good, good, good, bad))

            assert refusal_of(single) == (400, "invalid_amount")
            assert pointers_of(single) == ["/amount"]
            assert refusal_of(several) == (400, "invalid_amount")
            assert pointers_of(several) == ["/transfers/3/amount"]


@pytest.mark.parametrize("amount", ["0", "0.00", "000", "0.00000000"])
def test_of_an_amount_of_nothing(ada, ada_usd, grace_usd, nothing_moves, amount):
    with nothing_moves():
        response = send(ada, order(ada_usd, grace_usd, amount))

    assert refusal_of(response) == (400, "invalid_amount")
    assert pointers_of(response) == ["/amount"]


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("USD", "0.01000005"), ("USD", "1.000"), ("JPY", "1.0"), ("KWD", "1.0005")],
)
@pytest.mark.parametrize("is_named", [True, False])
def test_of_more_decimals_than_the_currency_has(
    ada, grace, account_of, nothing_moves, currency, amount, is_named
):
    body = order(account_of(ada, currency, "100"), account_of(grace, currency), amount)
    if is_named:
        body["currency"] = currency

    with nothing_moves():
        response = send(ada, body)

    assert refusal_of(response) == (400, "invalid_amount")
    assert pointers_of(response) == ["/amount"]
    assert "Nothing is rounded." in response.json()["detail"]


@pytest.mark.parametrize("field", ["source_account_id", "destination_account_id"])
def test_of_ids_that_are_no_uuids(
    ada, ada_usd, grace_usd, nothing_moves, subtests, field
):
    for value in NO_UUIDS:
        bad = order(ada_usd, grace_usd) | {field: value}
        with subtests.test(value=value), nothing_moves():
            single, several = send(ada, bad), send(ada, batch(bad))

            assert refusal_of(single) == (400, "invalid_input")
            assert pointers_of(single) == [f"/{field}"]
            assert refusal_of(several) == (400, "invalid_input")
            assert pointers_of(several) == [f"/transfers/0/{field}"]


def test_of_fields_of_another_kind(ada, ada_usd, grace_usd, nothing_moves, subtests):
    for field, value in OTHER_KINDS:
        bad = order(ada_usd, grace_usd) | {field: value}
        with subtests.test(field=field, value=value), nothing_moves():
            single, several = send(ada, bad), send(ada, batch(bad))

            assert refusal_of(single) == (400, "invalid_input")
            assert pointers_of(single)[0].startswith(f"/{field}")
            assert refusal_of(several) == (400, "invalid_input")
            assert pointers_of(several)[0].startswith(f"/transfers/0/{field}")


@pytest.mark.parametrize("currency", ["", "usd", "XXX", "US", "DOLLARS", "U" * 5000])
def test_of_unknown_currencies(ada, ada_usd, grace_usd, nothing_moves, currency):
    with nothing_moves():
        response = send(ada, order(ada_usd, grace_usd, currency=currency))

    assert refusal_of(response) == (400, "unsupported_currency")
    assert pointers_of(response) == ["/currency"]


def test_takes_null_for_what_may_be_left_out(ada, ada_usd, grace_usd):
    body = order(ada_usd, grace_usd, currency=None, reference=None)

    assert send(ada, body).status_code == 201


@pytest.mark.parametrize(
    "field", ["source_account_id", "destination_account_id", "amount"]
)
def test_of_a_missing_field(ada, ada_usd, grace_usd, nothing_moves, field):
    body = order(ada_usd, grace_usd)
    del body[field]

    with nothing_moves():
        response = send(ada, body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [f"/{field}"]


@pytest.mark.parametrize(
    "field", ["kind", "status", "id", "created_at", "rate", "Amount", "a/b~c", ""]
)
def test_of_a_field_that_does_not_exist(ada, ada_usd, grace_usd, nothing_moves, field):
    body = order(ada_usd, grace_usd) | {field: "x"}

    with nothing_moves():
        response = send(ada, body)

    assert refusal_of(response) == (400, "invalid_input")
    pointer = field.replace("~", "~0").replace("/", "~1")
    assert pointers_of(response) == [f"/{pointer}"]


def test_of_the_same_account_twice(ada, ada_usd, nothing_moves):
    with nothing_moves():
        response = send(ada, order(ada_usd, ada_usd))

    assert refusal_of(response) == (400, "same_account_transfer")
    assert pointers_of(response) == ["/destination_account_id"]


def test_of_the_same_account_in_other_letters(ada, ada_usd, nothing_moves):
    body = order(ada_usd, ada_usd)
    body["source_account_id"] = body["source_account_id"].upper()

    with nothing_moves():
        response = send(ada, body)

    assert refusal_of(response) == (400, "same_account_transfer")


def test_names_every_fault_at_once(ada, nothing_moves):
    with nothing_moves():
        response = send(ada, {"amount": 5, "currency": "XXX", "colour": "red"})

    assert refusal_of(response) == (400, "invalid_input")
    assert {
        (error["pointer"], error["code"]) for error in response.json()["errors"]
    } == {
        ("/source_account_id", "invalid_input"),
        ("/destination_account_id", "invalid_input"),
        ("/amount", "invalid_amount"),
        ("/currency", "unsupported_currency"),
        ("/colour", "invalid_input"),
    }


@pytest.mark.parametrize("path", [INTERNAL, BATCH])
def test_of_bodies_that_are_not_one_json_object(ada, path, nothing_moves, subtests):
    for body in NO_OBJECTS:
        with subtests.test(body=body[:20]), nothing_moves():
            response = ada.post(path, body, key="k")

            assert refusal_of(response) == (400, "invalid_input")


@pytest.mark.parametrize("path", [INTERNAL, BATCH])
def test_of_bodies_that_are_too_large(ada, path, nothing_moves):
    with nothing_moves():
        response = ada.post(path, b" " * (1024 * 1024 + 1), key="k")

    assert refusal_of(response) == (413, "payload_too_large")


@pytest.mark.parametrize("path", [INTERNAL, BATCH])
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_of_bodies_of_another_type(ada, path, content_type, nothing_moves):
    with nothing_moves():
        response = ada.client.post(
            path, b"{}", content_type=content_type, headers=ada.headers
        )

    assert refusal_of(response) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "schlüssel"])
def test_of_bad_idempotency_keys(ada, ada_usd, grace_usd, key, nothing_moves):
    with nothing_moves():
        response = ada.post(INTERNAL, order(ada_usd, grace_usd), key=key)

    code = "invalid_input" if key else "idempotency_key_required"
    assert refusal_of(response) == (400, code)


@pytest.mark.parametrize("path", [INTERNAL, BATCH])
def test_of_requests_without_an_idempotency_key(
    ada, ada_usd, grace_usd, path, nothing_moves
):
    body = order(ada_usd, grace_usd)

    with nothing_moves():
        response = ada.post(path, body if path == INTERNAL else batch(body))

    assert refusal_of(response) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/mode"),
        ({"mode": "atomic"}, "/transfers"),
        ({"mode": "both", "transfers": []}, "/mode"),
        ({"mode": None, "transfers": []}, "/mode"),
        ({"mode": "atomic", "transfers": []}, "/transfers"),
        ({"mode": "atomic", "transfers": None}, "/transfers"),
        ({"mode": "atomic", "transfers": {}}, "/transfers"),
        ({"mode": "atomic", "transfers": [None]}, "/transfers/0"),
        ({"mode": "atomic", "transfers": [[]]}, "/transfers/0"),
        ({"mode": "atomic", "transfers": [7]}, "/transfers/0"),
        ({"mode": "atomic", "transfers": [{}]}, "/transfers/0/source_account_id"),
        ({"mode": "atomic", "transfers": [], "key": "k"}, "/key"),
    ],
)
def test_of_batches_of_another_shape(ada, nothing_moves, body, pointer):
    with nothing_moves():
        response = ada.post(BATCH, body, key="k")

    assert refusal_of(response) == (400, "invalid_input")
    assert pointer in pointers_of(response)


def test_of_batches_with_an_unknown_field_in_an_item(
    ada, ada_usd, grace_usd, nothing_moves
):
    with nothing_moves():
        response = send(
            ada, batch(order(ada_usd, grace_usd), order(ada_usd, grace_usd, kind="x"))
        )

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/transfers/1/kind"]


def test_of_batches_of_more_than_a_thousand(ada, ada_usd, grace_usd, nothing_moves):
    item = order(ada_usd, grace_usd, "0.01")

    with nothing_moves():
        response = send(ada, batch(*[item] * 1001))

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/transfers"]


def test_of_methods_that_are_not_there(ada):
    for path in (INTERNAL, BATCH):
        assert refusal_of(ada.get(path)) == (405, "method_not_allowed")
    response = ada.post("/v1/transfers", {})
    assert refusal_of(response) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"
    assert refusal_of(ada.delete(f"/v1/transfers/{new_id()}")) == (
        405,
        "method_not_allowed",
    )
