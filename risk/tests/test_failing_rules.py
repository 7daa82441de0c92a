"""A rule that raises ..."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from structlog.testing import capture_logs

from paycore.lib.metrics import RISK_RULE_ERRORS
from risk.models import Assessment, OnError, Review, RuleState
from risk.rules import RULES, CountWithin, Rule
from risk.scoring import score_case
from risk.tests.cases import case_of
from risk.tests.past import screen
from risk.tests.settings import as_configured, configure, ruled_by


class Broken(Rule):
    """As somebody might write one on a Friday."""

    code = "BROKEN"
    points = 20
    parameters = {"seconds": 60}
    sentence = "{nothing}"

    def judge(self, case, parameters):
        raise ZeroDivisionError


class Forgetful(Broken):
    """Looks for what it did not ask to be measured."""

    def measures(self, parameters):
        raise KeyError("seconds")

    def judge(self, case, parameters):
        return {"count": case.history.count(CountWithin(60))}


class Speechless(Broken):
    def judge(self, case, parameters):
        return {"something": 1}


class Unstorable(Broken):
    sentence = "{worth}"

    def judge(self, case, parameters):
        return {"worth": Decimal("1.5")}


ALL = [Broken, Forgetful, Speechless, Unstorable]


def errors_counted():
    return RISK_RULE_ERRORS.labels(rule="BROKEN")._value.get()


def judge(rule, **changes):
    rich = as_configured("HIGH_VALUE")
    rules = [as_configured(rule, **changes), rich]
    return score_case(case_of(worth="10000.01"), ruled_by(*rules))


@pytest.mark.parametrize("broken", ALL)
def test_means_nothing_when_it_fails_open(broken):
    judged = judge(broken())

    assert (judged.points, judged.band) == (20, "approve")
    assert (judged.flags, judged.errors) == (["HIGH_VALUE"], {"BROKEN": "open"})
    assert judged.versions == {"BROKEN": 0, "HIGH_VALUE": 0}
    assert [finding["code"] for finding in judged.findings] == ["HIGH_VALUE"]


@pytest.mark.parametrize("broken", ALL)
def test_lets_a_person_look_when_it_fails_closed(broken):
    judged = judge(broken(), on_error=OnError.CLOSED)

    assert (judged.points, judged.band) == (20, "review")
    assert judged.errors == {"BROKEN": "closed"}
    assert judged.flags == ["BROKEN", "HIGH_VALUE"]
    assert judged.findings[0] == {
        "code": "BROKEN",
        "state": "on",
        "points": 0,
        "version": 0,
        "figures": {},
        "sentence": "The rule could not be judged, so a person must look.",
    }


def test_holds_though_another_one_fails_open_after_it():
    closed = as_configured(Broken(), on_error=OnError.CLOSED)

    judged = score_case(case_of(), ruled_by(closed, as_configured(Forgetful())))

    assert judged.band == "review"


def test_leaves_urgent_what_is_urgent():
    rich = as_configured("HIGH_VALUE", points=80)
    broken = as_configured(Broken(), on_error=OnError.CLOSED)

    judged = score_case(case_of(worth="10000.01"), ruled_by(broken, rich))

    assert judged.band == "urgent"


def test_holds_nothing_in_shadow():
    judged = judge(Broken(), on_error=OnError.CLOSED, state=RuleState.SHADOW)

    assert (judged.band, judged.errors) == ("approve", {"BROKEN": "open"})


def test_is_not_asked_when_it_is_off():
    judged = judge(Broken(), on_error=OnError.CLOSED, state=RuleState.OFF)

    assert (judged.band, judged.errors) == ("approve", {})


@pytest.mark.django_db
def test_is_counted_and_logged(ada, no_rules, monkeypatch):
    monkeypatch.setitem(RULES, "BROKEN", Broken())
    before = errors_counted()

    with capture_logs() as logs:
        screen(ada)

    assert errors_counted() == before + 1
    [told] = [entry for entry in logs if entry["event"] == "risk_rule_failed"]
    assert (told["rule"], told["log_level"]) == ("BROKEN", "error")
    assert isinstance(told["exc_info"], ZeroDivisionError)


@pytest.mark.django_db
def test_alerts_nobody_of_what_is_only_tried(ada, no_rules, monkeypatch):
    screen(ada)
    monkeypatch.setitem(RULES, "BROKEN", Broken())
    before, out = errors_counted(), StringIO()

    with capture_logs() as logs:
        call_command(
            "backtest_risk", "--from=2000-01-01", "--to=3000-01-01", stdout=out
        )

    assert (errors_counted(), logs) == (before, [])
    assert "BROKEN raised 1 times." in out.getvalue()


def test_does_not_hide_that_a_program_ends():
    class Ended(Broken):
        def judge(self, case, parameters):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judge(Ended())


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ALL)
def test_stops_no_payment(ada, no_rules, monkeypatch, broken):
    monkeypatch.setitem(RULES, "BROKEN", broken())

    assessment = screen(ada)

    assessment.refresh_from_db()
    assert (assessment.band, assessment.errors) == ("approve", {"BROKEN": "open"})


@pytest.mark.django_db
@pytest.mark.breaks_the_books
@pytest.mark.parametrize("broken", ALL)
def test_opens_a_review_when_it_fails_closed(ada, no_rules, monkeypatch, broken):
    monkeypatch.setitem(RULES, "BROKEN", broken())
    configure("BROKEN", on_error=OnError.CLOSED)

    screen(ada)

    assert Assessment.objects.get().reasons == [
        "The rule could not be judged, so a person must look."
    ]
    review = Review.objects.get()
    assert (review.score, review.band, review.flags) == (0, "review", ["BROKEN"])
