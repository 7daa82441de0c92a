"""Whatever happens, in whatever order: what is answered from roll-ups is what somebody
counts who reads every purchase, and roll-ups kept are roll-ups made again.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from fx.services import seed_rates
from paycore.lib.money import CURRENCIES, Money
from paycore.testing.cast import Player
from paycore.testing.wallets import open_for
from reports.selectors import GroupBy, Spending, sum_spending
from reports.services import rebuild_rollups
from reports.tests.stage import history, keep, live_in, reverse, rollups, spend
from transfers.models import Transfer

pytestmark = pytest.mark.django_db

# Shortly before clocks change in New York, and a month before they do on Lord Howe.
BEGIN = datetime(2026, 3, 5, 20, tzinfo=UTC)
ZONES = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
]
IN_DOLLARS = {
    "USD": Fraction(1),
    "EUR": 1 / Fraction("0.92"),
    "MYR": 1 / Fraction("4.70"),
}
PAYS_IN = ("USD", "EUR", "MYR")

# Who acts (of three), what they do, with which of the things there are, after so long.
actions = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["spend"] * 5 + ["reverse", "move", "keep", "keep", "ask"]),
        st.integers(0, 10**6),
        st.sampled_from([0, 1, 17, 60, 60, 240, 700, 1440, 3000, 12000]),
    ),
    max_size=25,
)


@dataclass
class Town:
    """Some people who spend, move, and are given back what they spent."""

    people: list[Player]
    operator: Player
    accounts: list[Account]
    clock: datetime = BEGIN
    made: list[Transfer] = field(default_factory=list)

    def spend(self, who: int, which: int) -> None:
        amount = Money(1 + which % 1000, self.accounts[who].currency).text
        category = "abc"[which % 3]
        self.made.append(
            spend(self.people[who], self.accounts[who], amount, category, at=self.clock)
        )

    def reverse(self, _who: int, which: int) -> None:
        if self.made:
            transfer = self.made.pop(which % len(self.made))
            reverse(transfer, self.operator, at=self.clock)

    def move(self, who: int, which: int) -> None:
        live_in(self.people[who], ZONES[which % len(ZONES)])

    def keep(self, _who: int, _which: int) -> None:
        keep(self.clock)

    def ask(self, who: int, which: int) -> None:
        compare_with_history(self.people[who].id, self.clock, which)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(actions=actions)
def test_comes_to_the_same(ada, grace, mallory, operator, actions):
    with transaction.atomic():
        seed_rates()
        people = [ada, grace, mallory]
        accounts = [
            open_for(player, code, "9000.00")
            for player, code in zip(people, PAYS_IN, strict=True)
        ]
        town = Town(people, operator, accounts)
        for who, what, which, minutes in actions:
            town.clock += timedelta(minutes=minutes)
            getattr(town, what)(who, which)

        keep(town.clock)

        for user_id in (None, *(player.id for player in people)):
            compare_with_history(user_id, town.clock, len(actions))
        compare_with_made_again(town)
        transaction.set_rollback(True)


def compare_with_made_again(town: Town) -> None:
    kept = rollups()
    for player in town.people:
        rebuild_rollups(until=town.clock, user_id=player.id)
        assert rollups() == kept
    rebuild_rollups(until=town.clock)
    assert rollups() == kept


def compare_with_history(user_id: Any, clock: datetime, which: int) -> None:
    start = BEGIN - timedelta(days=1) + timedelta(hours=which % 100)
    end = max(start, clock + timedelta(minutes=which % 5000 - 2000))
    # What is converted and rounded together.
    cells: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for transfer, person in history():
        assert transfer.completed_at is not None
        if start <= transfer.completed_at < end and user_id in {None, person.pk}:
            zone = ZoneInfo(person.time_zone)
            day = transfer.completed_at.astimezone(zone).date()
            kind = day, transfer.merchant_category, transfer.currency
            cells[kind][0] += transfer.amount_minor
            cells[kind][1] += 1

    for group_by, key_of in KEYS.items():
        expected: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (day, category, currency), (minor, count) in cells.items():
            key = key_of(day, category)
            expected[key][0] += round(minor * IN_DOLLARS[currency])
            expected[key][1] += count
        found = answer(user_id, start, end, group_by)
        assert {
            group.key: [group.total_minor, group.count] for group in found.groups
        } == expected
        assert found.total_minor == sum(minor for minor, _ in expected.values())


KEYS: Any = {
    GroupBy.CATEGORY: lambda day, category: category,
    GroupBy.DAY: lambda day, category: str(day),
    GroupBy.WEEK: lambda day, category: day.strftime("%G-W%V"),
    GroupBy.MONTH: lambda day, category: day.strftime("%Y-%m"),
}


def answer(user_id: Any, start: datetime, end: datetime, group_by: GroupBy) -> Spending:
    return sum_spending(
        user_id=user_id,
        start=start,
        end=end,
        group_by=group_by,
        currency=CURRENCIES.get("USD"),
        now=end,
    )
