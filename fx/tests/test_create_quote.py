"""create_quote ..."""

from datetime import timedelta
from decimal import Decimal

import pytest

from fx.errors import AmountTooSmall, RateUnavailable
from fx.models import Quote
from fx.services import create_quote, set_spread
from fx.tests.rates import NOW, currency, money, say
from paycore.lib.errors import CurrencyMismatch, LimitExceeded
from paycore.lib.ids import new_id
from paycore.lib.origin import Origin

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
OWNER = new_id()


def ask(amount, destination, **more):
    return create_quote(
        owner_id=OWNER,
        amount=money(amount),
        destination=currency(destination),
        **{"at": NOW, "ttl_seconds": 60, **more},
    )


def test_locks_the_rate_and_both_amounts():
    quote = ask("92.00 EUR", "USD")

    stored = Quote.objects.get()
    assert stored.pk == quote.pk
    assert stored.owner_id == OWNER
    assert stored.source == money("92.00 EUR")
    assert stored.destination == money("100.00 USD")
    assert stored.income.is_zero
    assert stored.rate == Decimal("1.086956521739130435")
    assert stored.expires_at == NOW + timedelta(seconds=60)
    assert stored.redeemed_at is None


def test_says_what_the_house_keeps():
    set_spread(
        pair=(currency("EUR"), currency("USD")),
        basis_points=50,
        reason="Costs",
        origin=Origin(actor="test"),
    )

    quote = ask("92.00 EUR", "USD")

    assert (quote.destination, quote.income) == (money("99.50 USD"), money("0.50 USD"))


def test_keeps_its_rate_when_another_comes():
    quote = ask("92.00 EUR", "USD")
    say("EUR/USD", "2", as_of=NOW)

    quote.refresh_from_db()

    assert quote.destination == money("100.00 USD")
    assert ask("92.00 EUR", "USD").destination == money("184.00 USD")


def test_is_two_statements(django_assert_num_queries):
    with django_assert_num_queries(2):
        ask("92.00 EUR", "USD")


@pytest.mark.parametrize(
    ("amount", "destination", "refusal"),
    [
        ("1.00 USD", "USD", CurrencyMismatch),
        # Also one in which nothing could be converted anyway.
        ("1.00 CHF", "CHF", CurrencyMismatch),
        ("999999999999999.99 USD", "IDR", LimitExceeded),
        ("0.01 MYR", "USD", AmountTooSmall),
        ("1.00 USD", "CHF", RateUnavailable),
    ],
)
def test_refuses_what_cannot_be_promised(amount, destination, refusal):
    say("USD/IDR", "16000", as_of=NOW)

    with pytest.raises(refusal):
        ask(amount, destination)

    assert not Quote.objects.exists()
