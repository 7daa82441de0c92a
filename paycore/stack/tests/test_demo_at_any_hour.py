"""The demo's story is the same at any hour of the day."""

from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from accounts.services.people import _time_zones
from paycore.stack.demo import reviews


@pytest.mark.parametrize("minute", [0, 59])
@pytest.mark.parametrize("hour", range(24))
def test_yuki_lives_where_it_is_night(monkeypatch, hour, minute):
    now = datetime(2026, 11, 20, hour, minute, tzinfo=UTC)
    clock = SimpleNamespace(gmtime=now.timetuple)
    monkeypatch.setattr(reviews, "time", clock)

    zone = reviews.where_it_is_night()

    assert zone in _time_zones()
    assert now.astimezone(ZoneInfo(zone)).hour == reviews.HOUR
