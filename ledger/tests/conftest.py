"""The ledger knows no people: here the cast are ledger accounts."""

import pytest

from paycore.testing.bookkeeping import open_account, open_funded_account


@pytest.fixture
def ada(db):
    return open_funded_account("ada", holding="100.00 USD")


@pytest.fixture
def grace(db):
    return open_funded_account("grace", holding="80.00 EUR")


@pytest.fixture
def mallory(db):
    return open_account("mallory", currency="USD")
