"""HIGH_VALUE ..."""

import pytest

from risk.rules import RULES
from risk.tests.cases import case_of
from risk.tests.past import screen

RULE = RULES["HIGH_VALUE"]


@pytest.mark.parametrize(
    ("worth", "applies"),
    [("9999.99", False), ("10000", False), ("10000.01", True), (None, False)],
)
def test_applies_above_ten_thousand(worth, applies):
    assert (RULE.judge(case_of(worth=worth), RULE.parameters) is not None) == applies


def test_says_why():
    figures = RULE.judge(case_of(worth="10000.01"), RULE.parameters)

    assert figures is not None
    assert RULE.explain(figures) == "Worth 10000.01 MYR: above 10000 MYR."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "applies"),
    [
        ("10000.00 MYR", False),
        ("10000.01 MYR", True),
        ("2127.65 USD", False),
        ("2127.66 USD", True),
        ("319148 JPY", False),
        ("319149 JPY", True),
        # No rate leads from there.
        ("999999.00 CHF", False),
    ],
)
def test_applies_in_any_currency(rates, ada, amount, applies):
    assert ("HIGH_VALUE" in screen(ada, amount).flags) == applies
