"""A local day ...: 23, 24 or 25 hours, or half an hour more or less, or none."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paycore.lib.days import day_of, end_of, start_of

ZONES = sorted(
    resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
)
INSTANT = timedelta(microseconds=1)


def instants(first, last):
    """Between two years."""
    begin = datetime(first, 1, 1, tzinfo=UTC)
    return st.timedeltas(timedelta(0), datetime(last, 1, 1, tzinfo=UTC) - begin).map(
        begin.__add__
    )


@pytest.mark.parametrize(
    ("time_zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Europe/London", date(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), 25),
        ("Asia/Kuala_Lumpur", date(2026, 3, 29), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        # Clocks jumped from midnight to one o'clock.
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        # From 23:30 to half past midnight.
        ("America/Toronto", date(1919, 3, 31), 23.5),
        # Samoa went to the other side of the date line.
        ("Pacific/Apia", date(2011, 12, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("Pacific/Apia", date(2011, 12, 31), 24),
        # Put back over midnight: what the wall shows again is of the day that began.
        ("America/St_Johns", date(2010, 11, 6), 24),
        ("America/St_Johns", date(2010, 11, 7), 25),
        ("UTC", date(2026, 2, 28), 24),
    ],
)
def test_lasts_as_long_as_it_does(time_zone, day, hours):
    lasts = end_of(day, time_zone) - start_of(day, time_zone)

    assert lasts.total_seconds() / 3600 == pytest.approx(hours)


@pytest.mark.parametrize(
    ("time_zone", "day", "start"),
    [
        ("America/New_York", date(2026, 3, 8), "2026-03-08 05:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09 04:00"),
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04 03:00"),
        ("America/Toronto", date(1919, 3, 31), "1919-03-31 04:30"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30 10:00"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30 10:00"),
        ("Pacific/Kiritimati", date(2026, 1, 1), "2025-12-31 10:00"),
    ],
)
def test_begins_when_it_begins(time_zone, day, start):
    assert start_of(day, time_zone) == datetime.fromisoformat(f"{start}Z")


@given(
    at=instants(1900, 2100),
    time_zone=st.sampled_from(ZONES),
)
def test_is_one_of_a_row_without_gaps(at, time_zone):
    day = day_of(at, time_zone)

    assert start_of(day, time_zone) <= at < end_of(day, time_zone)
    assert start_of(day, time_zone) <= start_of(day + timedelta(days=1), time_zone)


@pytest.mark.parametrize("time_zone", ZONES)
def test_is_what_the_wall_shows_in_our_time(time_zone):
    # There were zones whose clocks were put back over midnight, see Note [A day is the
    # instants between two midnights]; none has been since the books began.
    zone = ZoneInfo(time_zone)
    for number in range(366 * 3):
        day = date(2025, 1, 1) + timedelta(days=number)
        start = start_of(day, time_zone)
        for at in (start, start + timedelta(hours=1), end_of(day, time_zone) - INSTANT):
            assert day_of(at, time_zone) == day == at.astimezone(zone).date()
        # A quarter of an hour is of one day: see `risk.services.history`.
        assert start.timestamp() % 900 == 0
