"""Fixtures of the tests of movements."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fx.services import seed_rates
from fx.tests.rates import say
from transfers.tests.movements import (
    DEPOSITS,
    EXCHANGE,
    PURCHASES,
    buy,
    refund_of,
    reversal_of,
)
from transfers.tests.orders import order
from transfers.tests.providers import SECRET, Provider, notice


@pytest.fixture
def rates(db: Any) -> None:
    """USD/EUR 0.92, USD/GBP 0.79, USD/MYR 4.70, SGD/MYR 3.50, and of currencies with
    other decimals than two: USD/JPY 150, KWD/USD 3.25, BTC/USD 100000.
    """
    seed_rates()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    for pair, value in (("USD/JPY", "150"), ("KWD/USD", "3.25"), ("BTC/USD", "100000")):
        say(pair, value, as_of=an_hour_ago)


@pytest.fixture
def ada_eur(ada, account_of):
    """500.00 EUR of ada's."""
    return account_of(ada, "EUR", "500.00")


@pytest.fixture
def paid(ada, ada_usd, grace_usd, pay):
    """Ada paid grace 100.00 USD, who had 50.00."""
    return pay(ada, ada_usd, grace_usd, "100.00", reference="rent")


@pytest.fixture
def orders(ada_usd, ada_eur, paid):
    """A right order of each kind: its path and its body."""
    return {
        "exchange": (EXCHANGE, order(ada_usd, ada_eur, "100.00")),
        "purchase": (PURCHASES, buy(ada_usd)),
        "refund": (refund_of(paid), {"reason": "r"}),
        "reversal": (reversal_of(paid), {"reason": "r"}),
        "deposit": (DEPOSITS, notice(ada_usd)),
    }


@pytest.fixture
def provider(secrets):
    return Provider()


@pytest.fixture
def secrets(settings):
    """The provider's secret is one of ours."""
    settings.DEPOSIT_WEBHOOK_SECRETS = [SECRET]
