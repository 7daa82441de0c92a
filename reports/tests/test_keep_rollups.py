"""keep_rollups ...: past days are added up once, and follow what changes later."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from paycore.lib.ids import new_id
from paycore.testing.wallets import open_for
from reports.models import EverybodysRollup, RollupMark, SpendingRollup
from reports.services import keeping
from reports.tasks import keep_rollups
from reports.tests.stage import (
    groups_of,
    keep,
    live_in,
    moment,
    reverse,
    rollups,
    spend,
    spending,
)

pytestmark = pytest.mark.django_db

BEGIN = moment("2026-02-02")
MAY = {"start": moment("2026-05-01"), "end": moment("2026-06-01")}


def kept_until():
    return RollupMark.objects.get().kept_until


def rebuild(*arguments):
    output = StringIO()
    call_command("rebuild_rollups", *arguments, stdout=output)
    return output.getvalue()


def test_adds_up_days_that_are_over(ada, grace, ada_usd, grace_usd):
    live_in(ada, "Asia/Tokyo")
    spend(ada, ada_usd, "1.00", at=moment("2026-05-02 14:59"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-02 15:00"))
    spend(ada, ada_usd, "4.00", "fun", at=moment("2026-05-03 14:59"))
    spend(ada, ada_usd, "8.00", at=moment("2026-05-03 15:00"))
    spend(grace, grace_usd, "16.00", at=moment("2026-05-03 12:00"))

    keep(moment("2026-05-03 23:59"))

    columns = ("user_id", "day", "time_zone", "category", "count", "total_minor")
    assert sorted(
        (row[0] == ada.id, str(row[1]), *row[2:])
        for row in SpendingRollup.objects.values_list(*columns)
    ) == [
        (True, "2026-05-02", "Asia/Tokyo", "food", 1, 100),
        (True, "2026-05-03", "Asia/Tokyo", "food", 1, 200),
        (True, "2026-05-03", "Asia/Tokyo", "fun", 1, 400),
    ]
    assert kept_until() == moment("2026-05-03 23:59")


def test_adds_up_all_people_of_a_time_zone(ada, grace, ada_usd, grace_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-02"))
    spend(grace, grace_usd, "2.00", at=moment("2026-05-02 12:00"))
    spend(grace, grace_usd, "4.00", "fun", at=moment("2026-05-02 13:00"))

    keep()

    columns = ("time_zone", "category", "currency", "count", "total_minor")
    assert sorted(EverybodysRollup.objects.values_list(*columns)) == [
        ("", "food", "USD", 2, Decimal(300)),
        ("", "fun", "USD", 1, Decimal(400)),
        ("UTC", "food", "USD", 2, Decimal(300)),
        ("UTC", "fun", "USD", 1, Decimal(400)),
    ]


def test_changes_nothing_when_run_again(ada, ada_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-02"))
    keep()
    before = rollups()

    keep()
    keep()

    assert before[0]
    assert rollups() == before


def test_goes_on_where_it_was_left(ada, ada_usd):
    for day in range(1, 30):
        spend(ada, ada_usd, "1.00", at=moment(f"2026-05-{day:02}"))
    keeping.keep_rollups(until=moment("2026-06-01"), seconds=0)
    assert SpendingRollup.objects.count() == 0

    for until in ("2026-05-03", "2026-05-03 12:00", "2026-05-20", "2026-05-19"):
        keep(moment(until))

    assert SpendingRollup.objects.count() == 19
    assert kept_until() == moment("2026-05-20")
    assert keep(moment("2026-06-01")) == 2
    assert SpendingRollup.objects.count() == 29


def test_takes_a_busy_history_step_by_step(ada, ada_usd):
    for day in range(0, 100, 5):
        spend(ada, ada_usd, "1.00", at=BEGIN + timedelta(days=day))

    assert keep(BEGIN + timedelta(days=100)) == 15
    assert SpendingRollup.objects.count() == 20


def test_takes_years_without_anything_at_once(ada, ada_usd, operator):
    live_in(ada, "Pacific/Pago_Pago")
    wrong = spend(ada, ada_usd, "1.00", at=moment("2016-01-02"))
    spend(ada, ada_usd, "2.00", at=moment("2016-01-09"))
    spend(ada, ada_usd, "4.00", at=moment("2026-05-02"))
    reverse(wrong, operator, at=moment("2021-01-01"))

    assert keep(moment("2026-05-30")) <= 7
    sums = SpendingRollup.objects.values_list("total_minor", flat=True)
    assert sorted(int(total_minor) for total_minor in sums) == [200, 400]
    assert keep(moment("2029-05-30")) == 1
    assert SpendingRollup.objects.count() == 2


def test_leaves_out_no_day_that_began_before_years_without_anything(ada, ada_usd):
    spend(ada, ada_usd, "1.00", at=moment("2024-05-02 10:00"))
    keep(moment("2024-05-02 12:00"))

    keep(moment("2026-05-02"))

    assert [str(row.day) for row in SpendingRollup.objects.all()] == ["2024-05-02"]


def test_takes_out_what_was_reversed(ada, ada_usd, operator):
    wrong = spend(ada, ada_usd, "7.00", at=moment("2026-05-03 12:00"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-03 13:00"))
    only = spend(ada, ada_usd, "4.00", "fun", at=moment("2026-05-03 14:00"))
    keep(moment("2026-05-10"))
    assert SpendingRollup.objects.count() == 2

    for transfer in (wrong, only):
        reverse(transfer, operator, at=moment("2026-05-12"))
    keep(moment("2026-05-13"))

    [row] = SpendingRollup.objects.values_list("category", "count", "total_minor")
    assert row == ("food", 1, Decimal(200))
    rows = EverybodysRollup.objects.values_list("category", "count", "total_minor")
    assert list(rows) == [("food", 1, Decimal(200))] * 2


def test_takes_out_what_was_reversed_at_the_very_moment(ada, ada_usd, operator):
    bought = spend(ada, ada_usd, "1.00", at=moment("2026-05-02"))
    keep(moment("2026-05-04 12:00"))
    reverse(bought, operator, at=kept_until())

    assert spending(ada, **MAY)["count"] == 0
    keep()
    assert rollups() == [[], []]


def test_follows_a_changed_time_zone(ada, ada_usd, operator):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03 03:00"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-03 12:00"))
    keep()
    live_in(ada, "America/New_York")
    days = {"2026-05-02": ("1.00", 1), "2026-05-03": ("2.00", 1)}

    # The person sees it at once, though the roll-ups are of the old one.
    assert groups_of(spending(ada, group_by="day", **MAY)) == days
    assert SpendingRollup.objects.get().time_zone == "UTC"
    keep()
    assert groups_of(spending(ada, group_by="day", **MAY)) == days
    assert groups_of(spending(operator, group_by="day", **MAY)) == days
    assert {row.time_zone for row in SpendingRollup.objects.all()} == {
        "America/New_York"
    }
    assert EverybodysRollup.objects.filter(time_zone="UTC").count() == 0


def test_counts_one_who_moved_where_they_were_until_it_follows(ada, ada_usd, operator):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-02"))
    spend(ada, ada_usd, "2.00", at=moment("2026-05-20 10:00"))
    keep(moment("2026-05-20 16:00"))
    # There that day was over by then.
    live_in(ada, "Asia/Tokyo")

    answer = spending(operator, group_by="day", **MAY)

    assert groups_of(answer) == {"2026-05-02": ("1.00", 1), "2026-05-20": ("2.00", 1)}


def test_follows_one_who_moved_before_their_first_day_was_over(ada, ada_usd, operator):
    live_in(ada, "Pacific/Pago_Pago")
    # Still 2 May there, when it is over nearly everywhere else.
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03 09:00"))
    keep(moment("2026-05-03 10:30"))
    assert SpendingRollup.objects.count() == 0

    live_in(ada, "Pacific/Kiritimati")

    days = {"2026-05-03": ("1.00", 1)}
    assert groups_of(spending(ada, group_by="day", **MAY)) == days
    keep(moment("2026-05-03 10:31"))
    assert groups_of(spending(ada, group_by="day", **MAY)) == days
    assert groups_of(spending(operator, group_by="day", **MAY)) == days
    assert SpendingRollup.objects.count() == 1


def test_follows_many_who_moved(ada, ada_usd, monkeypatch):
    monkeypatch.setattr(keeping, "PEOPLE_AT_ONCE", 1)
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03"))
    keep()
    live_in(ada, "Asia/Tokyo")

    assert keep() == 2
    assert SpendingRollup.objects.get().time_zone == "Asia/Tokyo"


def test_refuses_a_time_zone_that_nobody_has_heard_of(ada, ada_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03"))
    live_in(ada, "Atlantis/Capital")

    with pytest.raises(Exception, match="null value"), transaction.atomic():
        keep()

    assert RollupMark.objects.count() == 0


def test_holds_more_than_a_bigint_does(ada, operator):
    vault = open_for(ada, "BTC", "92233720368.54775807")
    for _ in range(3):
        bought = spend(ada, vault, "92233720368.00000000", at=moment("2026-05-03"))
        # What is given back can be spent again, and was spent all the same.
        operator.post(
            f"/v1/transfers/{bought.pk}/refund", {"reason": "r"}, key=str(bought.pk)
        )
    keep()

    answer = spending(ada, currency="BTC", **MAY)

    assert answer["total"] == "276701161104.00000000"
    assert spending(operator, currency="BTC", **MAY)["total"] == answer["total"]


def test_the_task_keeps_them(ada, ada_usd):
    spend(ada, ada_usd, "1.00", at=datetime.now(UTC) - timedelta(days=3))

    assert keep_rollups() == 1

    assert SpendingRollup.objects.count() == 1


def test_the_command_makes_them_again(ada, grace, ada_usd, grace_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03"))
    spend(grace, grace_usd, "2.00", at=moment("2026-05-03"))
    keep()
    before = rollups()
    SpendingRollup.objects.filter(user_id=ada.id).update(total_minor=5)
    EverybodysRollup.objects.update(total_minor=7)

    assert "Roll-ups made in" in rebuild()

    assert rollups() == before


def test_the_command_makes_those_of_one_person_again(ada, grace, ada_usd, grace_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03"))
    spend(grace, grace_usd, "2.00", at=moment("2026-05-03"))
    keep()
    before = rollups()
    SpendingRollup.objects.filter(user_id=ada.id).delete()
    EverybodysRollup.objects.update(count=1, total_minor=200)

    rebuild("--user", str(ada.id))

    assert rollups() == before


def test_the_command_does_nothing_for_one_before_any_are_made(ada, ada_usd):
    spend(ada, ada_usd, "1.00", at=moment("2026-05-03"))

    assert "nothing to do" in rebuild("--user", str(ada.id))

    assert SpendingRollup.objects.count() == 0


def test_the_command_refuses_somebody_unknown(db):
    with pytest.raises(CommandError, match="There is no user"):
        rebuild("--user", str(new_id()))
