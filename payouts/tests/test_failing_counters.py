"""What was committed has happened, even if it cannot be counted afterwards: ..."""

import pytest
from django.db import OperationalError

from paycore.lib.db import run_in_transaction
from payouts.gateways import Outcome
from payouts.models import Step
from payouts.services import answers, claims, moves
from payouts.services.claims import claim_due
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    make_due,
    pass_patience,
    send_into_doubt,
    status_of,
    submit,
)

# So that something happens after a commit at all.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def counting(monkeypatch):
    """No counter and no gauge works any more. Tells those that were tried."""
    tried: list[str] = []

    def fails(name):
        def fail(*_, **__):
            tried.append(name)
            raise RuntimeError("No space left for metrics.")

        return fail

    for module, name, method in (
        (answers, "PAYOUT_ANSWERS", "labels"),
        (moves, "PAYOUTS", "labels"),
        (claims, "PAYOUT_LEASES_EXPIRED", "inc"),
    ):
        monkeypatch.setattr(getattr(module, name), method, fails(name))
    return tried


def test_a_payout_is_sent_once_and_completed(ada_usd, payout, gateway, counting):
    assert submit() == 1

    assert {"PAYOUT_ANSWERS", "PAYOUTS"} <= set(counting)
    assert gateway.heard_of(payout.pk) == ["submit"]
    assert attempts_of(payout) == [("submit", "executed")]
    assert (status_of(payout), funds_of(ada_usd)) == ("completed", ("990.00", "0.00"))
    assert events_of(payout) == ["pending", "processing", "completed"]


def test_a_declined_payout_is_given_back(ada_usd, payout, gateway, counting):
    gateway.will("submit", Outcome.DECLINED)

    assert submit() == 1

    assert attempts_of(payout) == [("submit", "declined")]
    assert (status_of(payout), funds_of(ada_usd)) == ("failed", ("1000.00", "0.00"))


def test_a_lost_payout_is_asked_about(ada_usd, payout, gateway, counting):
    run_in_transaction(lambda: claim_due(step=Step.SUBMIT, worker="dead"))
    gateway.will("find", Outcome.EXECUTED)
    make_due(payout)

    assert ask() == 1

    assert "PAYOUT_LEASES_EXPIRED" in counting
    assert attempts_of(payout) == [("submit", "lost"), ("ask", "executed")]
    assert (status_of(payout), funds_of(ada_usd)) == ("completed", ("990.00", "0.00"))


def test_a_payout_in_doubt_waits_for_a_person(ada_usd, payout, gateway, monkeypatch):
    def count_in_review():
        tried.append(status_of(payout))
        raise OperationalError("The database went away right after the commit.")

    tried: list[str] = []
    monkeypatch.setattr(moves, "count_in_review", count_in_review)
    send_into_doubt(gateway, payout)
    pass_patience(payout)

    assert ask() == 1

    assert tried == ["manual_review"]
    assert attempts_of(payout) == [("submit", "unknown"), ("ask", "unknown")]
    assert status_of(payout) == "manual_review"
    assert events_of(payout) == ["pending", "processing", "manual_review"]
    assert funds_of(ada_usd) == ("1000.00", "10.00")
