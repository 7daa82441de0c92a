"""Every flow as the postings that it makes, worked out by hand.

Credit is plus, debit is minus, and each entry sums to zero in each currency.
"""

import pytest

from transfers.models import Transfer
from transfers.tests.movements import (
    complete,
    deposit,
    exchange,
    fail,
    hold_purchase,
    legs_of,
    purchase,
    quote,
    spread,
    state_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_an_opening_balance(ada, ada_usd):
    opening = Transfer.objects.get()

    assert legs_of(opening, ada=ada_usd) == [
        "house:opening:USD -1000.00 USD",
        "ada 1000.00 USD",
    ]


def test_a_deposit(operator, ada_usd):
    made = deposit(operator, ada_usd, "50.00 USD")

    assert legs_of(made, ada=ada_usd) == [
        "house:deposits:USD -50.00 USD",
        "ada 50.00 USD",
    ]


def test_an_internal_transfer(ada, ada_usd, grace_usd, pay):
    made = pay(ada, ada_usd, grace_usd, "30.00")

    assert legs_of(made, ada=ada_usd, grace=grace_usd) == [
        "ada -30.00 USD",
        "grace 30.00 USD",
    ]


def test_an_exchange(ada, ada_usd, ada_eur):
    made = exchange(ada, ada_usd, ada_eur, "100.00")

    assert legs_of(made, usd=ada_usd, eur=ada_eur) == [
        "usd -100.00 USD",
        "house:fx:USD 100.00 USD",
        "house:fx:EUR -92.00 EUR",
        "eur 92.00 EUR",
    ]


def test_an_exchange_at_the_inverse_of_a_rate_is_exact(ada, ada_usd, ada_eur):
    made = exchange(ada, ada_eur, ada_usd, "92.00")

    assert legs_of(made, usd=ada_usd, eur=ada_eur) == [
        "eur -92.00 EUR",
        "house:fx:EUR 92.00 EUR",
        "house:fx:USD -100.00 USD",
        "usd 100.00 USD",
    ]


def test_an_exchange_of_which_the_house_keeps_a_half_percent(ada, ada_usd, ada_eur):
    spread("USD/EUR", 50)

    made = exchange(ada, ada_usd, ada_eur, "100.00")

    assert legs_of(made, usd=ada_usd, eur=ada_eur) == [
        "usd -100.00 USD",
        "house:fx:USD 100.00 USD",
        "house:fx:EUR -92.00 EUR",
        "house:fx_income:EUR 0.46 EUR",
        "eur 91.54 EUR",
    ]


def test_an_exchange_so_small_that_the_house_keeps_nothing(ada, ada_usd, ada_eur):
    spread("USD/EUR", 50)

    # 0.04 USD are 0.0368 EUR, less the half percent 0.036616 EUR: 0.03 either way.
    made = exchange(ada, ada_usd, ada_eur, "0.04")

    assert legs_of(made, usd=ada_usd, eur=ada_eur) == [
        "usd -0.04 USD",
        "house:fx:USD 0.04 USD",
        "house:fx:EUR -0.03 EUR",
        "eur 0.03 EUR",
    ]


def test_an_exchange_at_the_rate_and_the_spread_of_a_quote(ada, ada_usd, ada_eur):
    spread("USD/EUR", 50)
    promised = quote(ada, "100.00 USD", "EUR")
    spread("USD/EUR", 900)

    made = exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)

    assert legs_of(made, usd=ada_usd, eur=ada_eur)[2:] == [
        "house:fx:EUR -92.00 EUR",
        "house:fx_income:EUR 0.46 EUR",
        "eur 91.54 EUR",
    ]


def test_an_exchange_along_two_rates(ada, ada_eur, account_of):
    pounds = account_of(ada, "GBP")

    # 100.00 EUR are 108.6956... USD, which are 85.8695... GBP: cut once, at the end.
    made = exchange(ada, ada_eur, pounds, "100.00")

    assert legs_of(made, eur=ada_eur, gbp=pounds) == [
        "eur -100.00 EUR",
        "house:fx:EUR 100.00 EUR",
        "house:fx:GBP -85.86 GBP",
        "gbp 85.86 GBP",
    ]


@pytest.mark.parametrize(
    ("paid", "received"),
    [
        # 1000 yen at 150 are 6.666... dollars.
        ("1000 JPY", "6.66 USD"),
        ("10.00 USD", "1500 JPY"),
        ("0.01 USD", "1 JPY"),
        ("2 JPY", "0.01 USD"),
        # 1.234 dinars at 3.25 are 4.0105 dollars.
        ("1.234 KWD", "4.01 USD"),
        ("3.25 USD", "1.000 KWD"),
        ("0.01 USD", "0.003 KWD"),
        # 0.00012345 bitcoin at 100000 are 12.345 dollars.
        ("0.00012345 BTC", "12.34 USD"),
        ("12.34 USD", "0.00012340 BTC"),
        ("0.01 USD", "0.00000010 BTC"),
        # Without a rate of their own: by way of the dollar.
        ("1.000 KWD", "487 JPY"),
        ("1 JPY", "0.002 KWD"),
        ("1.00000000 BTC", "15000000 JPY"),
        ("1 JPY", "0.00000006 BTC"),
    ],
)
def test_an_exchange_of_currencies_with_other_decimals(ada, account_of, paid, received):
    amount, code = paid.split()
    source = account_of(ada, code, amount)
    destination = account_of(ada, received.split()[1])

    made = exchange(ada, source, destination, amount)

    assert legs_of(made, there=source, here=destination) == [
        f"there -{paid}",
        f"house:fx:{code} {paid}",
        f"house:fx:{destination.ledger_account.currency} -{received}",
        f"here {received}",
    ]


def test_a_purchase(ada, ada_usd):
    made = purchase(ada, ada_usd, "19.99 USD")

    assert legs_of(made, ada=ada_usd) == [
        "ada -19.99 USD",
        "house:merchants:USD 19.99 USD",
    ]


def test_a_purchase_from_a_merchant_with_an_account(ada, ada_usd, grace_usd):
    made = purchase(ada, ada_usd, "19.99 USD", merchant=grace_usd)

    assert legs_of(made, ada=ada_usd, grace=grace_usd) == [
        "ada -19.99 USD",
        "grace 19.99 USD",
    ]


def test_a_purchase_in_another_currency(ada, ada_usd, grace_eur):
    # 10.00 EUR at 0.92 are 10.869565... USD, rounded up.
    made = purchase(ada, ada_usd, "10.00 EUR")
    hers = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)

    assert legs_of(made, ada=ada_usd) == [
        "ada -10.87 USD",
        "house:fx:USD 10.87 USD",
        "house:fx:EUR -10.00 EUR",
        "house:merchants:EUR 10.00 EUR",
    ]
    assert legs_of(hers, ada=ada_usd, grace=grace_eur) == [
        "ada -10.87 USD",
        "house:fx:USD 10.87 USD",
        "house:fx:EUR -10.00 EUR",
        "grace 10.00 EUR",
    ]


def test_a_purchase_of_which_the_house_keeps_a_half_percent(ada, ada_usd):
    spread("USD/EUR", 50)

    # 10.00 EUR at 0.9154 are 10.924186... USD; without the spread it were 10.87.
    made = purchase(ada, ada_usd, "10.00 EUR")

    assert legs_of(made, ada=ada_usd) == [
        "ada -10.93 USD",
        "house:fx:USD 10.87 USD",
        "house:fx:EUR -10.00 EUR",
        "house:fx_income:USD 0.06 USD",
        "house:merchants:EUR 10.00 EUR",
    ]


@pytest.mark.parametrize(
    ("wanted", "cost"),
    [
        ("1000 JPY", "6.67 USD"),
        ("1 JPY", "0.01 USD"),
        ("1.234 KWD", "4.02 USD"),
        ("0.001 KWD", "0.01 USD"),
        ("0.00012345 BTC", "12.35 USD"),
        ("0.00000001 BTC", "0.01 USD"),
        ("0.01 USD", "2 JPY"),
        ("10.00 USD", "1500 JPY"),
        ("0.01 USD", "0.004 KWD"),
        ("0.01 USD", "0.00000010 BTC"),
        ("1 JPY", "0.00000007 BTC"),
        ("0.00000001 BTC", "1 JPY"),
    ],
)
def test_a_purchase_in_currencies_with_other_decimals(ada, account_of, wanted, cost):
    amount, code = cost.split()
    purse = account_of(ada, code, amount)
    wanted_code = wanted.split()[1]

    made = purchase(ada, purse, wanted)

    assert legs_of(made, ada=purse) == [
        f"ada -{cost}",
        f"house:fx:{code} {cost}",
        f"house:fx:{wanted_code} -{wanted}",
        f"house:merchants:{wanted_code} {wanted}",
    ]


def test_a_purchase_that_was_held(ada, ada_usd, operator):
    held = hold_purchase(ada, ada_usd, "10.00 EUR")
    assert legs_of(held) == []
    assert state_of(ada_usd) == ("1000.00", "10.87", "0.00")

    done = complete(held, operator)

    assert legs_of(done, ada=ada_usd) == [
        "ada -10.87 USD",
        "house:fx:USD 10.87 USD",
        "house:fx:EUR -10.00 EUR",
        "house:merchants:EUR 10.00 EUR",
    ]
    assert state_of(ada_usd) == ("989.13", "0.00", "0.00")


def test_a_held_purchase_that_was_rejected(ada, ada_usd, operator):
    held = hold_purchase(ada, ada_usd, "10.00 USD")

    rejected = fail(held, operator)

    assert legs_of(rejected) == []
    assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")
