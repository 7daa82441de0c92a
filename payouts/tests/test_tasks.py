"""Scheduled work on payouts ..."""

import pytest

from paycore.lib.metrics import (
    PAYOUT_APPROVALS_WAITING,
    PAYOUT_DISCREPANCIES,
    PAYOUT_MANUAL_REVIEW_QUEUE_SIZE,
    PAYOUT_OLDEST_DUE,
    PAYOUT_QUEUE_SIZE,
    WORKER_RUNS,
)
from paycore.lib.origin import SYSTEM
from payouts import services, tasks
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutAttempt, Step
from payouts.services import cancel_payout, take_notices
from payouts.tests.working import (
    funds_of,
    make_due,
    now,
    put_off,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
    submit,
)

TASKS = {
    "submit_payouts": tasks.submit_due,
    "ask_about_payouts": tasks.ask_due,
    "sweep_payouts": tasks.sweep,
}

pytestmark = pytest.mark.django_db

every = pytest.mark.parametrize(("worker", "task"), TASKS.items(), ids=TASKS)


def runs(worker):
    return [
        WORKER_RUNS.labels(worker=worker, result=result)._value.get()
        for result in ("ok", "failed")
    ]


@every
def test_is_counted_when_it_went_well(worker, task):
    ok, failed = runs(worker)

    task()

    assert runs(worker) == [ok + 1, failed]


@every
def test_is_counted_when_it_failed(worker, task, monkeypatch):
    def fail(**_):
        raise ZeroDivisionError

    monkeypatch.setattr(services, "work_on_due", fail)
    monkeypatch.setattr(services, "look_at_queue", fail)
    ok, failed = runs(worker)

    with pytest.raises(ZeroDivisionError):
        task()

    assert runs(worker) == [ok, failed + 1]


@every
def test_does_not_mind_what_a_newer_beat_may_add(worker, task):
    task(something="new")


@every
def test_is_on_the_schedule_and_ends_some_time(worker, task, settings):
    [entry] = [
        entry
        for entry in settings.CELERY["beat_schedule"].values()
        if entry["task"] == task.name
    ]

    assert 0 < entry["schedule"] <= 10
    # What the broker did not deliver in time is not worth delivering: more will come.
    # But the worker's clock decides, and may be minutes ahead of that of beat.
    assert 300 <= entry["options"]["expires"] <= 600
    assert task.time_limit == 120


def test_sends_what_is_due_however_often_it_is_called(ada_usd, payout, gateway):
    assert [tasks.submit_due() for _ in range(3)] == [1, 0, 0]

    assert gateway.heard_of(payout.pk) == ["submit"]
    assert (status_of(payout), funds_of(ada_usd)) == ("completed", ("990.00", "0.00"))


def test_asks_about_what_is_in_doubt_and_what_is_to_be_forgotten(
    ada, ada_usd, operator, payout_of, gateway
):
    refunded = send_into_review(gateway, payout_of(ada, ada_usd))
    resolve(operator, refunded, "refund_failed")
    in_doubt = send_into_doubt(gateway, payout_of(ada, ada_usd))
    gateway.will("find", Outcome.EXECUTED)
    make_due(in_doubt)

    assert tasks.ask_due() == 2

    assert status_of(in_doubt) == "completed"
    assert gateway.heard_of(refunded.pk)[-1] == "cancel"
    assert now(refunded).due_at is None


def test_has_forgotten_what_was_given_up_even_when_no_question_goes_well(
    given_up, failing_question, gateway
):
    with pytest.raises(ExceptionGroup):
        tasks.ask_due()

    assert gateway.heard_of(given_up.pk)[-1] == "cancel"


def test_is_done_by_a_worker_with_a_name(payout, gateway):
    tasks.submit_due()

    assert PayoutAttempt.objects.get().worker == services.worker_name()


def test_sweeping_measures_what_waits(
    ada, ada_usd, ada_rich, payout_of, large, gateway
):
    put_off(send_into_review(gateway, payout_of(ada, ada_usd)))
    cancelled = payout_of(ada, ada_usd)
    cancel_payout(payout_id=cancelled.pk, reason="r", origin=ada.origin)
    take_notices([Answer(cancelled.pk, Outcome.EXECUTED)], origin=SYSTEM)
    due = payout_of(ada, ada_usd), payout_of(ada, ada_usd)
    Payout.objects.filter(pk=due[0].pk).update(due_at="2020-01-01T00:00Z")

    assert tasks.sweep() == 2

    assert {
        step: PAYOUT_QUEUE_SIZE.labels(step=step)._value.get() for step in Step
    } == {Step.SUBMIT: 2, Step.ASK: 0, Step.CANCEL: 0}
    assert PAYOUT_OLDEST_DUE._value.get() > 5 * 365 * 86400
    assert PAYOUT_APPROVALS_WAITING._value.get() == 1
    assert PAYOUT_DISCREPANCIES._value.get() == 1
    assert PAYOUT_MANUAL_REVIEW_QUEUE_SIZE._value.get() == 1
    submit()
    assert tasks.sweep() == 0
    assert PAYOUT_OLDEST_DUE._value.get() == 0
