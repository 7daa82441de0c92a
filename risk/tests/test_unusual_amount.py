"""UNUSUAL_AMOUNT ..."""

from decimal import Decimal
from fractions import Fraction

import pytest

from risk.rules import RULES, Average, AverageWithin
from risk.services import void_payments
from risk.tests.cases import case_of
from risk.tests.past import MOMENT, paid, past_of, payment_of, screen

RULE = RULES["UNUSUAL_AMOUNT"]
A_MONTH = AverageWithin(30 * 86400)


def judge(worth, count, total):
    case = case_of(worth=worth, averages={A_MONTH: (count, total)})
    return RULE.judge(case, RULE.parameters)


def applies_to(assessment):
    return "UNUSUAL_AMOUNT" in assessment.flags


@pytest.mark.parametrize(
    ("worth", "applies"),
    [("299.99", False), ("300.00", False), ("300.01", True), ("0.01", False)],
)
def test_applies_to_more_than_three_times_the_average(worth, applies):
    assert (judge(worth, 5, "500.00") is not None) == applies


@pytest.mark.parametrize(("count", "applies"), [(0, False), (4, False), (5, True)])
def test_needs_five_earlier_ones(count, applies):
    assert (judge("1000.00", count, "100.00") is not None) == applies


def test_does_not_apply_to_what_nobody_can_compare():
    assert judge(None, 5, "5.00") is None


def test_says_why():
    figures = judge("300.01", 5, "500.00")

    assert figures == {
        "worth": "300.01",
        "average": "100.00",
        "currency": "MYR",
        "count": 5,
        "times": 3,
        "days": 30,
    }
    assert RULE.explain(figures) == (
        "Worth 300.01 MYR: more than 3 times the average of 100.00 MYR of 5 payments"
        " in 30 days."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amounts", "asked", "applies"),
    [
        (["10.00 MYR"] * 5, "30.00 MYR", False),
        (["10.00 MYR"] * 5, "30.01 MYR", True),
        (["10.00 MYR"] * 4, "30.01 MYR", False),
        (
            ["9.99 MYR", "10.01 MYR", "10.00 MYR", "5.00 MYR", "15.00 MYR"],
            "30.00 MYR",
            0,
        ),
        # 47.00 MYR each, and three times that in euros, which are 5.1086956... MYR.
        (["10.00 USD"] * 5, "27.60 EUR", False),
        (["10.00 USD"] * 5, "27.61 EUR", True),
        # Neither is a round number of MYR, but one is three times the other.
        (["10.00 EUR"] * 5, "30.00 EUR", False),
        (["10.00 EUR"] * 5, "30.01 EUR", True),
        (["7.77 GBP"] * 7, "23.31 GBP", False),
        (["100 JPY"] * 5, "300 JPY", False),
        (["100 JPY"] * 5, "301 JPY", True),
    ],
)
def test_judges_across_currencies(rates, ada, amounts, asked, applies):
    for amount in amounts:
        screen(ada, amount)

    assert applies_to(screen(ada, asked)) == applies


@pytest.mark.django_db
def test_leaves_out_payments_that_came_to_nothing(ada):
    five = [screen(ada) for _ in range(5)]
    void_payments([five[0].subject_id])

    assert not applies_to(screen(ada, "1000.00 MYR"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "facts",
    [
        {"ago": 30 * 86400},
        {"voided_at": MOMENT},
        {"worth": None},
        # Of before RISK_CURRENCY was another one.
        {"currency_of_worth": "USD"},
    ],
)
def test_counts_only_what_can_be_compared(ada, grace, facts):
    for _ in range(5):
        paid(ada, "10.00 MYR", ago=30 * 86400 - 1)
    paid(ada, "999.00 MYR", **{"ago": 1} | facts)
    paid(grace, "999.00 MYR", ago=1)

    usual = past_of(payment_of(ada), A_MONTH).history.average(A_MONTH)

    assert usual == Average(5, Fraction(50))


@pytest.mark.django_db
def test_loses_no_decimals_of_large_sums(ada):
    exact = Decimal("123456789012345678.1234567891")
    paid(ada, ago=2, worth=exact)
    paid(ada, ago=1, worth=exact)

    usual = past_of(payment_of(ada), A_MONTH).history.average(A_MONTH)

    assert usual == Average(2, 2 * Fraction(exact))


@pytest.mark.django_db
def test_knows_the_average_of_nothing(ada):
    usual = past_of(payment_of(ada), A_MONTH).history.average(A_MONTH)

    assert usual == Average(0, Fraction(0))
    assert usual.value == Fraction(0)
