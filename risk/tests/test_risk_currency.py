"""Where payments are compared in dollars: `RISK_CURRENCY`."""

import pytest

from paycore.lib.errors import LimitExceeded
from paycore.testing.refusals import refused_with
from risk.configuration import default_configuration
from risk.models import Assessment, RuleState
from risk.tests.past import paid, screen
from risk.tests.settings import configure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "no_rules")]


@pytest.fixture(autouse=True)
def in_dollars(settings):
    settings.RISK_CURRENCY = "USD"


def test_limits_are_in_it_until_somebody_sets_one(ada):
    assert {str(limit.amount) for limit in default_configuration().limits} == {
        "50000.00 USD",
        "100000.00 USD",
    }

    # A dollar is 0.92 euros.
    screen(ada, "46000.00 EUR")
    with refused_with(LimitExceeded) as caught:
        screen(ada, "46000.01 EUR")

    assert caught.value.facts["period"] == "transaction"
    assert (caught.value.facts["limit"], caught.value.facts["currency"]) == (
        "50000.00",
        "USD",
    )


def test_worth_is_in_it(ada):
    screen(ada, "9.20 EUR")

    judged = Assessment.objects.get()
    assert (str(judged.worth), judged.currency_of_worth) == ("10.0000000000", "USD")


@pytest.mark.parametrize(
    ("amount", "flags"),
    [
        ("10000.00 USD", []),
        ("10000.01 USD", ["HIGH_VALUE"]),
        # Much in ringgit, and less than 10,000 dollars.
        ("47000.00 MYR", []),
        ("47000.05 MYR", ["HIGH_VALUE"]),
    ],
)
def test_rules_compare_by_it_and_say_so(ada, amount, flags):
    configure("HIGH_VALUE", state=RuleState.ON)

    judged = screen(ada, amount)

    assert judged.flags == flags
    if flags:
        [sentence] = judged.reasons
        assert sentence.endswith(" USD: above 10000 USD.")


def test_averages_leave_out_what_was_worth_something_in_another(ada):
    configure("UNUSUAL_AMOUNT", state=RuleState.ON)
    now = screen(ada, "10.00 USD").assessed_at
    for _ in range(4):
        paid(ada, "10.00 USD", at=now, ago=1, worth="10.00", currency_of_worth="USD")
    # Of the days when it was ringgit.
    for _ in range(9):
        paid(ada, "10.00 USD", at=now, ago=1, worth="47.00", currency_of_worth="MYR")

    assert screen(ada, "30.00 USD").flags == []
    assert screen(ada, "40.01 USD").flags == ["UNUSUAL_AMOUNT"]


def test_what_no_rate_connects_with_it_is_flagged(ada):
    configure("NO_RATE", state=RuleState.ON)

    assert screen(ada, "1.00 CHF").reasons == ["No rate connects CHF with USD."]
    assert screen(ada, "1.00 MYR").flags == []
