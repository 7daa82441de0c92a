"""watch_reviews ..."""

import pytest

from paycore.lib.metrics import REVIEWS_OPEN, REVIEWS_OVERDUE
from paycore.testing.suspicion import suspect_everything
from risk.models import Review
from risk.tasks import watch_reviews
from risk.tests.calls import PURCHASES, buy, decide, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(ada, ada_usd, no_rules):
    """Two that are held and one that is urgent, of a moment ago."""
    suspect_everything(points=60)
    for _ in range(2):
        send(ada, PURCHASES, buy(ada_usd))
    suspect_everything(points=80)
    send(ada, PURCHASES, buy(ada_usd))


def gauges():
    return {
        "review": REVIEWS_OPEN.labels(band="review")._value.get(),
        "urgent": REVIEWS_OPEN.labels(band="urgent")._value.get(),
        "overdue": REVIEWS_OVERDUE._value.get(),
    }


def test_measures_what_waits(held):
    assert watch_reviews() == 0

    assert gauges() == {"review": 2, "urgent": 1, "overdue": 0}


def test_measures_what_has_waited_for_too_long(held, settings):
    settings.REVIEW_SLA = 0

    assert watch_reviews() == 3

    assert gauges() == {"review": 2, "urgent": 1, "overdue": 3}


def test_forgets_what_was_decided(held, settings, operator):
    settings.REVIEW_SLA = 0
    watch_reviews()
    for review in Review.objects.all():
        decide(operator, review.pk, "reject")

    assert watch_reviews() == 0

    assert gauges() == {"review": 0, "urgent": 0, "overdue": 0}


def test_takes_one_statement_and_more_arguments_than_it_knows(
    held, django_assert_num_queries
):
    with django_assert_num_queries(1):
        watch_reviews(surprise=True)
