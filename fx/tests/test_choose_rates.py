"""Which rates are in force, and what follows from them."""

from fractions import Fraction
from itertools import permutations

import pytest

from fx.arithmetic import find_rate, rates_in_force
from fx.tests.rates import NOW, rate

SEEDS = [
    rate("USD/EUR", "0.92"),
    rate("USD/GBP", "0.79"),
    rate("USD/MYR", "4.70"),
    rate("SGD/MYR", "3.50"),
]


def pairs(rates):
    return [f"{found.base}/{found.quote}" for found in rates]


@pytest.mark.parametrize(
    ("base", "quote", "expected"),
    [
        ("USD", "EUR", "0.92"),
        ("EUR", "USD", "1/0.92"),
        ("EUR", "GBP", "0.79/0.92"),
        ("GBP", "EUR", "0.92/0.79"),
        ("USD", "SGD", "4.70/3.50"),
        ("SGD", "EUR", "3.50*0.92/4.70"),
        ("GBP", "SGD", "4.70/0.79/3.50"),
    ],
)
def test_inverse_and_cross_are_exact(base, quote, expected):
    found = find_rate(rates_in_force(SEEDS), base=base, quote=quote)

    assert (found.base, found.quote) == (base, quote)
    assert found.rate == _fraction(expected)


def test_nothing_connects_what_no_source_connects():
    apart = [*SEEDS, rate("CHF/JPY", "170")]

    for code in ("CHF", "JPY", "XXX"):
        assert find_rate(rates_in_force(apart), base="USD", quote=code) is None
        assert find_rate(rates_in_force(apart), base=code, quote="USD") is None


def test_a_way_is_as_old_as_its_oldest_part_that_ages():
    parts = [
        rate("USD/EUR", "0.92", days_old=1, source="ecb"),
        rate("USD/GBP", "0.79", days_old=3, source="desk"),
        rate("GBP/MYR", "5.9", days_old=900, source="seed", ages=False),
    ]

    found = find_rate(parts, base="EUR", quote="MYR")
    seeded = find_rate(parts, base="GBP", quote="MYR")

    assert found.as_of == parts[1].as_of
    assert found.ages
    assert found.source == "ecb+desk+seed"
    assert not seeded.ages


def test_the_oldest_of_a_circle_is_not_in_force():
    circle = [
        rate("EUR/USD", "1.10", days_old=1),
        rate("EUR/GBP", "0.86", days_old=1),
        rate("GBP/USD", "1.50", days_old=2),
    ]

    in_force = rates_in_force(circle)

    assert sorted(pairs(in_force)) == ["EUR/GBP", "EUR/USD"]
    found = find_rate(in_force, base="GBP", quote="USD")
    assert found.rate == Fraction("1.10") / Fraction("0.86")


def test_of_a_circle_of_one_age_the_alphabet_decides():
    circle = [
        rate("USD/GBP", "0.79"),
        rate("USD/EUR", "0.92"),
        rate("GBP/EUR", "1.16"),
    ]

    for order in permutations(circle):
        assert sorted(pairs(rates_in_force(order))) == ["GBP/EUR", "USD/EUR"]


def test_seeds_give_way_to_any_real_rate():
    seeds = [
        rate("USD/EUR", "0.92", days_old=9000, ages=False),
        rate("USD/GBP", "0.79", days_old=9000, ages=False),
    ]
    real = [rate("EUR/USD", "1.10", days_old=1), rate("EUR/GBP", "0.86", days_old=1)]

    # The newest of the pair USD/EUR is the real one; USD/GBP follows from both.
    in_force = rates_in_force([real[0], real[1], seeds[1]])

    assert sorted(pairs(in_force)) == ["EUR/GBP", "EUR/USD"]
    assert find_rate(in_force, base="USD", quote="GBP").as_of < NOW


def _fraction(text: str) -> Fraction:
    result = Fraction(1)
    for index, part in enumerate(text.split("/")):
        factor = Fraction(1)
        for value in part.split("*"):
            factor *= Fraction(value)
        result = result / factor if index else result * factor
    return result
