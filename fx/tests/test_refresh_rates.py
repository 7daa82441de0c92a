"""refresh_rates ..."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from fx import tasks
from fx.models import Rate, RateSource
from fx.services import refresh_rates
from fx.tests.rates import NOW, say

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def place(tmp_path):
    """Puts documents where sources are expected to have them."""

    class Place:
        def address(self, name):
            return str(tmp_path / f"{name}.csv")

        def put(self, name, *, rate="0.92", as_of=NOW):
            text = f"base,quote,rate,as_of\nUSD,EUR,{rate},{as_of.isoformat()}\n"
            (tmp_path / f"{name}.csv").write_text(text)

        def remove(self, name):
            (tmp_path / f"{name}.csv").unlink()

        def refresh(self, *names, at=NOW):
            sources = [(name, self.address(name)) for name in names]
            return refresh_rates(sources=sources, at=at)

    return Place()


def recorded():
    rows = Rate.objects.order_by("id")
    return [(row.source, str(row.rate.normalize())) for row in rows]


def test_does_nothing_without_sources(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert refresh_rates(sources=[], at=NOW) is None

    assert recorded() == []


def test_records_what_the_first_source_says_and_asks_no_other(place):
    place.put("first", rate="0.92")
    place.put("second", rate="0.93")

    assert place.refresh("first", "second") == "first"

    assert recorded() == [("first", "0.92")]
    [source] = RateSource.objects.all()
    assert (source.name, source.failures, source.answered_at) == ("first", 0, NOW)


def test_asks_the_next_when_one_fails(place):
    place.put("second", rate="0.93")

    assert place.refresh("first", "second") == "second"

    assert recorded() == [("second", "0.93")]
    first = RateSource.objects.get(name="first")
    assert first.failures == 1
    assert first.failed_at == NOW
    assert first.failure == "It cannot be read: No such file or directory."
    assert first.answered_at is None


def test_asks_the_next_when_one_only_repeats_old_news(place, settings):
    settings.FX_MAX_AGE = 3600
    place.put("first", as_of=NOW - timedelta(hours=2))
    place.put("second")

    assert place.refresh("first", "second") == "second"

    failure = RateSource.objects.get(name="first").failure
    assert failure == "Its latest rates are of 2026-11-20 10:00."


def test_records_the_same_news_once(place):
    place.put("first")

    for _ in range(3):
        assert place.refresh("first") == "first"

    assert recorded() == [("first", "0.92")]


def test_answers_nothing_when_nobody_answers(place):
    assert place.refresh("first", "second") is None

    assert recorded() == []
    assert set(RateSource.objects.values_list("failures", flat=True)) == {1}


def test_leaves_a_failing_source_alone_longer_each_time(place):
    pauses = []
    at = NOW
    for _ in range(8):
        place.refresh("first", at=at)
        retry_at = RateSource.objects.get(name="first").retry_at
        assert retry_at is not None
        pauses.append((retry_at - at) // MINUTE)
        # Not asked before its time, although it would answer.
        place.put("first")
        assert place.refresh("first", at=retry_at - MINUTE) is None
        place.remove("first")
        at = retry_at

    assert pauses == [10, 20, 40, 80, 160, 320, 360, 360]
    assert RateSource.objects.get(name="first").failures == 8
    assert recorded() == []


def test_asks_the_others_meanwhile(place):
    place.put("second", rate="0.93")
    place.refresh("first", "second")
    place.put("first", rate="0.92")

    assert place.refresh("first", "second", at=NOW + 9 * MINUTE) == "second"
    assert place.refresh("first", "second", at=NOW + 10 * MINUTE) == "first"

    assert recorded() == [("second", "0.93"), ("first", "0.92")]


def test_forgives_after_one_answer(place):
    place.refresh("first")
    place.put("first")
    place.refresh("first", at=NOW + 10 * MINUTE)
    place.remove("first")

    place.refresh("first", at=NOW + 30 * MINUTE)

    source = RateSource.objects.get()
    assert source.failures == 1
    assert source.retry_at == NOW + 40 * MINUTE
    assert source.answered_at == NOW + 10 * MINUTE


def test_calls_a_source_without_a_name_by_its_file(place):
    place.put("desk")

    answered = refresh_rates(sources=[("", place.address("desk"))], at=NOW)

    assert answered == "desk"
    assert recorded() == [("desk", "0.92")]


def test_as_a_task_asks_what_is_configured_and_measures(
    place, settings, monkeypatch, seeded
):
    monkeypatch.setattr("fx.tasks.timezone.now", lambda: NOW)
    place.put("desk")
    settings.FX_SOURCES = [("desk", place.address("desk"))]
    say("USD/CHF", "0.88", as_of=NOW - 5 * MINUTE)
    runs = REGISTRY.get_sample_value(*_runs()) or 0

    # Celery may bring arguments that a later version of the schedule knows.
    assert tasks.refresh_rates(something="new") == "desk"

    assert REGISTRY.get_sample_value(*_runs()) == runs + 1
    assert _as_of("USD", "EUR") == NOW.timestamp()
    assert _as_of("USD", "CHF") == (NOW - 5 * MINUTE).timestamp()
    assert _as_of("USD", "GBP") is None
    assert ("desk", "0.92") in recorded()


def _runs():
    return "worker_runs_total", {"worker": "refresh_rates", "result": "ok"}


def _as_of(base, quote):
    return REGISTRY.get_sample_value(
        "fx_rate_as_of_seconds", {"base": base, "quote": quote}
    )
