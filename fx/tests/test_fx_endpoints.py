"""Rates and quotes over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fx.models import Quote
from fx.services import set_spread
from fx.tests.rates import currency, say
from paycore.lib.origin import Origin
from paycore.testing.problems import pointers_of, refusal_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
RATES = "/v1/fx/rates"
QUOTES = "/v1/fx/quotes"
CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}


def ask(amount="92.00", source="EUR", destination="USD", **more):
    return {
        "source_currency": source,
        "destination_currency": destination,
        "amount": amount,
        **more,
    }


def no_quotes():
    return not Quote.objects.exists()


@pytest.mark.parametrize("query", ["limit=1", "cursor=x", "base=EUR"])
def test_rates_come_whole(ada, query):
    response = ada.get(f"{RATES}?{query}")

    assert refusal_of(response) == (400, "invalid_input")


def test_rates_are_listed(ada):
    say("EUR/JPY", "163.250", as_of=datetime(2026, 11, 19, tzinfo=UTC))

    response = ada.get(RATES)

    seeded = {"source": "seed", "as_of": "2000-01-01T00:00:00.000000Z"}
    assert response.json() == {
        "items": [
            {
                "base": "EUR",
                "quote": "JPY",
                "rate": "163.25",
                "source": "a source",
                "as_of": "2026-11-19T00:00:00.000000Z",
            },
            {"base": "SGD", "quote": "MYR", "rate": "3.5", **seeded},
            {"base": "USD", "quote": "EUR", "rate": "0.92", **seeded},
            {"base": "USD", "quote": "GBP", "rate": "0.79", **seeded},
            {"base": "USD", "quote": "MYR", "rate": "4.7", **seeded},
        ]
    }


def test_a_quote_is_made_and_read(ada, settings):
    settings.FX_QUOTE_TTL = 90
    before = datetime.now(UTC)

    response = ada.post(QUOTES, ask())

    assert response.status_code == 201
    body = response.json()
    expires_at = datetime.fromisoformat(body["expires_at"])
    ttl = timedelta(seconds=90)
    assert before + ttl <= expires_at <= datetime.now(UTC) + ttl
    assert UUID(body["id"]).version == 7
    assert body == {
        "id": body["id"],
        "rate": "1.086956521739130435",
        "source_amount": "92.00",
        "source_currency": "EUR",
        "destination_amount": "100.00",
        "destination_currency": "USD",
        "expires_at": body["expires_at"],
    }
    assert ada.get(f"{QUOTES}/{body['id']}").json() == body


@pytest.mark.parametrize(
    ("body", "rate", "destination"),
    [
        (ask("100.00", "USD", "EUR"), "0.92", "92.00"),
        (ask("100.00", "EUR", "GBP"), "0.858695652173913044", "85.86"),
        (ask("1.00", "USD", "SGD"), "1.342857142857142858", "1.34"),
        (ask("1000", "JPY", "USD"), "0.006666666666666667", "6.66"),
        (ask("10.00", "USD", "JPY"), "150", "1500"),
        (ask("0.00012345", "BTC", "USD"), "100000", "12.34"),
        (ask("12.34", "USD", "BTC"), "0.00001", "0.00012340"),
        (ask("1.234", "KWD", "USD"), "3.25", "4.01"),
    ],
)
def test_a_quote_shows_each_currencys_decimals(ada, body, rate, destination):
    for pair, value in (("USD/JPY", "150"), ("BTC/USD", "100000"), ("KWD/USD", "3.25")):
        say(pair, value, as_of=datetime.now(UTC))

    answer = ada.post(QUOTES, body).json()

    assert (answer["rate"], answer["destination_amount"]) == (rate, destination)


def test_a_quote_is_less_the_spread(ada):
    set_spread(
        pair=(currency("EUR"), currency("USD")),
        basis_points=50,
        reason="Costs",
        origin=Origin(actor="test"),
    )

    answer = ada.post(QUOTES, ask()).json()

    assert answer["destination_amount"] == "99.50"
    assert answer["rate"] == "1.081521739130434783"


@pytest.mark.parametrize(
    ("body", "refusal", "pointer"),
    [
        ({}, (400, "invalid_input"), "/source_currency"),
        (ask(what=1), (400, "invalid_input"), "/what"),
        (ask(1), (400, "invalid_amount"), "/amount"),
        (ask(None), (400, "invalid_amount"), "/amount"),
        (ask("0.00"), (400, "invalid_amount"), "/amount"),
        (ask("-1.00"), (400, "invalid_amount"), "/amount"),
        (ask("92.001"), (400, "invalid_amount"), "/amount"),
        (ask("1.5", "JPY"), (400, "invalid_amount"), "/amount"),
        (ask("999999999999999", "BTC"), (400, "invalid_amount"), "/amount"),
        (ask(source="XXX"), (400, "unsupported_currency"), "/source_currency"),
        (ask(destination="usd"), (400, "unsupported_currency"), None),
        (ask(source=None), (400, "invalid_input"), "/source_currency"),
        (ask(source="USD"), (422, "currency_mismatch"), None),
        (ask("0.01", "MYR"), (422, "amount_too_small"), None),
        (ask(source="CHF"), (503, "rate_unavailable"), None),
    ],
)
def test_a_quote_is_refused(ada, body, refusal, pointer):
    response = ada.post(QUOTES, body, key="k")

    assert refusal_of(response) == refusal
    assert no_quotes()
    if pointer is not None:
        assert pointer in pointers_of(response)
    if refusal[0] == 503:
        assert response["Retry-After"]
        assert response.json()["retryable"] is True
        assert (response.json()["base"], response.json()["quote"]) == ("CHF", "USD")


def test_a_stale_rate_is_refused(ada, settings):
    settings.FX_MAX_AGE = 60
    say("EUR/USD", "1.10", as_of=datetime.now(UTC) - timedelta(seconds=61))

    assert refusal_of(ada.post(QUOTES, ask())) == (503, "rate_unavailable")


def test_a_quote_may_be_asked_for_once(ada):
    first = ada.post(QUOTES, ask(), key="k")
    second = ada.post(QUOTES, ask(), key="k")

    assert second.json() == first.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Quote.objects.count() == 1
    other = ada.post(QUOTES, ask("1.00"), key="k")
    assert refusal_of(other) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    "path", ["", "not-an-id", "0198c5a0-0000-7000-8000-000000000000"]
)
def test_an_unknown_quote_is_missing(ada, path):
    assert refusal_of(ada.get(f"{QUOTES}/{path}")) == (404, "not_found")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("suspended ada", 403),
        ("ada with transfers:write accounts:write reports:read", 403),
        ("ada", 200),
        ("ada with accounts:read", 200),
        ("mallory", 200),
        ("operator", 200),
        ("operator with admin", 200),
    ],
)
def test_who_may_read_rates(caller, who, status):
    response = caller(who).get(RATES)

    assert response.status_code == status
    assert status == 200 or refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("suspended ada", 403),
        ("ada with accounts:read accounts:write payouts:write", 403),
        ("operator with deposits:write reviews:write", 403),
        ("ada", 201),
        ("ada with transfers:write", 201),
        ("mallory", 201),
        ("operator", 201),
        ("admin with admin", 201),
    ],
)
def test_who_may_ask_for_a_quote(caller, who, status):
    response = caller(who).post(QUOTES, ask())

    assert response.status_code == status
    if status != 201:
        assert refusal_of(response) == (status, CODES[status])
        assert no_quotes()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("anonymous", 401),
        ("suspended ada", 403),
        ("ada with transfers:write", 403),
        ("mallory", 404),
        ("mallory with accounts:read", 404),
        ("ada", 200),
        ("ada with accounts:read", 200),
        ("operator", 200),
        ("operator with accounts:read", 200),
        ("admin", 200),
    ],
)
def test_who_may_read_a_quote(caller, who, status, ada):
    quote_id = ada.post(QUOTES, ask()).json()["id"]

    response = caller(who).get(f"{QUOTES}/{quote_id}")

    assert response.status_code == status
    if status != 200:
        assert refusal_of(response) == (status, CODES[status])


def test_reading_takes_two_statements(ada, django_assert_num_queries):
    quote_id = ada.post(QUOTES, ask()).json()["id"]

    for path in (RATES, f"{QUOTES}/{quote_id}"):
        with django_assert_num_queries(2):
            ada.get(path)


def test_asking_takes_as_many_statements_as_it_must(ada):
    ada.post(QUOTES, ask())

    with CaptureQueriesContext(connection) as captured:
        ada.post(QUOTES, ask(), key="k")

    verbs = [query["sql"].split()[0] for query in captured]
    # Who asks, and the key around reading the rates and writing the quote.
    assert verbs == [
        *("SELECT", "SAVEPOINT", "INSERT", "WITH", "INSERT", "UPDATE", "RELEASE"),
    ]
