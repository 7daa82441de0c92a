"""After a person has decided, a gateway is asked for `PAYOUT_WATCH_DAYS` more."""

from datetime import timedelta

import pytest

from paycore.lib.times import StatementTime
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutDiscrepancy
from payouts.services import correct_discrepancy
from payouts.tests.working import (
    ask,
    claims_against,
    funds_of,
    make_due,
    now,
    resolve,
    send_into_review,
    status_of,
)

pytestmark = pytest.mark.django_db


def decided(payout, *, hours_ago):
    """As if a person had decided so long ago, and the gateway were to be asked now."""
    make_due(payout)
    Payout.objects.filter(pk=payout.pk).update(
        decided_at=StatementTime() - timedelta(hours=hours_ago)
    )


@pytest.mark.parametrize(
    ("days", "hours_ago", "is_watched"),
    [
        (0, 0, False),
        (1, 23, True),
        (1, 25, False),
        (7, 7 * 24 - 1, True),
        (7, 7 * 24 + 1, False),
        (30, 8 * 24, True),
    ],
)
def test_and_then_no_more(
    operator, payout, gateway, settings, days, hours_ago, is_watched
):
    settings.PAYOUT_WATCH_DAYS = days
    resolve(operator, send_into_review(gateway, payout), "confirm_sent")
    decided(payout, hours_ago=hours_ago)

    assert ask() == 1

    assert (now(payout).due_at is not None) == is_watched
    assert (status_of(payout), claims_against(payout)) == ("completed", [])


def test_what_it_has_not_heard_of_by_then_was_not_sent(
    ada_usd, operator, payout, gateway, settings
):
    settings.PAYOUT_WATCH_DAYS = 7
    resolve(operator, send_into_review(gateway, payout), "confirm_sent")
    unheard_of = Answer(payout.pk, Outcome.ABSENT, detail="The bank does not know it.")
    gateway.will("find", unheard_of)
    for hours_ago, claims in [
        (7 * 24 - 1, []),
        (7 * 24 + 1, [("declined", "open")]),
    ]:
        decided(payout, hours_ago=hours_ago)
        ask()
        assert claims_against(payout) == claims
    assert (status_of(payout), now(payout).due_at) == ("completed", None)
    assert funds_of(ada_usd) == ("990.00", "0.00")

    raised = PayoutDiscrepancy.objects.get()
    assert raised.detail == "The bank does not know it."
    correct_discrepancy(
        discrepancy_id=raised.pk, by_id=operator.id, reason="r", origin=operator.origin
    )

    assert funds_of(ada_usd) == ("1000.00", "0.00")
    decided(payout, hours_ago=7 * 24 + 2)
    ask()
    assert claims_against(payout) == [("declined", "corrected")]
