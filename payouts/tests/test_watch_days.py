"""After a person has decided, a gateway is asked for `PAYOUT_WATCH_DAYS` more."""

from datetime import timedelta

import pytest

from paycore.lib.times import StatementTime
from payouts.models import Payout
from payouts.tests.working import (
    ask,
    make_due,
    now,
    resolve,
    send_into_review,
    status_of,
)

pytestmark = pytest.mark.django_db


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
    send_into_review(gateway, payout)
    resolve(operator, payout, "confirm_sent")
    make_due(payout)
    Payout.objects.filter(pk=payout.pk).update(
        decided_at=StatementTime() - timedelta(hours=hours_ago)
    )

    assert ask() == 1

    assert (now(payout).due_at is not None) == is_watched
    assert status_of(payout) == "completed"
