"""get_rate ..."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import connection

from fx.errors import RateUnavailable
from fx.models import SEED
from fx.selectors import get_rate, list_current_rates
from fx.services import set_spread
from fx.tests.rates import NOW, currency, say
from paycore.lib.origin import Origin

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def value(pair: str, *, at=NOW):
    base, quote = pair.split("/")
    return get_rate(currency(base), currency(quote), at=at).rate


def test_knows_the_seeded_rates(seeded):
    assert value("USD/EUR") == Fraction("0.92")
    assert value("EUR/USD") == 1 / Fraction("0.92")
    assert value("SGD/GBP") == Fraction("3.50") / Fraction("4.70") * Fraction("0.79")


def test_takes_the_newest_of_a_pair_whichever_way_it_was_said():
    say("USD/EUR", "0.90", as_of=NOW - DAY)
    say("EUR/USD", "1.10", as_of=NOW)
    say("USD/EUR", "0.80", as_of=NOW - 2 * DAY)

    assert value("EUR/USD") == Fraction("1.10")
    assert value("USD/EUR") == 1 / Fraction("1.10")


def test_takes_the_later_recorded_of_one_moment():
    say("USD/EUR", "0.90")
    say("EUR/USD", "1.10")

    assert value("EUR/USD") == Fraction("1.10")


def test_does_not_take_a_rate_of_the_future_before_its_time():
    say("USD/EUR", "0.90", as_of=NOW)
    say("USD/EUR", "0.80", as_of=NOW + timedelta(seconds=1))

    assert value("USD/EUR", at=NOW) == Fraction("0.90")
    assert value("USD/EUR", at=NOW + timedelta(seconds=1)) == Fraction("0.80")


def test_takes_any_real_rate_instead_of_a_seeded_one(seeded):
    say("EUR/USD", "1.10", as_of=NOW - DAY)
    say("EUR/GBP", "0.86", as_of=NOW - DAY)

    assert value("EUR/USD") == Fraction("1.10")
    assert value("USD/GBP") == Fraction("0.86") / Fraction("1.10")
    assert value("USD/MYR") == Fraction("4.70")


@pytest.mark.parametrize("pair", ["USD/CHF", "CHF/USD", "CHF/JPY"])
def test_refuses_what_nothing_connects(seeded, pair):
    say("CHF/PLN", "4.2")

    with pytest.raises(RateUnavailable) as refusal:
        value(pair)

    base, quote = pair.split("/")
    assert refusal.value.facts == {"base": base, "quote": quote}


def test_refuses_when_there_is_no_rate_at_all():
    with pytest.raises(RateUnavailable):
        value("USD/EUR")


def test_refuses_a_rate_older_than_the_limit(settings):
    settings.FX_MAX_AGE = 3600
    say("USD/EUR", "0.90", as_of=NOW)

    assert value("USD/EUR", at=NOW + timedelta(seconds=3600))
    with pytest.raises(RateUnavailable):
        value("USD/EUR", at=NOW + timedelta(seconds=3600, microseconds=1))


def test_refuses_when_a_part_of_the_way_is_too_old(settings):
    settings.FX_MAX_AGE = 3600
    say("USD/EUR", "0.90", as_of=NOW)
    say("USD/GBP", "0.80", as_of=NOW - DAY)

    assert value("EUR/USD")
    with pytest.raises(RateUnavailable):
        value("EUR/GBP")


def test_never_falls_back_to_a_seed_when_the_real_rate_is_too_old(seeded, settings):
    settings.FX_MAX_AGE = 3600
    say("USD/EUR", "0.90", as_of=NOW - DAY)

    with pytest.raises(RateUnavailable):
        value("USD/EUR")


def test_seeded_rates_do_not_age(seeded, settings):
    settings.FX_MAX_AGE = 1

    assert value("USD/EUR", at=NOW + 36500 * DAY) == Fraction("0.92")
    assert value("EUR/GBP") == Fraction("0.79") / Fraction("0.92")


@pytest.mark.parametrize("way", [("EUR", "USD"), ("USD", "EUR")])
def test_brings_the_newest_spread_of_the_pair_either_way(seeded, way):
    base, quote = (currency(code) for code in way)
    for basis_points in (10, 25):
        set_spread(
            pair=(base, quote),
            basis_points=basis_points,
            reason="Costs",
            origin=Origin(actor="test"),
        )

    found = get_rate(base, quote, at=NOW)

    assert found.basis_points == 25
    assert found.after_spread == found.rate * Fraction(9975, 10000)
    assert get_rate(currency("USD"), currency("GBP"), at=NOW).basis_points == 0


def test_brings_the_spread_of_a_pair_that_no_source_speaks_of(seeded):
    pair = (currency("GBP"), currency("EUR"))
    set_spread(pair=pair, basis_points=30, reason="Costs", origin=Origin(actor="test"))

    assert get_rate(*pair, at=NOW).basis_points == 30


def test_is_one_statement(seeded, django_assert_num_queries):
    for code in ("CHF", "JPY", "SEK", "NOK"):
        for days in range(5):
            say(f"USD/{code}", f"{days + 1}", as_of=NOW - days * DAY)

    with django_assert_num_queries(1):
        get_rate(currency("SGD"), currency("NOK"), at=NOW)


def test_looks_up_each_pair_by_the_index_however_many_rates_there_are(seeded):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fx_rate (base, quote, rate, source, as_of)"
            " SELECT 'USD', (ARRAY['CHF', 'JPY', 'SEK'])[1 + n % 3], 1 + n, 'x',"
            " timestamptz '2026-11-20' - n * interval '1 minute'"
            " FROM generate_series(1, 6000) AS n"
        )
        cursor.execute("ANALYZE fx_rate")
        from fx.selectors import _NEWEST_OF_EACH_PAIR

        cursor.execute(
            f"EXPLAIN {_NEWEST_OF_EACH_PAIR}",
            {"at": NOW, "low": "EUR", "high": "USD"},
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert plan.count("fx_rate_newest_of_pair") == 2, plan
    assert "Seq Scan on fx_rate" not in plan


def test_listing_shows_what_is_in_force(seeded):
    say("EUR/USD", "1.10", as_of=NOW - DAY)
    say("EUR/GBP", "0.86", as_of=NOW - DAY)

    listed = list_current_rates(at=NOW)

    # The seeded USD/GBP would close a circle.
    assert [(rate.base, rate.quote, rate.source) for rate in listed] == [
        ("EUR", "GBP", "a source"),
        ("EUR", "USD", "a source"),
        ("SGD", "MYR", SEED),
        ("USD", "MYR", SEED),
    ]
