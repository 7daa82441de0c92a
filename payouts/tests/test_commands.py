"""Looking at the queue and working on it by hand."""

import math
import re
import time
from io import StringIO

import pytest
from django.core.management import call_command

from payouts.gateways import Outcome
from payouts.tests.working import (
    ask,
    make_due,
    put_off,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
)

pytestmark = pytest.mark.django_db


def told_by(*command, **options):
    """What it prints, as pairs."""
    out = StringIO()
    call_command(*command, stdout=out, **options)
    lines = [re.split(r"\s{2,}", line.strip()) for line in out.getvalue().splitlines()]
    return dict(lines)


def test_payouts_shows_an_empty_queue():
    assert told_by("payouts", "--status") == {
        "due to submit": "0",
        "due to ask": "0",
        "due to cancel": "0",
        "oldest due for": "0s",
        "with a worker": "0",
        "need approval": "0",
        "contradicted": "0",
    }


def test_payouts_shows_what_waits(ada, ada_usd, payout_of, large, gateway):
    later = [
        send_into_review(gateway, payout_of(ada, ada_usd)),
        send_into_doubt(gateway, payout_of(ada, ada_usd)),
    ]
    started = time.monotonic()
    put_off(*later)
    payout_of(ada, ada_usd)

    told = told_by("payouts", "--status")

    seconds = int(told.pop("oldest due for").removesuffix("s"))
    assert 0 <= seconds <= math.ceil(time.monotonic() - started)
    assert told == {
        "manual_review": "1",
        "pending": "2",
        "processing": "1",
        "due to submit": "1",
        "due to ask": "0",
        "due to cancel": "0",
        "with a worker": "0",
        "need approval": "1",
        "contradicted": "0",
    }


def test_payouts_changes_nothing(payout, gateway, nothing_moves):
    with nothing_moves():
        told_by("payouts", "--status")

    assert gateway.heard == []


def test_sweep_payouts_does_what_is_due(ada, ada_usd, operator, payout_of, gateway):
    refunded = send_into_review(gateway, payout_of(ada, ada_usd))
    resolve(operator, refunded, "refund_failed")
    in_doubt = send_into_doubt(gateway, payout_of(ada, ada_usd))
    make_due(in_doubt)
    fresh = payout_of(ada, ada_usd)
    gateway.will("submit", Outcome.EXECUTED)
    gateway.will("find", Outcome.EXECUTED)

    assert told_by("sweep_payouts") == {"submit": "1", "ask": "1", "cancel": "1"}

    assert (status_of(in_doubt), status_of(fresh)) == ("completed", "completed")
    assert told_by("sweep_payouts") == {"submit": "0", "ask": "0", "cancel": "0"}
    assert ask() == 0


def test_sweep_payouts_gives_each_step_its_turn(given_up, failing_question, gateway):
    out = StringIO()

    with pytest.raises(SystemExit) as leaving:
        call_command("sweep_payouts", stdout=out)

    assert leaving.value.code == 1
    assert "ask     went wrong: ZeroDivisionError." in out.getvalue()
    assert gateway.heard_of(given_up.pk)[-1] == "cancel"


def test_sweep_payouts_may_be_short(ada, ada_usd, payout_of, gateway, monkeypatch):
    monkeypatch.setattr("payouts.services.claims.BATCH", 2)
    for _ in range(3):
        payout_of(ada, ada_usd, "1.00")

    assert told_by("sweep_payouts", seconds=0)["submit"] == "2"
