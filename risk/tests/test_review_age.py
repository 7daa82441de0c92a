"""A review has waited for too long ..."""

from datetime import timedelta

import pytest
from django.conf import settings as configured

from paycore.lib.metrics import REVIEWS_OVERDUE
from paycore.testing.office import enter_office
from risk.models import Band
from risk.services import look_at_reviews
from risk.tests.held import REVIEWS, held_once

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

# Half an hour on either side of every border: no machine is so slow.
MINUTES = (30, 90, 210, 270)


@pytest.fixture
def waiting(ada):
    """Reviews that were opened so many minutes ago, every other one urgent."""
    return [
        held_once(ada, ago=timedelta(minutes=minutes), score=score)
        for minutes, score in zip(MINUTES, (70, 80, 70, 80), strict=True)
    ]


@pytest.mark.parametrize(
    ("seconds", "overdue"),
    [(0, 4), (3600, 3), (2 * 3600, 2), (4 * 3600, 1), (18000, 0)],
)
def test_after_so_many_seconds(waiting, settings, seconds, overdue):
    settings.REVIEW_SLA = seconds

    queue = look_at_reviews()

    assert queue.overdue == REVIEWS_OVERDUE._value.get() == overdue
    assert (queue.open[Band.REVIEW], queue.open[Band.URGENT]) == (2, 2)


def test_after_four_hours_unless_it_is_configured(waiting):
    assert configured.REVIEW_SLA == 4 * 3600

    assert look_at_reviews().overdue == 1


def test_says_the_back_office_too(waiting, operator, settings):
    settings.REVIEW_SLA = 3600
    office = enter_office(operator)

    seen = [", overdue" in office.see(REVIEWS, review) for review in waiting]

    assert seen == [False, True, True, True]
    assert office.found(REVIEWS, age="late") == 3
