"""Converting amounts ..."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from fx.arithmetic import (
    USUAL_RATE_DECIMALS,
    PairRate,
    convert,
    cost_of,
    rate_text,
    rates_in_force,
)
from fx.arithmetic import find_rate as find
from fx.errors import AmountTooSmall
from fx.tests.rates import NOW, currency, money, rate
from paycore.lib.errors import LimitExceeded
from paycore.lib.money import LARGEST_MINOR, Currency, Money

USD_EUR = rate("USD/EUR", "0.92")
CODES = ["USD", "EUR", "JPY", "KWD", "BTC"]
codes = st.sampled_from(CODES)
minors = st.integers(min_value=1, max_value=10**15)
values = st.decimals("0.000001", "1000000", places=6).map(Fraction)
spreads = st.integers(min_value=0, max_value=500)


@pytest.mark.parametrize(
    ("source", "pair_rate", "destination"),
    [
        ("92.00 EUR", USD_EUR.inverse(), "100.00 USD"),
        ("100.00 USD", USD_EUR, "92.00 EUR"),
        ("0.01 EUR", USD_EUR.inverse(), "0.01 USD"),
        # 0.02 EUR is 0.0217 USD: what is left over is cut, never rounded up.
        ("0.02 EUR", USD_EUR.inverse(), "0.02 USD"),
        ("1.00 USD", rate("USD/JPY", "149.999"), "149 JPY"),
        ("1 JPY", rate("USD/JPY", "150").inverse(), None),
        ("2 JPY", rate("USD/JPY", "150").inverse(), "0.01 USD"),
        ("10.00 USD", rate("USD/KWD", "0.3071"), "3.071 KWD"),
        ("0.001 KWD", rate("KWD/JPY", "500"), None),
        ("0.002 KWD", rate("KWD/JPY", "500"), "1 JPY"),
        ("0.00000001 BTC", rate("BTC/USD", "100000"), None),
        ("0.00000010 BTC", rate("BTC/USD", "100000"), "0.01 USD"),
        ("0.01 USD", rate("BTC/USD", "100000").inverse(), "0.00000010 BTC"),
    ],
)
def test_cuts_once_on_the_receiving_side(source, pair_rate, destination):
    if destination is None:
        with pytest.raises(AmountTooSmall):
            convert(money(source), pair_rate, to=currency(pair_rate.quote))
    else:
        to = currency(pair_rate.quote)
        conversion = convert(money(source), pair_rate, to=to)

        assert (conversion.source, conversion.destination) == (
            money(source),
            money(destination),
        )
        assert conversion.income == Money(0, to)


def test_says_what_is_too_small():
    with pytest.raises(AmountTooSmall) as refusal:
        convert(money("1 JPY"), rate("JPY/USD", "0.0066"), to=currency("USD"))

    assert refusal.value.detail == "1 JPY is less than the smallest unit of USD."


def test_refuses_more_than_the_books_can_store():
    all_there_is = Money(LARGEST_MINOR, currency("USD"))

    with pytest.raises(LimitExceeded):
        convert(all_there_is, rate("USD/MYR", "4.70"), to=currency("MYR"))
    with pytest.raises(LimitExceeded):
        cost_of(all_there_is, rate("MYR/USD", "0.2"), paid_in=currency("MYR"))


@pytest.mark.parametrize(
    ("wanted", "pair_rate", "cost"),
    [
        # 92.00 EUR of something, paid in dollars, and the other way round.
        ("92.00 EUR", USD_EUR, "100.00 USD"),
        ("100.00 USD", USD_EUR.inverse(), "92.00 EUR"),
        # 0.0108 USD, 0.0092 EUR: rounded up, so nothing is gained by small amounts.
        ("0.01 EUR", USD_EUR, "0.02 USD"),
        ("0.01 USD", USD_EUR.inverse(), "0.01 EUR"),
        ("1 JPY", rate("USD/JPY", "150"), "0.01 USD"),
        ("151 JPY", rate("USD/JPY", "150"), "1.01 USD"),
        ("0.001 KWD", rate("JPY/KWD", "0.002"), "1 JPY"),
        ("0.00000001 BTC", rate("USD/BTC", "0.00001"), "0.01 USD"),
    ],
)
def test_rounds_a_price_up(wanted, pair_rate, cost):
    paid_in = currency(pair_rate.base)

    conversion = cost_of(money(wanted), pair_rate, paid_in=paid_in)

    assert (conversion.source, conversion.destination) == (money(cost), money(wanted))
    assert conversion.income == Money(0, paid_in)


def test_keeps_the_spread_on_the_side_that_is_rounded():
    with_spread = rate("USD/EUR", "0.92", basis_points=50)

    sale = convert(money("100.00 USD"), with_spread, to=currency("EUR"))
    purchase = cost_of(money("92.00 EUR"), with_spread, paid_in=currency("USD"))

    # 0.92 less half a percent is 0.9154.
    assert (sale.destination, sale.income) == (money("91.54 EUR"), money("0.46 EUR"))
    assert (purchase.source, purchase.income) == (
        money("100.51 USD"),
        money("0.51 USD"),
    )
    assert rate_text(sale.rate) == rate_text(purchase.rate) == "0.9154"


def test_keeps_the_spread_both_ways():
    back = rate("USD/EUR", "0.92", basis_points=50).inverse()

    conversion = convert(money("92.00 EUR"), back, to=currency("USD"))

    assert conversion.destination == money("99.50 USD")
    assert conversion.income == money("0.50 USD")


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        ("0.92", "0.92"),
        ("4.70", "4.7"),
        ("150", "150"),
        ("1000", "1000"),
        ("1/3", "0.333333333333333334"),
        ("25/23", "1.086956521739130435"),
        ("0.000000000000000001", "0.000000000000000001"),
        ("123456789012.000000000000000001", "123456789012.000000000000000001"),
    ],
)
def test_shows_a_rate_with_eighteen_decimals_at_most(exact, text):
    shown = PairRate("USD", "EUR", Fraction(exact), "x", NOW).shown

    assert rate_text(shown) == text


def test_shows_more_decimals_where_the_amount_needs_them():
    huge = Money(LARGEST_MINOR // 10**4, currency("USD"))

    conversion = convert(huge, rate("BTC/USD", "99999.7").inverse(), to=currency("BTC"))

    usual = conversion.rate.quantize(Decimal(1).scaleb(-USUAL_RATE_DECIMALS))
    assert conversion.rate != usual
    assert huge.convert(rate=usual, to=currency("BTC")) != conversion.destination
    assert (
        huge.convert(rate=conversion.rate, to=currency("BTC")) == conversion.destination
    )


@given(
    minor=st.integers(min_value=1, max_value=LARGEST_MINOR),
    source=codes,
    destination=codes,
    value=values,
    inverted=st.booleans(),
    basis_points=spreads,
)
def test_can_be_computed_again_from_what_is_shown(
    minor, source, destination, value, inverted, basis_points
):
    assume(source != destination)
    pair_rate = rate(f"{source}/{destination}", 1 / value if inverted else value)
    amount = Money(minor, currency(source))
    to = currency(destination)
    try:
        conversion = convert(amount, _with_spread(pair_rate, basis_points), to=to)
    except (AmountTooSmall, LimitExceeded):
        reject()

    assert amount.convert(rate=conversion.rate, to=to) == conversion.destination
    assert Decimal(rate_text(conversion.rate)) == conversion.rate


@given(minor=minors, source=codes, destination=codes, value=values, bp=spreads)
def test_never_undercharges(minor, source, destination, value, bp):
    assume(source != destination)
    pair_rate = _with_spread(rate(f"{source}/{destination}", value), bp)
    wanted = Money(minor, currency(destination))
    try:
        cost = cost_of(wanted, pair_rate, paid_in=currency(source))
    except LimitExceeded:
        reject()

    assert cost.source.is_positive
    assert not cost.income.is_negative
    # Whoever sold the cost instead would get at least the price; one unit less would
    # not have been enough.
    at_least = _exactly(cost.source, pair_rate.after_spread, wanted.currency)
    cheaper = Money(cost.source.minor - 1, cost.source.currency)
    assert at_least >= wanted.minor
    assert _exactly(cheaper, pair_rate.after_spread, wanted.currency) < wanted.minor


@given(minor=minors, value=values, bp=spreads, there=codes, back=codes)
def test_never_pays_out_more_than_the_rate_says(minor, value, bp, there, back):
    assume(there != back)
    pair_rate = _with_spread(rate(f"{there}/{back}", value), bp)
    amount, to = Money(minor, currency(there)), currency(back)
    try:
        sale = convert(amount, pair_rate, to=to)
    except (AmountTooSmall, LimitExceeded):
        reject()

    assert sale.destination.minor <= _exactly(amount, pair_rate.after_spread, to)
    assert not sale.income.is_negative
    assert (
        (sale.destination + sale.income).minor
        <= _exactly(amount, pair_rate.rate, to)
        < (sale.destination + sale.income).minor + 1
    )


@st.composite
def _newest_rates(draw):
    """Rates of any pairs, also ones that form circles and do not fit each other."""
    pairs = [(a, b) for a in CODES for b in CODES if a < b]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=2, unique=True))
    return [
        rate(f"{a}/{b}", draw(values), days_old=draw(st.integers(0, 2)))
        for a, b in chosen
    ]


@given(
    newest=_newest_rates(),
    start=minors,
    steps=st.lists(st.tuples(codes, st.booleans(), spreads), min_size=1, max_size=8),
)
def test_never_gains_by_any_sequence_at_one_set_of_rates(newest, start, steps):
    in_force = rates_in_force(newest)
    begun = Money(start, currency("USD"))
    purse = begun
    for code, as_a_purchase, basis_points in [*steps, ("USD", False, 0)]:
        purse = _exchange(purse, code, in_force, as_a_purchase, basis_points)

    if purse.currency == begun.currency:
        assert purse <= begun


def _exchange(purse, code, in_force, as_a_purchase, basis_points):
    """All of the purse into another currency, or nothing where that is not possible."""
    found = None
    if code != purse.currency.code:
        found = find(in_force, base=purse.currency.code, quote=code)
    if found is None:
        return purse
    found = _with_spread(found, basis_points)
    try:
        sold = convert(purse, found, to=currency(code))
        if not as_a_purchase:
            return sold.destination
        bought = cost_of(sold.destination, found, paid_in=purse.currency)
    except (AmountTooSmall, LimitExceeded):
        return purse
    # What is not needed for the same amount is given away, which gains nothing.
    assert bought.source <= purse
    return bought.destination


def _with_spread(pair_rate, basis_points):
    return PairRate(
        pair_rate.base,
        pair_rate.quote,
        pair_rate.rate,
        pair_rate.source,
        pair_rate.as_of,
        basis_points=basis_points,
    )


def _exactly(amount: Money, value: Fraction, wanted: Currency) -> Fraction:
    """Minor units with their fraction."""
    factor = Fraction(10**wanted.decimals, 10**amount.currency.decimals)
    return amount.minor * value * factor
