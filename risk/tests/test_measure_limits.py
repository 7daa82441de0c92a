"""What somebody may pay, and has used today ...: measure_limits."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from paycore.testing.bookkeeping import money
from risk.models import Period
from risk.payments import PaymentKind
from risk.statistics import measure_limits
from risk.tests.past import paid, screen
from risk.tests.settings import DAY, PAYOUT, PURCHASE, TRANSACTION, limit

# Payments of nothing but risk: there is no transfer behind them.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_the_books,
    pytest.mark.usefixtures("rates", "no_rules"),
]


def measured(player, kind=PURCHASE, period=DAY, at=None):
    """(limit, used, left, whose) as they are shown."""
    uses = measure_limits(player.id, at=at or datetime.now(UTC))
    [found] = [use for use in uses if (use.kind, use.period) == (kind, period)]
    shown = None if found.limit is None else str(found.limit)
    return shown, found.used_text, found.left_text, found.is_own


def test_the_defaults_hold_for_everybody(ada):
    uses = measure_limits(ada.id, at=datetime.now(UTC))

    assert [(use.kind, use.period) for use in uses] == [
        (PURCHASE, TRANSACTION),
        (PURCHASE, DAY),
        (PAYOUT, TRANSACTION),
        (PAYOUT, DAY),
    ]
    assert measured(ada) == ("100000.00 MYR", "0.00 MYR", "100000.00 MYR", False)
    assert measured(ada, PAYOUT, TRANSACTION) == ("50000.00 MYR", "-", "-", False)


def test_what_is_used_is_converted_added_up_and_by_kind(ada, grace):
    screen(ada, "10.00 USD")
    screen(ada, "1.00 MYR")
    screen(ada, "5.00 MYR", kind=PAYOUT)
    screen(grace, "7.00 MYR")

    assert measured(ada)[1:3] == ("48.00 MYR", "99952.00 MYR")
    assert measured(ada, PAYOUT)[1] == "5.00 MYR"


def test_what_came_to_nothing_is_not_used(ada):
    now = datetime.now(UTC)
    paid(ada, "10.00 MYR", at=now, ago=0, voided_at=now)

    assert measured(ada)[1] == "0.00 MYR"


def test_an_own_limit_goes_before_everybodys(ada, grace):
    limit("70.00 MYR")
    limit("10.00 USD", user_id=ada.id)
    screen(ada, "9.40 MYR")

    assert measured(ada) == ("10.00 USD", "2.00 USD", "8.00 USD", True)
    assert measured(grace) == ("70.00 MYR", "0.00 MYR", "70.00 MYR", False)


def test_without_a_limit_it_is_still_told_what_was_paid(ada):
    limit(None, user_id=ada.id)
    screen(ada, "9.00 MYR")

    assert measured(ada) == (None, "9.00 MYR", "-", True)


def test_more_than_the_limit_leaves_nothing(ada):
    screen(ada, "9.00 MYR")
    limit("5.00 MYR")

    assert measured(ada) == ("5.00 MYR", "9.00 MYR", "0.00 MYR", False)


def test_other_kinds_are_told_once_they_have_a_limit(ada):
    limit("5.00 MYR", Period.DAY, PaymentKind.INTERNAL)

    assert measured(ada, PaymentKind.INTERNAL)[0] == "5.00 MYR"


@pytest.mark.parametrize(
    ("hours", "used"), [(3.9, "10.00 MYR"), (4.1, "0.00 MYR"), (20, "0.00 MYR")]
)
def test_today_is_the_persons_own_day(ada, hours, used):
    # Midnight in Kuala Lumpur is at 16:00 UTC.
    User.objects.filter(pk=ada.id).update(time_zone="Asia/Kuala_Lumpur")
    at = datetime(2026, 7, 1, 20, tzinfo=UTC)
    paid(ada, "10.00 MYR", at=at - timedelta(hours=hours))

    assert measured(ada, at=at)[1] == used


@pytest.mark.parametrize("time_zone", ["Atlantic/Azores", "America/Havana"])
def test_today_begins_with_the_first_of_two_midnights(ada, time_zone):
    # From one o'clock back to midnight, which comes twice.
    User.objects.filter(pk=ada.id).update(time_zone=time_zone)
    zone = ZoneInfo(time_zone)
    day = 25 if time_zone == "Atlantic/Azores" else 1
    first = datetime(2026, 10 if day == 25 else 11, day, 0, 30, tzinfo=zone)
    paid(ada, "1.00 MYR", at=first - timedelta(hours=1))
    paid(ada, "10.00 MYR", at=first.astimezone(UTC))

    assert measured(ada, at=first + timedelta(hours=12))[1] == "10.00 MYR"


def test_it_is_three_statements(ada, django_assert_num_queries):
    screen(ada, "10.00 USD")
    at = datetime.now(UTC)

    with django_assert_num_queries(3):
        measure_limits(ada.id, at=at)


def test_what_is_told_is_what_is_refused(ada):
    limit("10.00 MYR")
    screen(ada, "4.00 MYR")
    left = measured(ada)[2]

    screen(ada, left)

    assert (left, money(left).minor) == ("6.00 MYR", 600)
    assert measured(ada)[2] == "0.00 MYR"
