"""A limit of a day, which is the user's own, ..."""

from datetime import datetime, timedelta
from importlib import resources
from zoneinfo import reset_tzpath

import pytest

from accounts.models import User
from fx.selectors import get_rate_table
from paycore.lib.errors import LimitExceeded
from paycore.testing.refusals import refused_with
from risk.statistics import measure_limits
from risk.tests.past import MOMENT, paid, past_of, payment_of, refuse_at, screen
from risk.tests.settings import PURCHASE, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rules")]

DAYS = [
    # Time zone, midnight before and midnight after, in UTC: how long a day is.
    ("UTC", "2026-11-20T00:00Z", "2026-11-21T00:00Z"),
    ("Asia/Kuala_Lumpur", "2026-11-19T16:00Z", "2026-11-20T16:00Z"),
    ("Asia/Kathmandu", "2026-11-19T18:15Z", "2026-11-20T18:15Z"),
    # 23 hours, and 25.
    ("America/New_York", "2026-03-08T05:00Z", "2026-03-09T04:00Z"),
    ("America/New_York", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
    ("Europe/London", "2026-03-29T00:00Z", "2026-03-29T23:00Z"),
    ("Europe/London", "2026-10-24T23:00Z", "2026-10-26T00:00Z"),
    # The clock goes from midnight to one: no midnight, the day begins at one.
    ("Africa/Cairo", "2026-04-23T22:00Z", "2026-04-24T21:00Z"),
    # From one back to midnight: that comes twice, and the day begins with the first.
    ("Atlantic/Azores", "2026-10-25T00:00Z", "2026-10-26T01:00Z"),
    ("America/Havana", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
    # From midnight back to eleven in the evening, which belongs to the day before.
    ("Africa/Cairo", "2026-10-28T21:00Z", "2026-10-29T22:00Z"),
]
A_LITTLE = timedelta(microseconds=1)


def live_in(player, time_zone):
    User.objects.filter(pk=player.id).update(time_zone=time_zone)


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(("zone", "start", "end"), DAYS)
def test_is_used_from_midnight_to_midnight(ada, zone, start, end):
    live_in(ada, zone)
    limit("10.00 MYR")
    start, end = at(start), at(end)
    paid(ada, "1.00 MYR", at=start - A_LITTLE)
    refuse_at(start, payment_of(ada, "10.00 MYR"))
    paid(ada, "4.00 MYR", at=start)
    paid(ada, "6.00 MYR", at=end - 2 * A_LITTLE)

    with refused_with(LimitExceeded) as caught:
        refuse_at(end - A_LITTLE, payment_of(ada, "0.01 MYR"))
    refuse_at(end, payment_of(ada, "10.00 MYR"))

    assert caught.value.facts["used"] == "10.00"


@pytest.mark.parametrize(("zone", "start", "end"), DAYS)
def test_counts_every_hour_of_it(ada, zone, start, end):
    live_in(ada, zone)
    start, end = at(start), at(end)
    hours = int((end - start).total_seconds()) // 3600
    moments = [start + timedelta(hours=number) for number in range(hours)]
    for moment in moments:
        paid(ada, "1.00 MYR", at=moment)

    used = [
        past_of(payment_of(ada), at=moment + A_LITTLE).used["MYR"] for moment in moments
    ]

    assert hours in {23, 24, 25}
    assert used == [number * 100 for number in range(1, hours + 1)]
    told = measure_limits(ada.id, at=end - A_LITTLE)
    assert [use.used_text for use in told if use.kind == PURCHASE] == [
        "-",
        f"{hours}.00 MYR",
    ]


def test_leaves_out_void_payments(ada):
    limit("10.00 MYR")
    paid(ada, "10.00 MYR", ago=1, voided_at=MOMENT)

    refuse_at(MOMENT, payment_of(ada, "10.00 MYR"))


def test_converts_at_the_rates_of_the_moment(ada, rates):
    limit("10.00 MYR")
    paid(ada, "2.00 USD", ago=1)
    table = get_rate_table(at=MOMENT)

    refuse_at(MOMENT, payment_of(ada, "0.60 MYR"), rates=table)
    with refused_with(LimitExceeded):
        refuse_at(MOMENT, payment_of(ada, "0.61 MYR"), rates=table)


@pytest.fixture
def nowhere(tmp_path):
    """A time zone that Python knows and the database does not, like Kuala Lumpur.

    As `US/Pacific` is to PostgreSQL on a Debian without `tzdata-legacy`.
    """
    file = resources.files("tzdata").joinpath("zoneinfo", "Asia", "Kuala_Lumpur")
    (tmp_path / "Nowhere").write_bytes(file.read_bytes())
    reset_tzpath([str(tmp_path)])
    yield "Nowhere"
    reset_tzpath()


def test_is_that_of_a_time_zone_of_which_the_database_never_heard(ada, nowhere):
    live_in(ada, nowhere)
    limit("10.00 MYR")
    midnight = at("2026-11-19T16:00Z")
    paid(ada, "9.00 MYR", at=midnight - A_LITTLE)
    paid(ada, "4.00 MYR", at=midnight)

    refuse_at(MOMENT, payment_of(ada, "6.00 MYR"))
    with refused_with(LimitExceeded):
        refuse_at(MOMENT, payment_of(ada, "6.01 MYR"))

    uses = measure_limits(ada.id, at=MOMENT)
    assert [use.used_text for use in uses if use.kind == PURCHASE] == ["-", "4.00 MYR"]
    assert screen(ada, "1.00 MYR").time_zone == nowhere
