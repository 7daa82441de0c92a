"""The ledger knows no people: here the cast are ledger accounts."""

import pytest

from ledger.models import Hold, JournalEntry, LedgerAccount, Posting
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


@pytest.fixture
def nothing_is_written(ada, grace, mallory):
    """At the end of the test the books are as they were at its beginning."""
    before = _everything_in_the_books()
    yield
    assert _everything_in_the_books() == before


def _everything_in_the_books():
    return [
        list(model.objects.order_by("pk").values())
        for model in (LedgerAccount, JournalEntry, Posting, Hold)
    ]
