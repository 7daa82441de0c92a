"""Between two words with a gateway there is a pause, which grows up to a bound."""

from datetime import timedelta

import pytest

from payouts.gateways import Outcome
from payouts.models import Payout
from payouts.services.answers import _growing
from payouts.tests.working import (
    ask,
    make_due,
    now,
    pause_of,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db


def pauses(payout, work, times):
    seen = []
    for _ in range(times):
        make_due(payout)
        assert work() == 1
        seen.append(pause_of(payout))
    return seen


@pytest.mark.parametrize(
    ("times", "seconds"),
    [(0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (11, 300), (10**9, 300)],
)
def test_doubles_each_time(times, seconds):
    assert _growing(times, up_to=300) == timedelta(seconds=seconds)


def test_before_it_is_sent_again(payout, gateway):
    gateway.will("submit", Outcome.NOT_SENT)

    assert pauses(payout, submit, 7) == [1, 2, 4, 8, 16, 32, 64]


def test_before_it_is_sent_again_never_exceeds_five_minutes(payout, gateway, settings):
    settings.PAYOUT_MAX_ATTEMPTS = 100
    gateway.will("submit", Outcome.NOT_SENT)

    assert pauses(payout, submit, 11)[-3:] == [256, 300, 300]


def test_before_what_never_arrives_is_sent_again_never_exceeds_half_a_minute(
    payout, gateway
):
    gateway.will("submit", Outcome.UNKNOWN)
    gateway.will("find", Outcome.ABSENT)
    seen = []

    for _ in range(7):
        make_due(payout)
        submit()
        seen += pauses(payout, ask, 1)

    assert seen == [1, 2, 4, 8, 16, 30, 30]


def test_before_it_is_asked_about_in_doubt_never_exceeds_half_a_minute(payout, gateway):
    send_into_doubt(gateway, payout)
    gateway.will("find", Outcome.UNKNOWN)

    assert pauses(payout, ask, 7) == [1, 2, 4, 8, 16, 30, 30]


def test_before_one_that_is_underway_is_asked_about_may_be_hours(payout, gateway):
    gateway.patience = timedelta(days=5)
    gateway.will("submit", Outcome.UNDERWAY)
    submit()
    gateway.will("find", Outcome.UNDERWAY)

    assert pauses(payout, ask, 17)[-3:] == [2**14, 21600, 21600]


def test_ends_when_the_patience_does(payout, gateway):
    gateway.patience = timedelta(seconds=20)
    gateway.will("submit", Outcome.UNKNOWN)
    submit()
    gateway.will("find", Outcome.UNKNOWN)
    make_due(payout)
    ask()
    make_due(payout)
    Payout.objects.filter(pk=payout.pk).update(questions=20)

    ask()

    waiting = now(payout)
    assert waiting.due_at == waiting.unknown_since + timedelta(seconds=20)


def test_before_one_in_review_is_asked_about_never_exceeds_a_quarter_of_an_hour(
    payout, gateway
):
    send_into_review(gateway, payout)

    assert pauses(payout, ask, 11)[-2:] == [900, 900]
    assert status_of(payout) == "manual_review"


def test_begins_anew_when_it_was_sent_again(payout, gateway):
    send_into_doubt(gateway, payout)
    gateway.will("find", Outcome.UNKNOWN)
    assert pauses(payout, ask, 4) == [1, 2, 4, 8]
    gateway.will("find", Outcome.ABSENT)
    assert pauses(payout, ask, 1) == [1]
    make_due(payout)

    submit()

    gateway.will("find", Outcome.UNKNOWN)
    assert now(payout).questions == 0
    assert pauses(payout, ask, 2) == [1, 2]


def test_while_watching_never_exceeds_six_hours_and_ends(
    operator, payout, gateway, settings
):
    send_into_review(gateway, payout)
    resolve(operator, payout, "confirm_sent")

    assert pauses(payout, ask, 16)[-2:] == [2**14, 21600]
    decided_at = now(payout).decided_at - timedelta(days=7)
    Payout.objects.filter(pk=payout.pk).update(decided_at=decided_at)
    assert pauses(payout, ask, 1) == [None]
