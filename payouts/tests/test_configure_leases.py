"""A lease, and a task, outlast what a worker does with it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from paycore.settings.payouts import LONGEST_TIMEOUT, gateway_timeout, lease
from payouts import tasks
from payouts.gateways.sandbox import SECONDS_TO_CONNECT, THREADS
from payouts.models import Step
from payouts.services.claims import batch_size


@pytest.mark.parametrize(("seconds", "timeout"), [(60, 5), (10, 5), (60, 30)])
def test_a_lease_may_be_twice_the_timeout_of_a_gateway(monkeypatch, seconds, timeout):
    monkeypatch.setenv("PAYOUT_LEASE", str(seconds))

    assert lease(timeout=timeout) == seconds


@pytest.mark.parametrize(("seconds", "timeout"), [(9, 5), (60, 31), (5, 5)])
def test_a_shorter_one_is_refused_by_name(monkeypatch, seconds, timeout):
    monkeypatch.setenv("PAYOUT_LEASE", str(seconds))

    with pytest.raises(
        ImproperlyConfigured,
        match=r"^PAYOUT_LEASE must be at least twice PAYOUT_GATEWAY_TIMEOUT"
        rf".* They are {seconds} and {timeout}\.$",
    ):
        lease(timeout=timeout)


def test_a_lease_is_a_minute_unless_something_else_is_said(monkeypatch):
    monkeypatch.delenv("PAYOUT_LEASE", raising=False)

    assert lease(timeout=5) == 60


@pytest.mark.parametrize(
    ("timeout", "orders", "cancellations"),
    [(1, 64, 7), (5, 64, 7), (10, 64, 4), (20, 32, 2), (30, 16, 1), (60, 16, 1)],
)
def test_fewer_are_taken_up_where_a_bank_may_take_long_to_answer(
    settings, timeout, orders, cancellations
):
    settings.PAYOUT_GATEWAY_TIMEOUT = timeout

    taken = [batch_size(step) for step in (Step.SUBMIT, Step.ASK, Step.CANCEL)]

    assert taken == [orders, orders, cancellations]


def test_a_task_ends_before_it_is_killed_whatever_a_bank_does(settings):
    limit = tasks.ask_due.time_limit
    assert limit is not None

    for timeout in range(1, LONGEST_TIMEOUT + 1):
        settings.PAYOUT_GATEWAY_TIMEOUT = timeout

        in_turn = batch_size(Step.ASK) / THREADS + batch_size(Step.CANCEL)

        # Both rounds may begin at the very end of their time.
        longest = tasks.SECONDS + in_turn * (SECONDS_TO_CONNECT + timeout)
        assert longest <= limit - 10


def test_a_bank_may_take_so_long_to_answer_and_no_longer(monkeypatch):
    monkeypatch.setenv("PAYOUT_GATEWAY_TIMEOUT", "48")
    assert gateway_timeout() == 48

    monkeypatch.setenv("PAYOUT_GATEWAY_TIMEOUT", "49")
    with pytest.raises(
        ImproperlyConfigured,
        match=r"^PAYOUT_GATEWAY_TIMEOUT must be at most 48 seconds, .* It says 49\.$",
    ):
        gateway_timeout()
