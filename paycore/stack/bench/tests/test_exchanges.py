"""Exchanges are sent over HTTP, and counted apart from other transfers."""

import pytest
from django.db.models import Count

from paycore.stack.bench.course import count_all
from paycore.stack.bench.figures import Leg, Part, Run
from paycore.stack.bench.sending import Sending
from paycore.stack.bench.town import Town, found_town
from transfers.models import Transfer

KIND = ("kind", "currency", "destination_currency", "rate")


@pytest.fixture
def town(transactional_db) -> Town:
    return found_town(accounts=4)


@pytest.fixture
def sending(town, live_server) -> Sending:
    return Sending(live_server.thread.port, town)


def test_every_exchange_that_was_confirmed_is_in_the_database(sending, town):
    run = sending.run(clients=2, seconds=1, is_exchange=True)

    # That the books are right is proved after every test.
    leg = Leg(Part.EXCHANGES, clients=2, runs=[run])
    assert run.errors == []
    assert run.transfers == len(run.latencies) > 0
    assert wrong_counts(leg, town) == []
    [made] = Transfer.objects.values(*KIND).annotate(number=Count("pk"))
    assert made["kind"] == "exchange"
    assert (made["currency"], made["destination_currency"]) == ("USD", "EUR")
    assert str(made["rate"].normalize()) == "0.92"
    assert made["number"] == run.transfers


def test_an_exchange_that_is_not_in_the_database_is_missed(town):
    lost = Run(transfers=1, seconds=1.0, latencies=[0.001])

    assert wrong_counts(Leg(Part.EXCHANGES, clients=2, runs=[lost]), town) == [
        "exchanges over HTTP: 1 confirmed, 0 in the database"
    ]


def wrong_counts(leg: Leg, town: Town) -> list[str]:
    return [str(count) for count in count_all([leg], town) if not count.is_right]
