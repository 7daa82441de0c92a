"""OFF_HOURS ..."""

from datetime import UTC, datetime

import pytest

from accounts.models import User
from risk.rules import RULES
from risk.tests.cases import case_of
from risk.tests.past import past_of, payment_of

RULE = RULES["OFF_HOURS"]
MALAYSIA, SINGAPORE, NEW_YORK = (
    "Asia/Kuala_Lumpur",
    "Asia/Singapore",
    "America/New_York",
)
BORDERS = [
    *(
        (zone, moment, local)
        for zone in (MALAYSIA, SINGAPORE)
        for moment, local in (
            ("2026-11-19T14:59:59.999Z", "22:59"),
            ("2026-11-19T15:00:00Z", "23:00"),
            ("2026-11-19T20:59:59.999Z", "04:59"),
            ("2026-11-19T21:00:00Z", "05:00"),
        )
    ),
    # The clock is set forward at two on 8 March, so the night is an hour shorter.
    (NEW_YORK, "2026-03-08T03:59:59Z", "22:59"),
    (NEW_YORK, "2026-03-08T04:00:00Z", "23:00"),
    (NEW_YORK, "2026-03-08T06:59:59Z", "01:59"),
    (NEW_YORK, "2026-03-08T07:00:00Z", "03:00"),
    (NEW_YORK, "2026-03-08T08:59:59Z", "04:59"),
    (NEW_YORK, "2026-03-08T09:00:00Z", "05:00"),
    (NEW_YORK, "2026-03-09T02:59:59Z", "22:59"),
    (NEW_YORK, "2026-03-09T03:00:00Z", "23:00"),
    # And set back at two on 1 November, so one o'clock comes twice.
    (NEW_YORK, "2026-11-01T02:59:59Z", "22:59"),
    (NEW_YORK, "2026-11-01T03:00:00Z", "23:00"),
    (NEW_YORK, "2026-11-01T05:30:00Z", "01:30"),
    (NEW_YORK, "2026-11-01T06:30:00Z", "01:30"),
    (NEW_YORK, "2026-11-01T09:59:59Z", "04:59"),
    (NEW_YORK, "2026-11-01T10:00:00Z", "05:00"),
    (NEW_YORK, "2026-11-02T03:59:59Z", "22:59"),
    (NEW_YORK, "2026-11-02T04:00:00Z", "23:00"),
]
OFF = {"23:00", "01:30", "01:59", "03:00", "04:59"}


@pytest.mark.parametrize(("zone", "moment", "local"), BORDERS)
def test_applies_from_eleven_to_before_five(zone, moment, local):
    case = case_of(at=datetime.fromisoformat(moment), time_zone=zone)

    figures = RULE.judge(case, RULE.parameters)

    expected = {"time": local, "time_zone": zone}
    assert figures == (expected if local in OFF else None)


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "moment", "local"), BORDERS)
def test_goes_by_the_clock_of_the_user(ada, zone, moment, local):
    User.objects.filter(pk=ada.id).update(time_zone=zone)

    past = past_of(payment_of(ada), at=datetime.fromisoformat(moment))

    assert f"{past.moment.local:%H:%M}" == local
    assert str(past.moment.local.tzinfo) == zone


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (9, 17, set(range(9, 17))),
        (0, 24, set(range(24))),
        (22, 0, {22, 23}),
        (22, 2, {22, 23, 0, 1}),
        (5, 5, set()),
    ],
)
def test_applies_between_any_two_hours(start, end, hours):
    parameters = {"from_hour": start, "to_hour": end}

    off = {
        hour
        for hour in range(24)
        if RULE.judge(case_of(at=datetime(2026, 1, 1, hour, tzinfo=UTC)), parameters)
    }

    assert off == hours


def test_says_when():
    assert RULE.explain({"time": "23:00", "time_zone": MALAYSIA}) == (
        "At 23:00 in Asia/Kuala_Lumpur."
    )
