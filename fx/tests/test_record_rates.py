"""record_rates and set_spread ..."""

from datetime import timedelta
from decimal import Decimal

import pytest

from fx.models import Rate, Spread
from fx.services import record_rates, seed_rates, set_spread
from fx.sources import RateDraft
from fx.tests.rates import NOW, currency, say
from paycore.lib.errors import InvalidInput
from paycore.lib.origin import Origin

pytestmark = pytest.mark.django_db


def said():
    rows = Rate.objects.order_by("id")
    return [f"{row.base}/{row.quote} {row.rate.normalize():f}" for row in rows]


def test_keeps_everything_that_was_ever_said():
    say("USD/EUR", "0.92", as_of=NOW - timedelta(days=1))
    say("USD/EUR", "0.93", as_of=NOW)
    say("EUR/USD", "1.07", as_of=NOW)

    assert said() == ["USD/EUR 0.92", "USD/EUR 0.93", "EUR/USD 1.07"]


def test_writes_the_same_news_once():
    assert say("USD/EUR", "0.92") == 1
    assert say("USD/EUR", "0.92") == 0
    assert say("USD/EUR", "0.920") == 0
    assert say("USD/EUR", "0.92", source="another") == 1

    assert said() == ["USD/EUR 0.92"] * 2


def test_takes_a_correction_as_news():
    say("USD/EUR", "0.92")

    assert say("USD/EUR", "0.93") == 1
    assert said() == ["USD/EUR 0.92", "USD/EUR 0.93"]


def test_writes_many_by_one_statement(django_assert_num_queries):
    drafts = [
        RateDraft("USD", code, Decimal(1), NOW) for code in ("EUR", "GBP", "JPY", "CHF")
    ]

    with django_assert_num_queries(1):
        new = record_rates(drafts=drafts, source="x")

    assert new == 4


def test_keeps_a_rate_to_its_last_digit():
    say("BTC/IDR", "123456789012345678.123456789012345678")

    assert Rate.objects.get().rate == Decimal("123456789012345678.123456789012345678")


def test_seeds_may_be_repeated():
    seed_rates()
    seed_rates()

    assert said() == ["USD/EUR 0.92", "USD/GBP 0.79", "USD/MYR 4.7", "SGD/MYR 3.5"]


def test_a_spread_is_kept_with_who_set_it_and_why():
    spread = set_spread(
        pair=(currency("USD"), currency("EUR")),
        basis_points=25,
        reason="Costs of hedging",
        origin=Origin(actor="command:test"),
    )

    stored = Spread.objects.get()
    assert stored == spread
    assert str(stored) == "EUR/USD 25 bp"
    assert (stored.actor, stored.reason) == ("command:test", "Costs of hedging")


@pytest.mark.parametrize(
    ("pair", "basis_points"),
    [(("USD", "USD"), 10), (("USD", "EUR"), -1), (("USD", "EUR"), 10_000)],
)
def test_a_spread_that_makes_no_sense_is_refused(pair, basis_points):
    base, quote = (currency(code) for code in pair)

    with pytest.raises(InvalidInput):
        set_spread(
            pair=(base, quote),
            basis_points=basis_points,
            reason="A slip",
            origin=Origin(actor="test"),
        )

    assert not Spread.objects.exists()
