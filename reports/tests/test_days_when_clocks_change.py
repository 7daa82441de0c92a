"""Spending on the days when clocks change, live and rolled up, over HTTP."""

import pytest

from reports.tests.stage import (
    groups_of,
    keep,
    live_in,
    moment,
    spend,
    spending,
)

pytestmark = pytest.mark.django_db

# In each: when something is spent, by the clock on the wall there, and on which day.
CASES = {
    "New York, 23 hours": (
        "America/New_York",
        [
            ("2026-03-07 23:59", "2026-03-07"),
            ("2026-03-08 00:00", "2026-03-08"),
            ("2026-03-08 01:59", "2026-03-08"),
            ("2026-03-08 03:00", "2026-03-08"),
            ("2026-03-08 23:59", "2026-03-08"),
            ("2026-03-09 00:00", "2026-03-09"),
        ],
    ),
    "New York, 25 hours": (
        "America/New_York",
        [
            ("2026-10-31 23:59", "2026-10-31"),
            ("2026-11-01 00:00", "2026-11-01"),
            ("2026-11-01 01:30", "2026-11-01"),
            ("2026-11-01 01:30 again", "2026-11-01"),
            ("2026-11-01 23:59", "2026-11-01"),
            ("2026-11-02 00:00", "2026-11-02"),
        ],
    ),
    "London, 23 hours": (
        "Europe/London",
        [
            ("2026-03-28 23:59", "2026-03-28"),
            ("2026-03-29 00:59", "2026-03-29"),
            ("2026-03-29 02:00", "2026-03-29"),
            ("2026-03-29 23:59", "2026-03-29"),
            ("2026-03-30 00:00", "2026-03-30"),
        ],
    ),
    "London, 25 hours": (
        "Europe/London",
        [
            ("2026-10-24 23:59", "2026-10-24"),
            ("2026-10-25 01:00", "2026-10-25"),
            ("2026-10-25 01:00 again", "2026-10-25"),
            ("2026-10-25 23:59", "2026-10-25"),
            ("2026-10-26 00:00", "2026-10-26"),
        ],
    ),
    "Kuala Lumpur, always 24 hours": (
        "Asia/Kuala_Lumpur",
        [
            ("2026-03-28 23:59", "2026-03-28"),
            ("2026-03-29 00:00", "2026-03-29"),
            ("2026-03-29 23:59", "2026-03-29"),
            ("2026-03-30 00:00", "2026-03-30"),
        ],
    ),
    "Lord Howe, 24.5 hours": (
        "Australia/Lord_Howe",
        [
            ("2026-04-04 23:59", "2026-04-04"),
            ("2026-04-05 01:45", "2026-04-05"),
            ("2026-04-05 01:45 again", "2026-04-05"),
            ("2026-04-05 23:59", "2026-04-05"),
            ("2026-04-06 00:00", "2026-04-06"),
        ],
    ),
    "Lord Howe, 23.5 hours": (
        "Australia/Lord_Howe",
        [
            ("2026-10-03 23:59", "2026-10-03"),
            ("2026-10-04 01:59", "2026-10-04"),
            ("2026-10-04 02:30", "2026-10-04"),
            ("2026-10-04 23:59", "2026-10-04"),
            ("2026-10-05 00:00", "2026-10-05"),
        ],
    ),
    "Apia, where a day was left out": (
        "Pacific/Apia",
        [
            ("2011-12-29 00:00", "2011-12-29"),
            ("2011-12-29 23:59", "2011-12-29"),
            ("2011-12-31 00:00", "2011-12-31"),
            ("2011-12-31 23:59", "2011-12-31"),
        ],
    ),
    "Sao Paulo, where midnight was left out": (
        "America/Sao_Paulo",
        [
            ("2018-11-03 23:59", "2018-11-03"),
            ("2018-11-04 01:00", "2018-11-04"),
            ("2018-11-04 23:59", "2018-11-04"),
            ("2018-11-05 00:00", "2018-11-05"),
        ],
    ),
}


@pytest.mark.parametrize("kept", ["live", "rolled up", "rolled up in between"])
@pytest.mark.parametrize("case", CASES)
def test_is_on_the_day_that_the_wall_shows(ada, operator, ada_usd, case, kept):
    time_zone, spent = CASES[case]
    live_in(ada, time_zone)
    expected: dict[str, list[str]] = {}
    for number, (wall, day) in enumerate(spent):
        spend(ada, ada_usd, f"{2**number}.00", at=moment(wall, time_zone))
        expected.setdefault(day, []).append(f"{2**number}.00")
    if kept == "rolled up":
        keep()
    elif kept == "rolled up in between":
        keep(moment(spent[len(spent) // 2][0], time_zone))
    first, last = (spent[index][1] for index in (0, -1))
    period = {
        "start": moment(f"{first} 00:00", time_zone),
        "end": moment(f"{last} 23:59:59", time_zone),
    }
    totals = {
        day: (f"{sum(float(amount) for amount in amounts):.2f}", len(amounts))
        for day, amounts in expected.items()
    }

    for caller in (ada, operator):
        answer = spending(caller, group_by="day", **period)

        assert groups_of(answer) == totals


def test_asks_for_exactly_one_long_day(ada, ada_usd):
    live_in(ada, "America/New_York")
    for wall in ("2026-10-31 23:59", "2026-11-01 00:00", "2026-11-01 23:59"):
        spend(ada, ada_usd, "1.00", at=moment(wall, "America/New_York"))
    spend(ada, ada_usd, "1.00", at=moment("2026-11-02 00:00", "America/New_York"))
    keep()

    # From 04:00 to 05:00 of the next day: 25 hours.
    answer = ada.get(
        "/v1/analytics/spending",
        **{
            "from": "2026-11-01T00:00:00-04:00",
            "to": "2026-11-02T00:00:00-05:00",
            "group_by": "day",
        },
    ).json()

    assert groups_of(answer) == {"2026-11-01": ("2.00", 2)}
