"""get_past_rates ...: what was in force at each of many moments."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fx.arithmetic import find_rate
from fx.errors import RateUnavailable
from fx.selectors import get_past_rates, list_current_rates
from fx.services import seed_rates
from fx.tests.rates import currency, say

pytestmark = pytest.mark.django_db
CODES = ["USD", "EUR", "GBP", "JPY", "SEK"]


def may(day, hour=0):
    return datetime(2026, 5, day, hour, tzinfo=UTC)


@pytest.fixture
def rates(db):
    seed_rates()


def test_reads_rates_of_many_moments_at_once(django_assert_num_queries, rates):
    for day in range(1, 30):
        at = may(day)
        say("EUR/JPY", f"{160 + day}", as_of=at)
        for code in ("SEK", "NOK", "DKK"):
            say(f"EUR/{code}", f"{day}", as_of=at)
    moments = [may(day, 12) for day in (5, 6, 29)]

    with django_assert_num_queries(2):
        found = get_past_rates(
            quote=currency("JPY"), moments={"EUR": moments, "USD": moments[1:]}
        )

    assert found == {
        ("EUR", moments[0]): 165,
        ("EUR", moments[1]): 166,
        ("EUR", moments[2]): 189,
        ("USD", moments[1]): Fraction(166) * Fraction("0.92"),
        ("USD", moments[2]): Fraction(189) * Fraction("0.92"),
    }


def test_reads_the_newest_rates_where_they_form_a_circle(db):
    for pair, value, day in (
        ("EUR/USD", "2", 1),
        ("GBP/USD", "3", 2),
        ("EUR/GBP", "5", 3),
        ("EUR/USD", "7", 4),
    ):
        say(pair, value, as_of=may(day))
    early, late = may(3, 12), may(4, 12)

    found = get_past_rates(quote=currency("USD"), moments={"EUR": [early, late]})

    # By way of pounds while what was said of dollars was the oldest of the three.
    assert found == {("EUR", early): 15, ("EUR", late): 7}


@settings(
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    said=st.lists(
        st.tuples(
            st.sampled_from(CODES),
            st.sampled_from(CODES),
            st.integers(1, 9),
            st.integers(1, 6),
        ),
        max_size=12,
    )
)
def test_is_at_each_moment_what_was_in_force_then(db, said):
    with transaction.atomic():
        for base, quote, value, day in said:
            if base != quote:
                say(f"{base}/{quote}", f"{value}", as_of=may(day))

        for day in range(1, 8):
            in_force = list_current_rates(at=may(day, 12))
            for base in CODES[1:]:
                rate = find_rate(in_force, base=base, quote=CODES[0])
                moments = {base: [may(number, 12) for number in range(day, 8)]}
                if rate is None:
                    with pytest.raises(RateUnavailable):
                        get_past_rates(quote=currency(CODES[0]), moments=moments)
                else:
                    found = get_past_rates(quote=currency(CODES[0]), moments=moments)
                    assert found[base, may(day, 12)] == rate.rate
        transaction.set_rollback(True)


def test_refuses_past_rates_of_what_nothing_connects(rates):
    with pytest.raises(RateUnavailable):
        get_past_rates(quote=currency("USD"), moments={"JPY": [may(1)]})


def test_reads_no_rates_for_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert get_past_rates(quote=currency("USD"), moments={}) == {}
