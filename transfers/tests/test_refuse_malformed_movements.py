"""refuse_malformed_movements ...: what is judged before anything is looked up."""

import pytest

from paycore.testing.problems import pointers_of, refusal_of
from transfers.tests.movements import send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
KINDS = ["exchange", "purchase", "refund", "reversal", "deposit"]
BAD_INPUT: list[tuple[str, str, object]] = [
    ("exchange", "quote_id", "x"),
    ("exchange", "reference", "r"),
    ("exchange", "description", "d"),
    ("exchange", "source_account_id", None),
    ("purchase", "merchant_name", None),
    ("purchase", "merchant_name", ""),
    ("purchase", "merchant_name", "x" * 201),
    ("purchase", "merchant_category", 7),
    ("purchase", "merchant_category", "x" * 101),
    ("purchase", "merchant_account_id", "x"),
    ("purchase", "account_id", None),
    ("purchase", "description", "d"),
    ("purchase", "reference", ""),
    ("purchase", "metadata", []),
    ("refund", "reason", None),
    ("refund", "reason", ""),
    ("refund", "reason", "x" * 501),
    ("refund", "currency", "USD"),
    ("reversal", "reason", ""),
    ("reversal", "reason", 7),
    ("reversal", "reason", "x" * 501),
    ("reversal", "amount", "1.00"),
    ("reversal", "force", "true"),
    ("reversal", "force", 1),
    ("reversal", "force", None),
    ("deposit", "reference", None),
    ("deposit", "reference", ""),
    ("deposit", "reference", "x" * 256),
    ("deposit", "account_id", "x"),
    ("deposit", "description", "d"),
]
REQUIRED = {
    "exchange": ["source_account_id", "destination_account_id", "amount"],
    "purchase": [
        "account_id",
        "amount",
        "currency",
        "merchant_name",
        "merchant_category",
    ],
    "refund": ["reason"],
    "reversal": ["reason"],
    "deposit": ["account_id", "amount", "currency", "reference"],
}


def refused(caller, orders, kind, change, nothing_moves):
    """How the order of that kind is refused when it is changed so."""
    path, body = orders[kind]
    with nothing_moves():
        response = send(caller, path, body | change)
    return refusal_of(response), pointers_of(response)


@pytest.mark.parametrize(("kind", "field", "value"), BAD_INPUT)
def test_of_the_wrong_shape(admin, orders, kind, field, value, nothing_moves):
    assert refused(admin, orders, kind, {field: value}, nothing_moves) == (
        (400, "invalid_input"),
        [f"/{field}"],
    )


@pytest.mark.parametrize("amount", [1, None, "0.00", "-1.00", "1e2", "1.005"])
@pytest.mark.parametrize("kind", ["exchange", "purchase", "refund", "deposit"])
def test_of_no_amount(admin, orders, kind, amount, nothing_moves):
    assert refused(admin, orders, kind, {"amount": amount}, nothing_moves) == (
        (400, "invalid_amount"),
        ["/amount"],
    )


@pytest.mark.parametrize("currency", ["XXX", "usd", "US DOLLARS"])
@pytest.mark.parametrize("kind", ["exchange", "purchase", "deposit"])
def test_of_no_currency(admin, orders, kind, currency, nothing_moves):
    assert refused(admin, orders, kind, {"currency": currency}, nothing_moves) == (
        (400, "unsupported_currency"),
        ["/currency"],
    )


@pytest.mark.parametrize("kind", ["exchange", "purchase", "deposit"])
def test_of_more_decimals_than_the_named_currency_has(
    admin, orders, kind, nothing_moves
):
    change = {"currency": "JPY", "amount": "1.5"}

    assert refused(admin, orders, kind, change, nothing_moves) == (
        (400, "invalid_amount"),
        ["/amount"],
    )


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(kind, field) for kind, fields in REQUIRED.items() for field in fields],
)
def test_that_lack_something(admin, orders, kind, missing, nothing_moves):
    path, body = orders[kind]
    shorter = {name: value for name, value in body.items() if name != missing}

    with nothing_moves():
        response = send(admin, path, shorter)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [f"/{missing}"]


@pytest.mark.parametrize("kind", KINDS)
def test_that_lack_a_key(admin, orders, kind, nothing_moves):
    path, body = orders[kind]

    with nothing_moves():
        response = admin.post(path, body)

    assert refusal_of(response) == (400, "idempotency_key_required")
