"""A payment of the past is judged again by what was so then, whatever is so now."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from fx.tests.rates import say
from risk.backtests import backtest
from risk.services import read_configuration
from risk.tests.past import MOMENT, paid

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

A_MONTH_LATER = MOMENT + timedelta(days=30)


def judged_again():
    """From which band to which, and the flags of then and of now."""
    result = backtest(
        start=MOMENT - timedelta(seconds=1),
        end=MOMENT + timedelta(seconds=1),
        configuration=read_configuration(user_ids=[]),
    )
    moves = [(then.value, now.value) for then, now in result.moves.elements()]
    return moves, dict(result.flags_then), dict(result.flags_now)


@pytest.mark.parametrize(
    ("lived_in", "lives_in", "flags"),
    [
        # At noon in London it is one in the morning in Auckland.
        ("Europe/London", "Pacific/Auckland", []),
        ("Pacific/Auckland", "Europe/London", ["OFF_HOURS"]),
    ],
)
def test_on_the_clock_that_the_person_had(ada, lived_in, lives_in, flags):
    paid(ada, at=MOMENT, time_zone=lived_in, score=20 * len(flags), flags=flags)
    User.objects.filter(pk=ada.id).update(time_zone=lives_in)

    moves, then, now = judged_again()

    assert moves == [("approve", "approve")]
    assert now == then == dict.fromkeys(flags, 1)


@pytest.mark.parametrize(
    ("worth", "flags"), [("10000.00", []), ("10000.01", ["HIGH_VALUE"])]
)
def test_by_what_it_was_worth(ada, worth, flags):
    paid(ada, "2000.00 USD", at=MOMENT, worth=worth, flags=flags)
    for rate in ("4.00", "6.00"):
        # Worth 8000.00 and 12000.00 MYR today.
        say("USD/MYR", rate, as_of=datetime.now(UTC))

        _, then, now = judged_again()

        assert now == then == dict.fromkeys(flags, 1)


@pytest.mark.parametrize(
    ("voided_at", "flags"),
    [
        (MOMENT - timedelta(seconds=1), []),
        (MOMENT + timedelta(seconds=1), ["UNUSUAL_AMOUNT"]),
        (A_MONTH_LATER, ["UNUSUAL_AMOUNT"]),
    ],
)
def test_beside_what_had_not_come_to_nothing_yet(ada, voided_at, flags):
    # Five earlier ones are enough to know what is usual, four are not.
    for _ in range(4):
        paid(ada, "10.00 MYR", at=MOMENT, ago=86400)
    paid(ada, "10.00 MYR", at=MOMENT, ago=86400, voided_at=voided_at)
    paid(ada, "30.01 MYR", at=MOMENT, flags=flags)

    _, then, now = judged_again()

    assert now == then == dict.fromkeys(flags, 1)


def test_not_beside_what_came_later(ada):
    paid(ada, at=MOMENT)
    for number in range(12):
        paid(ada, at=MOMENT + timedelta(seconds=2, microseconds=number))

    assert judged_again() == ([("approve", "approve")], {}, {})
