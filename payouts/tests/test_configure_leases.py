"""A lease outlasts what a worker does with it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from paycore.settings.payouts import lease


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
