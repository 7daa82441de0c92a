"""What the database refuses, by name, whoever asks."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from reports.models import (
    EverybodysRollup,
    FlagRollup,
    RollupMark,
    ScoreRollup,
    SpendingRollup,
)

# Roll-ups of nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


def cell(**more):
    return {
        "day": date(2026, 5, 1),
        "time_zone": "UTC",
        "category": "food",
        "currency": "USD",
        "count": 1,
        "total_minor": Decimal(100),
        **more,
    }


def refused(make):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make()
    return violated_constraint(caught.value)


def test_one_roll_up_for_a_day_of_a_person():
    user_id = new_id()
    SpendingRollup.objects.create(user_id=user_id, **cell())

    assert (
        refused(
            lambda: SpendingRollup.objects.create(
                user_id=user_id, **cell(time_zone="Asia/Tokyo")
            )
        )
        == "reports_spendingrollup_is_of_one_day_of_a_person"
    )


@pytest.mark.parametrize("more", [{"count": 0}, {"total_minor": 0}, {"count": -1}])
def test_no_roll_up_of_nothing(more):
    assert (
        refused(lambda: SpendingRollup.objects.create(user_id=new_id(), **cell(**more)))
        == "reports_spendingrollup_has_something"
    )


def test_one_sum_for_a_day_of_everybody():
    EverybodysRollup.objects.create(**cell())
    EverybodysRollup.objects.create(**cell(time_zone=""))

    assert (
        refused(lambda: EverybodysRollup.objects.create(**cell()))
        == "reports_everybodysrollup_is_of_one_day"
    )


@pytest.mark.parametrize("more", [{"count": -1}, {"total_minor": -1}])
def test_nothing_is_taken_out_that_was_not_put_in(more):
    assert (
        refused(lambda: EverybodysRollup.objects.create(**cell(**more)))
        == "reports_everybodysrollup_takes_back_what_it_has"
    )


@pytest.mark.parametrize(
    ("model", "facts", "rule"),
    [
        (ScoreRollup, {"band": "review", "tens": 6, "count": 1}, "scorerollup"),
        (FlagRollup, {"flag": "A", "count": 0, "shadow_count": 1}, "flagrollup"),
    ],
)
def test_one_sum_for_a_day_of_what_was_judged(model, facts, rule):
    day = date(2026, 5, 1)
    model.objects.create(day=day, **facts)

    again = refused(lambda: model.objects.create(day=day, **facts))
    nothing = facts | dict.fromkeys(facts.keys() & {"count", "shadow_count"}, 0)
    of_nothing = refused(lambda: model.objects.create(day=date.max, **nothing))

    assert again == f"reports_{rule}_is_of_one_day"
    assert of_nothing == f"reports_{rule}_has_something"


def test_one_mark():
    assert (
        refused(lambda: RollupMark.objects.create(id=2)) == "reports_rollupmark_is_one"
    )


def test_a_mark_that_was_seen_by_transactions():
    at = datetime(2026, 5, 1, tzinfo=UTC)

    assert (
        refused(lambda: RollupMark.objects.create(seen_at=at))
        == "reports_rollupmark_was_seen_by_transactions"
    )
