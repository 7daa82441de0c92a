"""Bands ..."""

import pytest

from risk.configuration import Bands
from risk.models import RuleState
from risk.scoring import score_case
from risk.tests.cases import case_of
from risk.tests.past import screen
from risk.tests.settings import as_configured, begin_bands, configure, ruled_by

BORDERS = [
    (0, "approve"),
    (39, "approve"),
    (40, "monitor"),
    (59, "monitor"),
    (60, "review"),
    (79, "review"),
    (80, "urgent"),
    (100, "urgent"),
]
# At noon it applies to everything, so that its points are the score.
ALWAYS = {"from_hour": 0, "to_hour": 24}


@pytest.mark.parametrize(("score", "band"), BORDERS)
def test_begin_at_their_scores(score, band):
    rule = as_configured("OFF_HOURS", points=score, parameters=ALWAYS)

    judged = score_case(case_of(), ruled_by(rule))

    assert (judged.points, judged.band) == (score, band)
    assert judged.band.is_held == (score >= 60)


@pytest.mark.django_db
@pytest.mark.breaks_the_books
@pytest.mark.parametrize(("score", "band"), BORDERS)
def test_are_remembered(ada, no_rules, score, band):
    configure("OFF_HOURS", state=RuleState.ON, points=score, parameters=ALWAYS)

    assessment = screen(ada)

    assert (assessment.score, assessment.band) == (score, band)


def test_no_score_is_above_a_hundred():
    rules = [
        as_configured("OFF_HOURS", points=70, parameters=ALWAYS),
        as_configured("HIGH_VALUE", points=70, parameters={"above": 0}),
    ]

    judged = score_case(case_of(), ruled_by(*rules))

    assert (judged.points, judged.band) == (100, "urgent")
    assert judged.flags == ["OFF_HOURS", "HIGH_VALUE"]


def test_are_what_was_configured():
    rule = as_configured("OFF_HOURS", points=10, parameters=ALWAYS)
    bands = [Bands(5, 8, 11), Bands(5, 8, 10), Bands(10, 11, 12), Bands(11, 12, 13)]

    judged = [score_case(case_of(), ruled_by(rule, bands=each)).band for each in bands]

    assert judged == ["review", "urgent", "monitor", "approve"]


@pytest.mark.django_db
@pytest.mark.breaks_the_books
def test_hold_from_the_newest_on(ada, no_rules):
    configure("OFF_HOURS", state=RuleState.ON, points=20, parameters=ALWAYS)

    begin_bands(1, 10, 100)
    held = screen(ada)
    begin_bands(150, 151, 152)
    passed = screen(ada)

    assert (held.band, passed.band) == ("review", "approve")
