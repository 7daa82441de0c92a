"""Fixtures of the tests of reports."""

from datetime import UTC, datetime

import pytest

from fx.services import seed_rates
from paycore.testing.wallets import open_for
from reports.services import keeping
from reports.tests.stage import live_in


@pytest.fixture
def ada(ada):
    """In a time zone that does not depend on when the test runs."""
    live_in(ada, "UTC")
    return ada


@pytest.fixture
def grace(grace):
    live_in(grace, "UTC")
    return grace


@pytest.fixture
def mallory(mallory):
    live_in(mallory, "UTC")
    return mallory


@pytest.fixture
def rates(db):
    """USD/EUR 0.92, USD/GBP 0.79, USD/MYR 4.70, SGD/MYR 3.50, for ever."""
    seed_rates()


@pytest.fixture
def ada_eur(ada):
    """500.00 EUR of ada's."""
    return open_for(ada, "EUR", "500.00")


@pytest.fixture(autouse=True)
def _patience(monkeypatch):
    # Whoever may not see what goes on in other databases of the server must wait for
    # it, and there the tests of other processes run.
    monkeypatch.setattr(keeping, "FEW_WAITS", keeping.MOST_WAITS)


@pytest.fixture
def now():
    return datetime.now(UTC)
