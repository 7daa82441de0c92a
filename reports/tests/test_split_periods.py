"""A period ...: whole days that are rolled up, and the rest of it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from paycore.lib.days import day_of, end_of, start_of
from reports.days import split

INSTANT = timedelta(microseconds=1)


def instants(first, last):
    """Between two years."""
    begin = datetime(first, 1, 1, tzinfo=UTC)
    return st.timedeltas(timedelta(0), datetime(last, 1, 1, tzinfo=UTC) - begin).map(
        begin.__add__
    )


@given(
    start=instants(2026, 2027),
    hours=st.integers(0, 24 * 60),
    kept=instants(2025, 2028) | st.none(),
    time_zone=st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe"]),
    at_midnight=st.booleans(),
)
def test_is_rolled_up_or_live_and_never_both(
    start, hours, kept, time_zone, at_midnight
):
    if at_midnight:
        start = start_of(start.date(), time_zone)
    end = start + timedelta(hours=hours)

    parts = split(start, end, time_zone=time_zone, kept_until=kept)

    rolled = {
        parts.rolled_from + timedelta(days=number)
        for number in range((parts.rolled_until - parts.rolled_from).days)
    }
    assert not rolled & set(parts.live_days)
    assert parts.live_starts == [start_of(day, time_zone) for day in parts.live_days]
    assert parts.live_starts == sorted(parts.live_starts)
    assert start <= parts.rolled_start <= parts.rolled_end <= end
    for day in rolled:
        assert parts.rolled_start <= start_of(day, time_zone)
        assert end_of(day, time_zone) <= parts.rolled_end
        assert end_of(day, time_zone) <= kept
    for at in (start, start + (end - start) / 3, end - INSTANT):
        if start <= at < end:
            is_rolled = parts.rolled_start <= at < parts.rolled_end
            found = rolled if is_rolled else parts.live_days
            assert day_of(at, time_zone) in found
