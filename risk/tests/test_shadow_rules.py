"""A rule in shadow ..."""

import pytest

from risk.models import RuleState
from risk.payments import PaymentKind
from risk.scoring import score_case
from risk.tests.cases import case_of
from risk.tests.past import screen
from risk.tests.settings import as_configured, configure, ruled_by

RICH = "10000.01"


def test_is_recorded_and_does_not_count():
    rule = as_configured("HIGH_VALUE", state=RuleState.SHADOW, points=90, version=7)

    judged = score_case(case_of(worth=RICH), ruled_by(rule))

    assert (judged.points, judged.band) == (0, "approve")
    assert (judged.flags, judged.shadow_flags) == ([], ["HIGH_VALUE"])
    assert judged.versions == {"HIGH_VALUE": 7}
    assert judged.findings == [
        {
            "code": "HIGH_VALUE",
            "state": "shadow",
            "points": 90,
            "version": 7,
            "figures": {"worth": "10000.01", "above": 10000, "currency": "MYR"},
            "sentence": "Worth 10000.01 MYR: above 10000 MYR.",
        }
    ]


def test_that_does_not_apply_is_only_named():
    rule = as_configured("HIGH_VALUE", state=RuleState.SHADOW)

    judged = score_case(case_of(), ruled_by(rule))

    assert (judged.shadow_flags, judged.findings) == ([], [])
    assert judged.versions == {"HIGH_VALUE": 0}


def test_is_not_one_that_is_off():
    rule = as_configured("HIGH_VALUE", state=RuleState.OFF)

    judged = score_case(case_of(worth=RICH), ruled_by(rule))

    assert (judged.flags, judged.shadow_flags, judged.versions) == ([], [], {})


@pytest.mark.parametrize(
    ("kind", "flags"),
    [(PaymentKind.PURCHASE, []), (PaymentKind.PAYOUT, ["HIGH_VALUE"])],
)
def test_is_asked_only_about_its_kinds(kind, flags):
    rule = as_configured("HIGH_VALUE", kinds=(PaymentKind.PAYOUT,))

    assert score_case(case_of(worth=RICH, kind=kind), ruled_by(rule)).flags == flags


@pytest.mark.django_db
def test_gives_no_reason_to_hold(ada, no_rules):
    setting = configure("HIGH_VALUE", state=RuleState.SHADOW, points=100)

    assessment = screen(ada, "10000.01 MYR")

    assessment.refresh_from_db()
    assert (assessment.score, assessment.band) == (0, "approve")
    assert (assessment.flags, assessment.shadow_flags) == ([], ["HIGH_VALUE"])
    assert assessment.reasons == []
    assert assessment.versions == {"HIGH_VALUE": setting.pk}
