"""Money ..."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paycore.lib.errors import InvalidAmount, UnsupportedCurrency
from paycore.lib.money import (
    CURRENCIES,
    LARGEST_MINOR,
    Currency,
    CurrencyMismatch,
    CurrencyRegistry,
    Money,
    minor_text,
)

USD = CURRENCIES.get("USD")
EUR = CURRENCIES.get("EUR")
JPY = CURRENCIES.get("JPY")
KWD = CURRENCIES.get("KWD")
BTC = Currency("BTC", 8)

minors = st.integers(min_value=-LARGEST_MINOR, max_value=LARGEST_MINOR)
positive_minors = st.integers(min_value=1, max_value=LARGEST_MINOR)
# Whatever the grammar can write: at most 15 digits before the point.
writable_minors = st.integers(min_value=1, max_value=10**15 - 1)
currencies = st.sampled_from([USD, JPY, KWD, BTC])
rates = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6)
weights = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1).filter(any)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("150.75", USD, 15075),
        ("150.7", USD, 15070),
        ("150", USD, 15000),
        ("0.01", USD, 1),
        ("007.50", USD, 750),
        ("999999999999999", USD, 99999999999999900),
        ("999999999999999.99", USD, 99999999999999999),
        ("1200", JPY, 1200),
        ("1", JPY, 1),
        ("0.001", KWD, 1),
        ("1.5", KWD, 1500),
        ("0.00000001", BTC, 1),
        ("92233720368.54775807", BTC, LARGEST_MINOR),
    ],
)
def test_reads_what_the_grammar_allows(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "NaN", "Infinity", "null", "0x10"),
        *("+1", "-1", "-0", "1e3", "1E3", "1_000", "1,000", "1,5"),
        *(" 1", "1 ", "1\n", "1.", ".5", "1.2.3", "1 000", "1.00 USD"),
        "\uff11",  # FULLWIDTH DIGIT ONE
        "\u0661",  # ARABIC-INDIC DIGIT ONE
        "\u00b2",  # SUPERSCRIPT TWO
        *("1\x00", "\u22121"),
        "1000000000000000",
        "0000000000000001",
        "0.123456789",
    ],
)
def test_refuses_what_is_not_of_the_grammar(text):
    with pytest.raises(InvalidAmount, match="An amount is a decimal string"):
        Money.parse(text, BTC)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.010000005", USD),
        ("0.001", USD),
        ("1.000", USD),
        ("1.0", JPY),
        ("1.0001", KWD),
    ],
)
def test_never_rounds_on_the_way_in(text, currency):
    with pytest.raises(InvalidAmount):
        Money.parse(text, currency)


def test_says_how_many_decimals_the_currency_has():
    with pytest.raises(InvalidAmount) as error:
        Money.parse("1.005", USD)

    assert error.value.detail == (
        "USD has 2 decimals; the amount has 3. Nothing is rounded."
    )


@pytest.mark.parametrize("text", ["0", "00", "0.0", "0.00"])
def test_refuses_zero(text):
    with pytest.raises(InvalidAmount, match="greater than zero"):
        Money.parse(text, USD)


@pytest.mark.parametrize("text", ["92233720368.54775808", "999999999999999.99999999"])
def test_refuses_more_than_the_books_can_store(text):
    with pytest.raises(InvalidAmount, match="larger than the books can store"):
        Money.parse(text, BTC)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (15075, USD, "150.75"),
        (15000, USD, "150.00"),
        (5, USD, "0.05"),
        (0, USD, "0.00"),
        (-5, USD, "-0.05"),
        (-15075, USD, "-150.75"),
        (1200, JPY, "1200"),
        (0, JPY, "0"),
        (-1, JPY, "-1"),
        (1, KWD, "0.001"),
        (1, BTC, "0.00000001"),
        (-LARGEST_MINOR, BTC, "-92233720368.54775807"),
    ],
)
def test_shows_exactly_the_currencys_decimals(minor, currency, text):
    money = Money(minor, currency)

    assert money.text == text
    assert str(money) == f"{text} {currency.code}"
    assert f"{money.amount:f}" == text
    assert minor_text(minor, currency.decimals) == text


@given(writable_minors, currencies)
def test_reads_back_what_it_wrote(minor, currency):
    money = Money(minor, currency)

    assert Money.parse(money.text, currency) == money


@given(minors, currencies)
def test_is_exact_as_a_decimal_of_any_size(minor, currency):
    amount = Money(minor, currency).amount

    assert Fraction(amount) == Fraction(minor, 10**currency.decimals)
    assert amount.as_tuple().exponent == -currency.decimals


@pytest.mark.parametrize("minor", [1.0, "1", None, True, Decimal(1), Fraction(1)])
def test_counts_whole_minor_units_only(minor):
    with pytest.raises(TypeError):
        Money(minor, USD)


def test_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value"):
        bool(Money(0, USD))


@pytest.mark.parametrize(
    ("minor", "is_negative", "is_zero", "is_positive"),
    [(-1, True, False, False), (0, False, True, False), (1, False, False, True)],
)
def test_knows_its_sign(minor, is_negative, is_zero, is_positive):
    money = Money(minor, USD)

    assert money.is_negative is is_negative
    assert money.is_zero is is_zero
    assert money.is_positive is is_positive


def test_adds_subtracts_and_compares():
    small, large = Money.of(150, "USD"), Money.of(250, "USD")

    assert small + large == Money.of(400, "USD")
    assert small - large == Money.of(-100, "USD")
    assert -small == Money.of(-150, "USD")
    assert small < large
    assert small <= Money.of(150, "USD")
    assert large > small
    assert large >= Money.of(250, "USD")
    assert not small > large
    assert not large <= small


@pytest.mark.parametrize(
    "mix",
    [
        lambda dollars, euros: dollars + euros,
        lambda dollars, euros: dollars - euros,
        lambda dollars, euros: dollars < euros,
        lambda dollars, euros: dollars <= euros,
        lambda dollars, euros: dollars > euros,
        lambda dollars, euros: dollars >= euros,
    ],
)
def test_of_two_currencies_does_not_mix(mix):
    with pytest.raises(CurrencyMismatch, match="USD met EUR"):
        mix(Money(1, USD), Money(1, EUR))


def test_of_two_currencies_is_never_equal():
    assert issubclass(CurrencyMismatch, TypeError)
    assert Money(1, USD) != Money(1, EUR)
    assert len({Money(1, USD), Money(1, EUR), Money(1, USD)}) == 2


def test_cannot_be_changed():
    money = Money(1, USD)

    with pytest.raises(AttributeError):
        money.minor = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("minor", "weights", "shares"),
    [
        (1000, [1, 1, 1], [334, 333, 333]),
        (-1000, [1, 1, 1], [-334, -333, -333]),
        (5, [3, 7], [2, 3]),
        (1, [1, 1], [1, 0]),
        (2, [0, 1, 0, 1, 1], [0, 1, 0, 1, 0]),
        (0, [1, 2], [0, 0]),
        (100, [1], [100]),
    ],
)
def test_allocates_by_weights(minor, weights, shares):
    parts = Money(minor, USD).allocate(weights)

    assert [part.minor for part in parts] == shares


@given(minors, weights, currencies)
def test_allocates_without_losing_or_creating_anything(minor, weights, currency):
    parts = Money(minor, currency).allocate(weights)

    assert sum(part.minor for part in parts) == minor
    assert [
        part for part, weight in zip(parts, weights, strict=True) if not weight
    ] == [Money(0, currency)] * weights.count(0)


@given(minors, weights)
def test_allocates_no_share_more_than_a_unit_off(minor, weights):
    for part, weight in zip(Money(minor, USD).allocate(weights), weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) <= 1


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [-1, 2], [1, -1]])
def test_cannot_allocate_by_nothing_or_less(weights):
    with pytest.raises(ValueError, match="Weights must not be negative"):
        Money(100, USD).allocate(weights)


@pytest.mark.parametrize(
    ("minor", "currency", "rate", "to", "converted"),
    [
        (10000, USD, Decimal("0.92"), EUR, 9200),
        (9200, EUR, 1 / Fraction("0.92"), USD, 10000),
        (1, USD, Decimal("0.92"), EUR, 0),
        (3, USD, Decimal("0.92"), EUR, 2),
        (-3, USD, Decimal("0.92"), EUR, -2),
        (100, USD, Decimal("155.129"), JPY, 155),
        (155, JPY, 1 / Fraction("155.129"), USD, 99),
        (1, USD, Decimal("0.3"), KWD, 3),
        (100, USD, Fraction(1, 3), EUR, 33),
        (LARGEST_MINOR, BTC, Decimal(1), BTC, LARGEST_MINOR),
    ],
)
def test_converts(minor, currency, rate, to, converted):
    assert Money(minor, currency).convert(rate=rate, to=to) == Money(converted, to)


@given(minors, rates, currencies, currencies)
def test_converts_by_cutting_once_towards_zero(minor, rate, currency, to):
    exact = Fraction(minor, 10**currency.decimals) * rate * 10**to.decimals

    converted = Money(minor, currency).convert(rate=rate, to=to).minor

    assert abs(converted) <= abs(exact) < abs(converted) + 1
    assert converted * exact >= 0


@given(positive_minors, rates)
def test_gains_nothing_by_converting_there_and_back(minor, rate):
    there = Money(minor, USD).convert(rate=rate, to=EUR)

    back = there.convert(rate=1 / rate, to=USD)

    assert back.minor <= minor


@pytest.mark.parametrize("rate", [Decimal(0), Decimal("-0.92"), Fraction(0)])
def test_converts_by_a_rate_above_zero_only(rate):
    with pytest.raises(ValueError, match="greater than zero"):
        Money(100, USD).convert(rate=rate, to=EUR)


@pytest.mark.parametrize(
    ("code", "decimals"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)]
)
def test_comes_in_the_currencies_of_iso_4217(code, decimals):
    assert CURRENCIES.get(code) == Currency(code, decimals)


def test_comes_in_the_currencies_that_the_settings_add():
    assert CURRENCIES.get("BTC") == Currency("BTC", 8)


@pytest.mark.parametrize("code", ["XAU", "XXX", "XTS", "usd", "US", "USDT", "", " USD"])
def test_comes_in_no_other_currency(code):
    with pytest.raises(UnsupportedCurrency) as error:
        Money.of(1, code)

    assert error.value.facts == {"currency": code}


def test_comes_in_currencies_of_ones_own():
    registry = CurrencyRegistry([Currency("USD", 2), Currency("ISK", 0)])

    registry.extend({"BTC": 8, "ISK": 2})

    assert registry.get("ISK").decimals == 2
    assert [str(currency) for currency in registry.all()] == ["BTC", "ISK", "USD"]
