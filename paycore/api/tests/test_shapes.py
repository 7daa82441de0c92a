"""A request's shape: what fits, what does not, and how each fault is named."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import pytest

from paycore.api.errors import ShapeErrors
from paycore.api.shapes import (
    AmountGrammar,
    ByValue,
    Instant,
    Metadata,
    MoneyRequest,
    OptionalAmountText,
    QueryNumber,
    Reference,
    Request,
    Resource,
    ShortText,
    read_shape,
    read_uuid,
    refuse,
    rfc3339,
)
from paycore.api.tests.conftest import order
from paycore.api.tests.urls import OrderRequest


class Status(StrEnum):
    OPEN = "open"


class Everything(Request):
    amount: OptionalAmountText = None
    grammar: AmountGrammar = "1"
    at: Instant | None = None
    status: Annotated[Status, ByValue] | None = None
    limit: QueryNumber = 1
    name: Annotated[str, ShortText(5)] = "x"
    reference: Reference | None = None
    metadata: Metadata = {}


class Batch(Request):
    orders: list[OrderRequest]


def faults_of(shape, document):
    with pytest.raises(ShapeErrors) as refusal:
        read_shape(shape, document)
    return [(error.pointer, error.code) for error in refusal.value.errors]


def test_reads_what_fits():
    found = read_shape(OrderRequest, order(metadata={"a": [1, {"b": None}]}))

    assert found.amount == "150.75"
    assert found.source_id == read_uuid("01990000-0000-7000-8000-000000000001")
    assert found.metadata == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    "amount",
    [
        *(1, 1.5, None, True, [], {}, "", "0", "0.00", "00", "-1", "+1", "-0", "1e3"),
        *("1E3", "NaN", "Infinity", " 1", "1 ", "1\n", "1.", ".5", "1,000", "1_000"),
        *(
            10**4000,
            -(10**30),
            float("inf"),
            -0.0,
            "٣",
            "\uff11",
            "0x1",
            "1.005",
            "1234567890123456",
            "1.123456789",
            "1\x00",
        ),
    ],
)
def test_a_wrong_amount_is_an_invalid_amount(amount):
    assert faults_of(OrderRequest, order(amount=amount)) == [
        ("/amount", "invalid_amount")
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("0.01", "USD", True),
        ("0.010000005", "USD", False),
        ("0.001", "USD", False),
        ("1200", "JPY", True),
        ("1200.0", "JPY", False),
        ("1.125", "KWD", True),
        ("0.00000001", "BTC", True),
        ("92233720368.54775807", "BTC", True),
        ("92233720368.54775808", "BTC", False),
        ("999999999999999.99", "USD", True),
    ],
)
def test_decimals_are_those_of_the_currency_and_never_rounded(amount, currency, fits):
    document = order(amount=amount, currency=currency)

    if fits:
        assert read_shape(OrderRequest, document).amount == amount
    else:
        assert faults_of(OrderRequest, document) == [("/amount", "invalid_amount")]


def test_a_missing_amount_is_invalid_input():
    document = order()
    del document["amount"]

    assert faults_of(OrderRequest, document) == [("/amount", "invalid_input")]


def test_an_optional_amount_may_be_left_out_but_not_be_null():
    assert read_shape(Everything, {}).amount is None
    assert faults_of(Everything, {"amount": None}) == [("/amount", "invalid_amount")]


def test_the_grammar_alone_admits_zero():
    assert read_shape(Everything, {"grammar": "0.00"}).grammar == "0.00"
    assert faults_of(Everything, {"grammar": "x"}) == [("/grammar", "invalid_amount")]


@pytest.mark.parametrize(
    "currency", ["XXX", "usd", "", "US", "U\x00S", "ÉUR", "X" * 999]
)
def test_an_unknown_currency_is_unsupported(currency):
    assert faults_of(OrderRequest, order(currency=currency)) == [
        ("/currency", "unsupported_currency")
    ]


def test_a_currency_that_is_no_text_is_invalid_input():
    assert faults_of(OrderRequest, order(currency=840)) == [
        ("/currency", "invalid_input")
    ]


@pytest.mark.parametrize(
    "text",
    [
        *(5, None, "", "x", "01990000000070008000000000000001", True),
        "{01990000-0000-7000-8000-000000000001}",
        "urn:uuid:01990000-0000-7000-8000-000000000001",
        "01990000-0000-7000-8000-000000000001\n",
    ],
)
def test_a_bad_id_in_a_body_is_invalid_input(text):
    assert faults_of(OrderRequest, order(source_id=text)) == [
        ("/source_id", "invalid_input")
    ]


def test_unknown_fields_are_named():
    assert faults_of(OrderRequest, order(role="admin", **{"a/b": 1})) == [
        ("/role", "invalid_input"),
        ("/a~1b", "invalid_input"),
    ]


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        ({"orders": [None]}, "This must be an object."),
        ({"orders": {}}, "This must be an array."),
        ({}, "This field is required."),
        ({"orders": [], "x": 1}, "There is no such field."),
    ],
)
def test_faults_are_told_without_a_word_of_python(document, detail):
    with pytest.raises(ShapeErrors) as refusal:
        read_shape(Batch, document)

    assert [error.detail for error in refusal.value.errors] == [detail]


def test_faults_in_a_list_have_their_index():
    document = {"orders": [order(), order(amount=5), order(currency="XXX"), 7]}

    assert faults_of(Batch, document) == [
        ("/orders/1/amount", "invalid_amount"),
        ("/orders/2/currency", "unsupported_currency"),
        ("/orders/3", "invalid_input"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 5, "source_id": 5}, "invalid_input"),
        ({"amount": 5, "currency": "XXX"}, "invalid_amount"),
        ({"currency": "XXX"}, "unsupported_currency"),
    ],
)
def test_the_gravest_fault_names_the_whole(changes, code):
    with pytest.raises(ShapeErrors) as refusal:
        read_shape(OrderRequest, order(**changes))

    assert refusal.value.code == code


def test_at_most_a_hundred_faults_are_told():
    document = order(**{f"x{number}": 1 for number in range(1000)})

    assert len(faults_of(OrderRequest, document)) == 100


@pytest.mark.parametrize(
    "reference", ["", " ", "\t", "a\nb", "a\x00", "x" * 256, "a\u200b", 5]
)
def test_a_reference_is_printable_and_not_blank(reference):
    assert faults_of(Everything, {"reference": reference}) == [
        ("/reference", "invalid_input")
    ]


@pytest.mark.parametrize("name", ["", "123456", "a\x00", "\ud800", 5, None])
def test_text_has_bounds(name):
    assert faults_of(Everything, {"name": name}) == [("/name", "invalid_input")]


@pytest.mark.parametrize(
    "metadata",
    [
        *([], "x", None, 5),
        {str(number): 1 for number in range(51)},
        {"a": "x" * 8192},
        {"a": {"b": {"c": {"d": {"e": {}}}}}},
        {"a": [[[[[]]]]]},
        {"a": 2**53},
        {"a": -(2**53)},
        {"a": 1e300},
        {"a": float("inf")},
        {"a": 10**4000},
    ],
)
def test_metadata_has_bounds(metadata):
    assert faults_of(Everything, {"metadata": metadata}) == [
        ("/metadata", "invalid_input")
    ]


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {str(number): 1 for number in range(50)},
        {"a": {"b": {"c": {"d": {}}}}},
        {"a": 2**53 - 1, "b": -1.5, "c": True, "d": None, "é": "😀"},
    ],
)
def test_metadata_within_bounds_is_kept_as_it_is(metadata):
    assert read_shape(Everything, {"metadata": metadata}).metadata == metadata


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime(2026, 1, 2, 1, 4, 5, 500000, UTC)),
        ("2026-01-02T03:04:05 02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02t03:04:05z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_reads_instants(text, moment):
    assert read_shape(Everything, {"at": text}).at == moment


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", 5, "now", ""),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
        *("2026-01-02T03:04:05Z\n", "٢026-01-02T03:04:05Z", "2026-02-30T00:00:00Z"),
    ],
)
def test_refuses_what_is_no_instant(text):
    assert faults_of(Everything, {"at": text}) == [("/at", "invalid_input")]


def test_instants_are_answered_in_utc_with_microseconds():
    class Answer(Resource):
        at: Instant

    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert rfc3339(moment) == "2026-01-02T03:04:05.000000Z"
    assert Answer(at=moment).model_dump_json() == '{"at":"2026-01-02T03:04:05.000000Z"}'


@pytest.mark.parametrize("status", ["closed", 1, True, ""])
def test_enums_are_read_by_value(status):
    assert read_shape(Everything, {"status": "open"}).status is Status.OPEN
    assert faults_of(Everything, {"status": status}) == [("/status", "invalid_input")]


@pytest.mark.parametrize("text", ["-1", "1.0", "", "٣", "1e3", "9" * 10, " 1", 1])
def test_refuses_odd_numbers_in_a_query(text):
    assert read_shape(Everything, {"limit": "50"}).limit == 50
    assert faults_of(Everything, {"limit": text}) == [("/limit", "invalid_input")]


def test_a_fault_may_be_raised_at_a_field_and_keeps_its_text():
    class Differing(MoneyRequest):
        one: str

        def model_post_init(self, context):
            raise refuse("{one} is the {other}", code="same_account_transfer", at="one")

    with pytest.raises(ShapeErrors) as refusal:
        read_shape(Differing, {"one": "x"})

    assert refusal.value.code == "same_account_transfer"
    assert refusal.value.errors[0].pointer == "/one"
    assert refusal.value.errors[0].detail == "{one} is the {other}"
