"""Fixtures of the tests of risk."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fx.services import seed_rates
from fx.tests.rates import say
from paycore.testing.wallets import open_for
from risk.models import RuleState
from risk.rules import RULES
from risk.tests.settings import configure


@pytest.fixture
def rates(db: Any) -> None:
    """USD/EUR 0.92, USD/GBP 0.79, USD/MYR 4.70, SGD/MYR 3.50, USD/JPY 150."""
    seed_rates()
    say("USD/JPY", "150", as_of=datetime.now(UTC) - timedelta(hours=1))


@pytest.fixture
def no_rules(db: Any) -> None:
    """No payment has any score, whatever the time of the day."""
    for code in RULES:
        configure(code, state=RuleState.OFF)


@pytest.fixture
def ada_myr(ada):
    """1000000.00 MYR of ada's: more than she may spend."""
    return open_for(ada, "MYR", "1000000.00")
