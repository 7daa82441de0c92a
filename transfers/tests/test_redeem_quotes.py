"""An exchange at a quote ..."""

from datetime import timedelta

import pytest

from fx.errors import QuoteExpired, QuoteMismatch
from ledger.errors import InsufficientBalance
from ledger.services import lock_accounts
from paycore.lib.errors import (
    InvalidState,
    NotFound,
)
from paycore.lib.ids import new_id
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.services import exchange as service
from transfers.tests.movements import (
    EXCHANGE,
    exchange,
    quote,
    rate_becomes,
    send,
)
from transfers.tests.orders import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_redeems_a_quote(ada, ada_usd, ada_eur, balance_of):
    promised = quote(ada, "100.00 USD", "EUR")
    rate_becomes("USD/EUR", "0.50")
    body = order(ada_usd, ada_eur, "100.00", quote_id=str(promised.pk))

    answer = send(ada, EXCHANGE, body).json()

    assert (answer["destination_amount"], answer["rate"]) == ("92.00", "0.92")
    assert balance_of(ada_eur) == "592.00"
    promised.refresh_from_db()
    assert promised.redeemed_at == Transfer.objects.get(kind="exchange").created_at


def test_redeems_a_quote_once(ada, ada_usd, ada_eur, nothing_moves):
    promised = quote(ada, "100.00 USD", "EUR")
    exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)

    with nothing_moves(), refused_with(InvalidState):
        exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)


def test_leaves_a_quote_as_it_was_when_refused(ada, ada_eur, account_of, nothing_moves):
    promised = quote(ada, "100.00 USD", "EUR")
    purse = account_of(ada, "USD", "99.99")

    with nothing_moves(), refused_with(InsufficientBalance):
        exchange(ada, purse, ada_eur, "100.00", quote_id=promised.pk)

    promised.refresh_from_db()
    assert promised.redeemed_at is None


@pytest.mark.parametrize("who", ["mallory", "operator"])
def test_redeems_ones_own_quotes_only(request, who, ada, ada_usd, ada_eur, account_of):
    player = request.getfixturevalue(who)
    promised = quote(ada, "100.00 USD", "EUR")
    source, destination = account_of(player, "USD", "100.00"), account_of(player, "EUR")

    for quote_id in (promised.pk, new_id()):
        with refused_with(NotFound):
            exchange(player, source, destination, "100.00", quote_id=quote_id)


@pytest.fixture
def now_is(monkeypatch):
    """Let the books be locked at a moment of our choice."""

    def choose(moment):
        def lock_at(account_ids):
            books = lock_accounts(account_ids)
            books.at = moment
            return books

        monkeypatch.setattr(service, "lock_accounts", lock_at)

    return choose


def test_refuses_a_quote_at_the_instant_it_expires(
    ada, ada_usd, ada_eur, now_is, nothing_moves
):
    promised = quote(ada, "100.00 USD", "EUR")
    now_is(promised.expires_at)

    with nothing_moves(), refused_with(QuoteExpired):
        exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)


def test_redeems_a_quote_until_then(ada, ada_usd, ada_eur, now_is):
    promised = quote(ada, "100.00 USD", "EUR")
    now_is(promised.expires_at - timedelta(microseconds=1))

    made = exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)

    assert made.destination_amount.text == "92.00"


@pytest.mark.parametrize(
    ("quoted", "to"),
    [
        ("100.01 USD", "EUR"),
        ("99.99 USD", "EUR"),
        ("100.00 USD", "GBP"),
        ("100.00 EUR", "USD"),
        ("100.00 GBP", "EUR"),
    ],
)
def test_refuses_what_was_not_quoted(ada, ada_usd, ada_eur, quoted, to, nothing_moves):
    promised = quote(ada, quoted, to)

    with nothing_moves(), refused_with(QuoteMismatch):
        exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)
