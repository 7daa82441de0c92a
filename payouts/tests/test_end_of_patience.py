"""Patience with a gateway ends when it has lasted, neither sooner nor later."""

from datetime import timedelta

import pytest

from paycore.lib.times import StatementTime
from payouts.gateways import Outcome
from payouts.models import Payout
from payouts.tests.working import ask, funds_of, make_due, now, send_into_doubt

pytestmark = pytest.mark.django_db

PATIENCE = timedelta(minutes=15)
# No machine is so slow that this passes within a test.
A_WHILE = timedelta(minutes=5)


def ask_after(payout, gateway, waited):
    """Ask in vain about a payout that has been in doubt for so long."""
    send_into_doubt(gateway, payout)
    gateway.will("find", Outcome.UNKNOWN)
    make_due(payout)
    Payout.objects.filter(pk=payout.pk).update(unknown_since=StatementTime() - waited)
    ask()
    return now(payout)


@pytest.mark.parametrize(
    ("waited", "status"),
    [
        (timedelta(0), "processing"),
        (PATIENCE - A_WHILE, "processing"),
        (PATIENCE, "manual_review"),
        (PATIENCE + A_WHILE, "manual_review"),
    ],
)
def test_a_person_is_called_then(ada_usd, payout, gateway, waited, status):
    asked = ask_after(payout, gateway, waited)

    assert asked.status == status
    # Whatever it is called: nothing is given back, and it is asked about again.
    assert funds_of(ada_usd) == ("1000.00", "10.00")
    assert (asked.step, asked.due_at is None) == ("ask", False)


@pytest.mark.parametrize("minutes", [1, 15, 60])
def test_it_lasts_as_long_as_the_gateway_says(payout, gateway, minutes):
    gateway.patience = timedelta(minutes=minutes)

    asked = ask_after(payout, gateway, PATIENCE)

    assert asked.status == ("processing" if minutes > 15 else "manual_review")
