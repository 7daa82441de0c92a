"""redeem_quote ..."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from fx.arithmetic import Conversion
from fx.errors import QuoteExpired, QuoteMismatch
from fx.models import Quote
from fx.services import create_quote, redeem_quote
from fx.tests.rates import NOW, currency, money
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
OWNER = new_id()
TICK = timedelta(microseconds=1)


@pytest.fixture
def quote(seeded):
    return create_quote(
        owner_id=OWNER,
        amount=money("92.00 EUR"),
        destination=currency("USD"),
        at=NOW,
        ttl_seconds=60,
    )


def redeem(quote, **other):
    asked = {
        "quote_id": quote.pk,
        "owner_id": OWNER,
        "source": money("92.00 EUR"),
        "destination": currency("USD"),
        "at": NOW,
    }
    return redeem_quote(**{**asked, **other})


def redeemed_at(quote):
    return Quote.objects.get(pk=quote.pk).redeemed_at


def test_gives_what_was_promised(quote):
    conversion = redeem(quote)

    assert conversion == quote.conversion
    assert conversion == Conversion(
        source=money("92.00 EUR"),
        destination=money("100.00 USD"),
        income=money("100.00 USD") - money("100.00 USD"),
        rate=Decimal("1.086956521739130435"),
    )
    assert redeemed_at(quote) == NOW


def test_is_one_statement(quote, django_assert_num_queries):
    with django_assert_num_queries(1):
        redeem(quote)


def test_must_be_part_of_a_transaction(quote, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(AssertionError):
        patch.setattr(transaction.get_connection(), "in_atomic_block", False)
        redeem(quote)

    assert redeemed_at(quote) is None


def test_works_until_the_last_moment(quote):
    redeem(quote, at=quote.expires_at - TICK)


def test_refuses_at_the_very_instant_it_expires(quote):
    with pytest.raises(QuoteExpired) as refusal:
        redeem(quote, at=quote.expires_at)

    assert refusal.value.facts == {"expires_at": "2026-11-20T12:01:00Z"}
    assert redeemed_at(quote) is None


def test_refuses_a_second_time(quote):
    redeem(quote)

    with pytest.raises(InvalidState):
        redeem(quote, at=NOW + TICK)

    assert redeemed_at(quote) == NOW


def test_is_as_good_as_before_when_the_money_does_not_move(quote):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        redeem(quote)
        _ = 1 / 0

    assert redeemed_at(quote) is None
    redeem(quote)


@pytest.mark.parametrize(
    "other",
    [
        {"source": money("92.01 EUR")},
        {"source": money("91.99 EUR")},
        {"source": money("92.00 USD")},
        {"destination": currency("GBP")},
    ],
)
def test_refuses_anything_but_what_was_quoted(quote, other):
    with pytest.raises(QuoteMismatch) as refusal:
        redeem(quote, **other)

    assert refusal.value.detail == "The quote is for 92.00 EUR to USD."
    assert redeemed_at(quote) is None


@pytest.mark.parametrize("other", [{"owner_id": new_id()}, {"quote_id": new_id()}])
def test_refuses_what_is_unknown_or_anothers(quote, other):
    with pytest.raises(NotFound):
        redeem(quote, **other)

    assert redeemed_at(quote) is None


def test_refuses_in_order_of_precedence(quote):
    stranger = {"owner_id": new_id()}
    late = {"at": quote.expires_at}
    other = {"source": money("1.00 EUR")}

    with pytest.raises(QuoteExpired):
        redeem(quote, **late, **other)
    redeem(quote)
    with pytest.raises(InvalidState):
        redeem(quote, **late, **other)
    with pytest.raises(NotFound):
        redeem(quote, **late, **other, **stranger)
