"""POSSIBLE_DUPLICATE ..."""

import pytest

from risk.models import RuleState
from risk.rules import RULES, AlikeWithin
from risk.services import Screening
from risk.tests.cases import case_of
from risk.tests.past import paid, past_of, payment_of, screen
from risk.tests.settings import configure

RULE = RULES["POSSIBLE_DUPLICATE"]
FIVE_MINUTES = AlikeWithin(300)


def alike(player, amount="10.00 MYR", **more):
    past = past_of(payment_of(player, amount, **more), FIVE_MINUTES)
    return past.history.count(FIVE_MINUTES)


def test_applies_to_the_second():
    assert RULE.judge(case_of(counts={FIVE_MINUTES: 0}), RULE.parameters) is None
    figures = RULE.judge(case_of(counts={FIVE_MINUTES: 1}), RULE.parameters)

    assert figures == {"count": 1, "within": "5 minutes"}
    assert RULE.explain(figures) == (
        "Earlier payments of the same amount to the same place in 5 minutes: 1."
    )


def test_is_worth_no_points():
    assert RULE.points == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "count"), [(299.999999, 1), (300, 0), (0.000001, 1)])
def test_counts_five_minutes(ada, ago, count):
    paid(ada, ago=ago)

    assert alike(ada) == count


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "shop"),
    [
        ("10.01 MYR", "Corner Coffee"),
        ("10.00 USD", "Corner Coffee"),
        ("10.00 MYR", "Corner Cafe"),
        ("10.00 MYR", ""),
    ],
)
def test_is_only_of_the_same_amount_to_the_same_place(ada, amount, shop):
    paid(ada, ago=1)
    paid(ada, ago=1, shop="")

    assert alike(ada, amount, shop=shop) == 0


@pytest.mark.django_db
def test_is_only_of_the_same_person(ada, grace):
    paid(ada, ago=1)

    assert alike(grace) == 0


@pytest.mark.django_db
def test_knows_long_names(ada):
    paid(ada, ago=1, shop="x" * 300)

    assert alike(ada, shop="x" * 300) == 1


@pytest.mark.django_db
def test_is_recorded_without_a_score(ada, no_rules):

    configure("POSSIBLE_DUPLICATE", state=RuleState.ON)

    first, second = screen(ada), screen(ada)

    assert (first.flags, second.flags) == ([], ["POSSIBLE_DUPLICATE"])
    assert (second.score, second.band) == (0, "approve")


@pytest.mark.django_db
def test_looks_within_a_batch(ada):
    payments = [
        payment_of(ada, amount, shop=shop)
        for amount, shop in (
            ("1.00 MYR", "a"),
            ("1.00 MYR", "b"),
            ("2.00 MYR", "a"),
            ("1.00 MYR", "a"),
            ("1.00 MYR", ""),
            ("1.00 MYR", ""),
        )
    ]

    screening = Screening(payments)
    flagged = []
    for payment in payments:
        assessment = screening.judge(payment)
        screening.keep(assessment)
        flagged.append("POSSIBLE_DUPLICATE" in assessment.flags)

    assert flagged == [False, False, False, True, False, False]
