"""Fixtures of the tests of rates."""

from typing import Any

import pytest

from fx.services import seed_rates


@pytest.fixture
def seeded(db: Any) -> None:
    """USD/EUR 0.92, USD/GBP 0.79, USD/MYR 4.70, SGD/MYR 3.50."""
    seed_rates()
