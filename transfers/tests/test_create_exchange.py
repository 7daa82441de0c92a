"""create_exchange ..., as a service and over HTTP."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import AccountNotFound
from events.models import Event
from fx.errors import AmountTooSmall, RateUnavailable
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.house import HousePurpose
from paycore.lib.errors import (
    CurrencyMismatch,
    InvalidAmount,
    LimitExceeded,
    PermissionDenied,
    UnsupportedCurrency,
)
from paycore.lib.ids import new_id
from paycore.lib.metrics import TRANSFERS
from paycore.lib.money import Money
from paycore.testing.bookkeeping import house
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.tests.movements import (
    EXCHANGE,
    LARGEST_BTC,
    count_statements,
    entry_of,
    exchange,
    quote,
    rate_becomes,
    send,
    spread,
)
from transfers.tests.orders import INTERNAL, order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_gives_exactly_a_hundred_dollars_for_ninety_two_euros(
    ada, ada_usd, ada_eur, balance_of
):
    response = send(ada, EXCHANGE, order(ada_eur, ada_usd, "92.00"))

    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"
    assert response.json()["destination_amount"] == "100.00"
    assert (balance_of(ada_eur), balance_of(ada_usd)) == ("408.00", "1100.00")


def test_answers_the_whole_resource(ada, ada_usd, ada_eur):
    answer = send(
        ada, EXCHANGE, order(ada_usd, ada_eur, "150.75", currency="USD")
    ).json()

    made = Transfer.objects.get(kind="exchange")
    assert answer == {
        "id": str(made.pk),
        "kind": "exchange",
        "status": "completed",
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(ada_eur.pk),
        "amount": "150.75",
        "currency": "USD",
        "destination_amount": "138.69",
        "destination_currency": "EUR",
        "rate": "0.92",
        "reference": None,
        "description": "",
        "metadata": {},
        "merchant": None,
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": None,
        "journal_entry_id": str(made.journal_entry_id),
        "failure_code": None,
        "created_at": answer["created_at"],
        "completed_at": answer["created_at"],
    }
    assert ada.get(f"/v1/transfers/{made.pk}").json() == answer


def test_writes_one_entry(ada, ada_usd, ada_eur):
    made = exchange(ada, ada_usd, ada_eur, "1.00")

    entry = entry_of(made)
    assert (entry.kind, entry.reverses_id) == ("exchange", None)
    assert entry.metadata == {"transfer_id": str(made.pk), "reference": None}
    assert entry.postings.count() == 4
    assert entry.created_at == made.created_at == made.completed_at


def test_announces_it_once(ada, grace, ada_usd, grace_eur):
    made = exchange(ada, ada_usd, grace_eur, "100.00")

    told = Event.objects.get(subject_id=made.pk)
    assert (told.type, told.actor) == ("transfer.completed", f"user:{ada.id}")
    assert set(told.owner_ids) == {ada.id, grace.id}
    assert told.data == {
        "transfer_id": str(made.pk),
        "kind": "exchange",
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_eur.pk),
        "amount": "100.00",
        "currency": "USD",
        "destination_amount": "92.00",
        "destination_currency": "EUR",
        "reference": None,
        "original_transfer_id": None,
    }


@pytest.mark.parametrize(
    ("source", "destination", "amount", "basis_points"),
    [
        ("USD", "EUR", "150.75", 0),
        ("EUR", "USD", "92.00", 0),
        ("EUR", "GBP", "77.77", 0),
        ("EUR", "USD", "92.00", 33),
        ("JPY", "USD", "1000", 0),
        ("USD", "JPY", "10.01", 17),
        ("KWD", "BTC", "1.234", 0),
        ("BTC", "KWD", "1.23456789", 250),
    ],
)
def test_stores_a_rate_that_gives_the_amount_again(
    ada, account_of, source, destination, amount, basis_points
):
    if basis_points:
        spread(f"{source}/{destination}", basis_points)
    there, here = account_of(ada, source, amount), account_of(ada, destination)

    made = exchange(ada, there, here, amount)

    made.refresh_from_db()
    received = made.destination_amount
    assert made.rate is not None
    assert made.amount.convert(rate=made.rate, to=received.currency) == received


def test_cuts_to_the_houses_advantage(ada, ada_usd, ada_eur):
    made = exchange(ada, ada_usd, ada_eur, "0.03")

    # 0.0276 euros.
    assert made.destination_amount.text == "0.02"


def test_reaches_other_peoples_accounts(ada, ada_usd, grace_eur, balance_of):
    exchange(ada, ada_usd, grace_eur, "100.00")

    assert (balance_of(ada_usd), balance_of(grace_eur)) == ("900.00", "592.00")


def test_takes_the_newest_rate(ada, ada_usd, ada_eur):
    rate_becomes("USD/EUR", "0.95")

    made = exchange(ada, ada_usd, ada_eur, "100.00")

    assert made.destination_amount.text == "95.00"


def test_costs_one_statement_more_than_an_internal_transfer(
    ada, ada_usd, ada_eur, grace_usd
):
    promised = quote(ada, "10.00 USD", "EUR")
    plain = order(ada_usd, grace_usd, "1.00")
    bodies = [
        order(ada_usd, ada_eur, "1.00"),
        order(ada_usd, ada_eur, "10.00", quote_id=str(promised.pk)),
    ]
    # What is asked once per process is no matter of the request.
    send(ada, INTERNAL, plain)
    send(ada, EXCHANGE, bodies[0])

    assert count_statements(lambda: send(ada, INTERNAL, plain)) == 12
    assert count_statements(lambda: send(ada, EXCHANGE, bodies[0])) == 13
    assert count_statements(lambda: send(ada, EXCHANGE, bodies[1])) == 13


def test_is_repeated_as_it_was(ada, ada_usd, ada_eur, nothing_moves):
    body = order(ada_usd, ada_eur, "100.00")
    first = send(ada, EXCHANGE, body, key="k")
    rate_becomes("USD/EUR", "0.50")

    with nothing_moves():
        again = send(ada, EXCHANGE, body, key="k")
        other = send(ada, EXCHANGE, body | {"amount": "100.01"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_remembers_refusals(ada, ada_usd, ada_eur, account_of, pay, nothing_moves):
    body = order(ada_usd, ada_eur, "1000.01")
    with nothing_moves():
        first = send(ada, EXCHANGE, body, key="k")
    pay(ada, account_of(ada, "USD", "5.00"), ada_usd, "5.00")

    with nothing_moves():
        again = send(ada, EXCHANGE, body, key="k")

    assert refusal_of(first) == (422, "insufficient_balance")
    assert (again.status_code, again.content) == (422, first.content)


def test_is_counted_as_it_was_answered(
    ada, ada_usd, ada_eur, django_capture_on_commit_callbacks
):
    def counted():
        return [
            TRANSFERS.labels(kind="exchange", outcome=outcome)._value.get()
            for outcome in ("completed", "insufficient_balance")
        ]

    completed, refused = counted()
    with django_capture_on_commit_callbacks(execute=True):
        exchange(ada, ada_usd, ada_eur, "1.00")
        assert counted() == [completed, refused]
    with refused_with(InsufficientBalance):
        exchange(ada, ada_usd, ada_eur, "9999.00")

    assert counted() == [completed + 1, refused + 1]


def test_refuses_a_result_of_zero(ada, ada_usd, account_of, nothing_moves):
    yen, dinars = account_of(ada, "JPY", "1"), account_of(ada, "KWD", "0.001")

    for source in (yen, dinars):
        smallest = source.ledger_account.posted.text
        with nothing_moves(), refused_with(AmountTooSmall):
            exchange(ada, source, ada_usd, smallest)


def test_refuses_without_a_rate(ada, ada_usd, account_of, nothing_moves):
    francs = account_of(ada, "CHF")

    with nothing_moves():
        response = send(ada, EXCHANGE, order(ada_usd, francs, "1.00"))

    assert refusal_of(response) == (503, "rate_unavailable")
    assert response["Retry-After"]
    assert response.json()["retryable"] is True


def test_refuses_a_rate_that_is_too_old(
    ada, ada_usd, account_of, nothing_moves, settings
):
    yen = account_of(ada, "JPY")
    settings.FX_MAX_AGE = 3500

    with nothing_moves(), refused_with(RateUnavailable):
        exchange(ada, ada_usd, yen, "1.00")


def test_forgets_that_there_was_no_rate(ada, ada_usd, account_of):
    francs = account_of(ada, "CHF")
    body = order(ada_usd, francs, "1.00")
    first = send(ada, EXCHANGE, body, key="k")
    rate_becomes("USD/CHF", "0.80")

    again = send(ada, EXCHANGE, body, key="k")

    assert [first.status_code, again.status_code] == [503, 201]
    assert again.json()["destination_amount"] == "0.80"


@pytest.mark.parametrize("named", [None, "USD"])
def test_refuses_two_accounts_of_one_currency(
    ada, ada_usd, grace_usd, named, nothing_moves
):
    with nothing_moves(), refused_with(CurrencyMismatch):
        exchange(ada, ada_usd, grace_usd, "1.00", currency=named)


@pytest.mark.parametrize("named", ["EUR", "JPY", "CHF"])
def test_refuses_another_currency_than_the_sources(
    ada, ada_usd, ada_eur, named, nothing_moves
):
    with nothing_moves(), refused_with(CurrencyMismatch):
        exchange(ada, ada_usd, ada_eur, "1", currency=named)


@pytest.mark.parametrize(
    ("amount", "named", "refusal"),
    [
        ("1.005", None, InvalidAmount),
        ("1.005", "USD", InvalidAmount),
        ("0", None, InvalidAmount),
        ("1.00", "XXX", UnsupportedCurrency),
    ],
)
def test_refuses_what_is_no_amount(
    ada, ada_usd, ada_eur, amount, named, refusal, nothing_moves
):
    with nothing_moves(), refused_with(refusal):
        exchange(ada, ada_usd, ada_eur, amount, currency=named)


@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_an_account_that_is_not_there(ada, ada_usd, side, nothing_moves):
    sides = {
        "source": ada_usd,
        "destination": ada_usd,
        side: type(ada_usd)(pk=new_id()),
    }

    with nothing_moves(), refused_with(AccountNotFound) as caught:
        exchange(ada, sides["source"], sides["destination"], "1.00")

    assert caught.value.pointer == f"/{side}_account_id"


@pytest.mark.parametrize("purpose", list(HousePurpose))
def test_cannot_reach_the_house(admin, ada_usd, ada_eur, purpose, nothing_moves):
    house_account = type(ada_usd)(pk=house(purpose, "EUR"))

    with nothing_moves(), refused_with(AccountNotFound):
        exchange(admin, ada_usd, house_account, "1.00")
    with nothing_moves(), refused_with(AccountNotFound):
        exchange(admin, house_account, ada_usd, "1.00")


def test_refuses_to_spend_somebody_elses_money(
    mallory, ada_usd, account_of, nothing_moves
):
    loot = account_of(mallory, "EUR")

    with nothing_moves(), refused_with(PermissionDenied):
        exchange(mallory, ada_usd, loot, "1.00")


@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_a_frozen_account(ada, ada_usd, ada_eur, frozen, side, nothing_moves):
    cold = frozen(ada, {"source": "USD", "destination": "EUR"}[side])
    sides = {"source": ada_usd, "destination": ada_eur, side: cold}

    with nothing_moves(), refused_with(AccountNotActive) as caught:
        exchange(ada, sides["source"], sides["destination"], "1.00")

    assert caught.value.facts["account_id"] == str(cold.pk)


def test_refuses_more_than_there_is(ada, ada_usd, ada_eur, nothing_moves):
    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        exchange(ada, ada_usd, ada_eur, "1000.01")

    assert caught.value.facts == {
        "available": "1000.00",
        "required": "1000.01",
        "currency": "USD",
    }


def test_refuses_more_than_the_books_can_count(ada, account_of, nothing_moves):
    rate_becomes("BTC/JPY", "1000000000")
    bitcoin, yen = account_of(ada, "BTC", LARGEST_BTC), account_of(ada, "JPY")

    with nothing_moves(), refused_with(LimitExceeded):
        exchange(ada, bitcoin, yen, LARGEST_BTC)


CODES = ["USD", "EUR", "GBP", "JPY", "KWD", "BTC"]


@settings(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    start=st.sampled_from(CODES),
    minor=st.integers(1, 10**7),
    way=st.lists(st.sampled_from(CODES), min_size=1, max_size=5),
    basis_points=st.sampled_from([0, 0, 25]),
)
def test_nobody_ends_with_more_than_they_began(
    ada, account_of, start, minor, way, basis_points
):
    spread("USD/EUR", basis_points)
    began = holding = Money.of(minor, start)
    here = account_of(ada, start, began.text)

    for code in [*way, start]:
        if code == holding.currency.code:
            continue
        there = account_of(ada, code)
        with suppress(AmountTooSmall), transaction.atomic():
            made = exchange(ada, here, there, holding.text)
            here, holding = there, made.destination_amount

    if holding.currency == began.currency:
        assert holding <= began
