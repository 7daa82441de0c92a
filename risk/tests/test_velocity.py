"""HIGH_VELOCITY and SUSPICIOUS_VELOCITY ..."""

from datetime import timedelta

import pytest

from paycore.lib.ids import new_id
from risk.models import Assessment
from risk.payments import PaymentKind
from risk.rules import RULES, AlikeWithin, CountWithin
from risk.services import Screening, void_payments
from risk.tests.cases import case_of
from risk.tests.past import MOMENT, paid, past_of, payment_of, screen

TEN_MINUTES, AN_HOUR = CountWithin(600), CountWithin(3600)
NAMES = {"HIGH_VELOCITY", "SUSPICIOUS_VELOCITY"}


def flags_of(assessment):
    """Without those that depend on when the test runs."""
    return [flag for flag in assessment.flags if flag in NAMES]


@pytest.mark.parametrize(
    ("code", "measure", "earlier", "figures"),
    [
        ("HIGH_VELOCITY", TEN_MINUTES, 5, None),
        (
            "HIGH_VELOCITY",
            TEN_MINUTES,
            6,
            {"count": 6, "most": 5, "within": "10 minutes"},
        ),
        ("SUSPICIOUS_VELOCITY", AN_HOUR, 10, None),
        (
            "SUSPICIOUS_VELOCITY",
            AN_HOUR,
            11,
            {"count": 11, "most": 10, "within": "1 hour"},
        ),
    ],
)
def test_apply_beyond_their_number(code, measure, earlier, figures):
    rule = RULES[code]
    case = case_of(counts={measure: earlier})

    assert rule.judge(case, rule.parameters) == figures


def test_are_worth_twenty_points_each():
    assert [RULES[code].points for code in sorted(NAMES)] == [20, 20]


def test_say_why():
    rule = RULES["HIGH_VELOCITY"]

    assert rule.explain({"count": 6, "most": 5, "within": "10 minutes"}) == (
        "6 earlier payments in 10 minutes; more than 5 is unusual."
    )


@pytest.mark.parametrize("code", [*sorted(NAMES), "POSSIBLE_DUPLICATE"])
def test_say_how_far_they_look_back_as_it_is_set(code):
    figures = RULES[code].judge(
        case_of(counts={CountWithin(90): 6, AlikeWithin(90): 6}),
        {"most": 5, "seconds": 90},
    )

    assert figures is not None
    assert "in 90 seconds" in RULES[code].explain(figures)


@pytest.mark.django_db
@pytest.mark.parametrize("measure", [TEN_MINUTES, AN_HOUR])
@pytest.mark.parametrize(("early", "count"), [(0, 0), (0.000001, 1), (1, 1)])
def test_count_what_is_less_than_their_time_ago(ada, measure, early, count):
    paid(ada, ago=measure.seconds - early)

    # Both, so that the longer time does not do the work of the shorter one.
    past = past_of(payment_of(ada), TEN_MINUTES, AN_HOUR)

    assert past.history.count(measure) == count


@pytest.mark.django_db
def test_do_not_count_the_payment_itself(ada):
    itself = paid(ada)

    past = past_of(payment_of(ada), TEN_MINUTES, look_id=itself.pk)

    assert past.history.count(TEN_MINUTES) == 0


@pytest.mark.django_db
def test_count_what_came_before_at_the_same_instant_but_nothing_after(ada):
    before, itself, after = new_id(), new_id(), new_id()
    paid(ada, id=before)
    paid(ada, id=after)
    paid(ada, ago=-1)

    past = past_of(payment_of(ada), TEN_MINUTES, look_id=itself)

    assert past.history.count(TEN_MINUTES) == 1


@pytest.mark.django_db
def test_count_payments_of_every_kind_and_those_that_came_to_nothing(ada, grace):
    for kind in PaymentKind:
        paid(ada, ago=1, kind=kind)
    paid(ada, ago=1, voided_at=MOMENT)
    paid(grace, ago=1)

    past = past_of(payment_of(ada), TEN_MINUTES)

    assert past.history.count(TEN_MINUTES) == len(PaymentKind) + 1


@pytest.mark.django_db
def test_apply_to_the_seventh_and_the_twelfth(ada, grace):
    flags = [flags_of(screen(ada)) for _ in range(12)]

    assert flags[:6] == [[]] * 6
    assert flags[6:11] == [["HIGH_VELOCITY"]] * 5
    assert flags[11] == ["HIGH_VELOCITY", "SUSPICIOUS_VELOCITY"]
    assert flags_of(screen(grace)) == []


@pytest.mark.django_db
def test_apply_to_the_seventh_of_a_batch(ada, grace):
    paid_before = [screen(ada) for _ in range(2)]
    payments = [payment_of(ada) for _ in range(5)]
    others = payment_of(grace)

    screening = Screening([*payments, others])
    flags = []
    for payment in payments:
        assessment = screening.judge(payment)
        screening.keep(assessment)
        flags.append(flags_of(assessment))

    assert len(paid_before) == 2
    assert flags == [[], [], [], [], ["HIGH_VELOCITY"]]
    assert flags_of(screening.judge(others)) == []


@pytest.mark.django_db
def test_do_not_count_those_of_a_batch_that_were_refused(ada):
    payments = [payment_of(ada) for _ in range(8)]

    screening = Screening(payments)

    assert [flags_of(screening.judge(payment)) for payment in payments] == [[]] * 8


@pytest.mark.django_db
def test_overlook_nothing_when_the_clock_was_set_back(ada):
    later = screen(ada).assessed_at + timedelta(minutes=30)
    for _ in range(6):
        paid(ada, at=later)

    judged = screen(ada)

    # One microsecond after the last one, so that the next one sees this one.
    assert judged.assessed_at == later + timedelta(microseconds=1)
    assert flags_of(judged) == ["HIGH_VELOCITY"]


@pytest.mark.django_db
def test_do_not_forget_what_was_voided(ada):
    judged = [screen(ada) for _ in range(6)]
    void_payments([one.subject_id for one in judged])

    assert flags_of(screen(ada)) == ["HIGH_VELOCITY"]
    assert Assessment.objects.filter(voided_at=None).count() == 1
