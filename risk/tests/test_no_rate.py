"""NO_RATE ..."""

import pytest

from paycore.lib.metrics import RISK_UNPRICED
from risk.rules import RULES
from risk.tests.cases import case_of
from risk.tests.past import screen
from risk.tests.settings import configure

RULE = RULES["NO_RATE"]
CODES = ("CHF", "USD")


@pytest.mark.parametrize(
    ("worth", "applies"), [(None, True), ("0.01", False), ("10000.01", False)]
)
def test_applies_to_what_has_no_worth(worth, applies):
    assert (RULE.judge(case_of(worth=worth), RULE.parameters) is not None) == applies


@pytest.mark.django_db
def test_is_noted_and_lets_it_pass(rates, ada):
    assessment = screen(ada, "999999.00 CHF")

    assert (assessment.flags, assessment.score) == (["NO_RATE"], 0)
    assert assessment.reasons == ["No rate connects CHF with MYR."]
    assert "NO_RATE" not in screen(ada, "10.00 USD").flags


@pytest.mark.django_db(transaction=True)
@pytest.mark.breaks_the_books
def test_alerts_whoever_watches_that_limits_do_not_apply(rates, ada):
    def counted():
        return [RISK_UNPRICED.labels(currency=code)._value.get() for code in CODES]

    chf, usd = counted()

    screen(ada, "999999.00 CHF")
    screen(ada, "1.00 USD")

    assert counted() == [chf + 1, usd]


@pytest.mark.django_db
# Payments of nothing but risk: there is no transfer behind them.
@pytest.mark.breaks_the_books
def test_holds_it_when_it_is_given_the_points(rates, ada):
    configure("NO_RATE", points=60)

    assert screen(ada, "1.00 CHF").is_held
    assert not screen(ada, "1.00 USD").is_held
