"""Reading the books ..."""

from datetime import timedelta

import pytest

from ledger.models import JournalEntry, LedgerAccount, Posting
from ledger.selectors import (
    get_ledger_account,
    get_posted_minor_at,
    get_posted_minor_before,
    list_entry_postings,
    list_postings,
    list_postings_between,
)
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import payment, post

pytestmark = pytest.mark.django_db

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def history(ada, mallory):
    """Ada had 100.00 and paid 30.00, then 20.00; when she did."""
    opened = Posting.objects.get(account=ada).created_at
    [first] = post(payment(ada, mallory, "30.00 USD"))
    [second] = post(payment(ada, mallory, "20.00 USD"))
    return opened, first.at, second.at


def test_tells_a_balance_as_of_a_moment(ada, history):
    opened, first, second = history

    assert get_posted_minor_at(ada.pk, at=opened - MICROSECOND) == 0
    assert get_posted_minor_at(ada.pk, at=opened) == 10000
    assert get_posted_minor_at(ada.pk, at=first - MICROSECOND) == 10000
    assert get_posted_minor_at(ada.pk, at=first) == 7000
    assert get_posted_minor_at(ada.pk, at=second) == 5000
    assert get_posted_minor_at(ada.pk, at=second + timedelta(days=9)) == 5000


def test_tells_a_balance_just_before_a_moment(ada, history):
    opened, first, second = history

    assert get_posted_minor_before(ada.pk, at=opened) == 0
    assert get_posted_minor_before(ada.pk, at=first) == 10000
    assert get_posted_minor_before(ada.pk, at=second) == 7000
    assert get_posted_minor_before(ada.pk, at=second + MICROSECOND) == 5000


def test_tells_the_last_of_several_balances_of_one_moment(ada, mallory):
    [first, second] = post(
        payment(ada, mallory, "30.00 USD"), payment(ada, mallory, "20.00 USD")
    )

    assert first.at == second.at
    assert get_posted_minor_at(ada.pk, at=first.at) == 5000
    assert get_posted_minor_before(ada.pk, at=first.at) == 10000


def test_lists_postings_oldest_first(ada, history, django_assert_num_queries):
    with django_assert_num_queries(1):
        lines = [
            (posting.entry.kind, posting.amount.text, posting.balance_before.text)
            for posting in list_postings(ada.pk)
        ]

    assert lines == [
        ("opening", "100.00", "0.00"),
        ("internal", "-30.00", "100.00"),
        ("internal", "-20.00", "70.00"),
    ]


def test_lists_postings_from_a_moment_to_the_one_before_another(ada, history):
    opened, first, second = history

    def amounts(start, end):
        return [
            posting.amount.text
            for posting in list_postings_between(ada.pk, start=start, end=end)
        ]

    assert amounts(opened, second) == ["100.00", "-30.00"]
    assert amounts(first, second + MICROSECOND) == ["-30.00", "-20.00"]
    assert amounts(first + MICROSECOND, second) == []


def test_lists_the_postings_of_an_entry(ada, mallory, django_assert_num_queries):
    [posted] = post(payment(ada, mallory, "30.00 USD"))
    stored = JournalEntry.objects.get(pk=posted.entry_id)

    with django_assert_num_queries(1):
        lines = [
            (posting.account.code, posting.amount.text, str(posting))
            for posting in list_entry_postings(stored.pk)
        ]

    first, second = Posting.objects.filter(entry=stored).order_by("pk")
    assert lines == [
        ("ada", "-30.00", f"posting {first.pk}"),
        ("mallory", "30.00", f"posting {second.pk}"),
    ]
    assert str(stored) == f"internal {stored.pk}"


def test_gets_an_account(ada):
    assert get_ledger_account(ada.pk) == ada
    with pytest.raises(LedgerAccount.DoesNotExist):
        get_ledger_account(new_id())
