"""The fixture that proves the books after every test ..."""

import pytest
from django.db import connection, transaction

from ledger.models import JournalEntry, LedgerAccount
from ledger.services import ensure_house_accounts, place_hold
from paycore.lib.money import CURRENCIES
from paycore.testing.attacks import corrupt, undone
from paycore.testing.bookkeeping import money, open_funded_account
from paycore.testing.books import prove, uses_database


@pytest.fixture
def ada(db):
    return open_funded_account("ada", holding="100.00 USD")


def test_is_not_there_without_a_database(request):
    assert "_books_are_right" in request.fixturenames
    assert not uses_database(request)


@pytest.mark.django_db
def test_is_there_with_one_by_marker(request):
    assert uses_database(request)


def test_is_there_with_one_by_fixture(request, ada):
    assert uses_database(request)


def test_passes_good_books(request, ada):
    prove(request.node)


def test_catches_a_balance_changed_behind_the_ledgers_back(request, ada):
    with undone():
        LedgerAccount.objects.filter(pk=ada.pk).update(posted_minor=10001)

        with pytest.raises(AssertionError) as error:
            prove(request.node)
    assert "account_is_the_sum_of_its_postings: ada USD: expected 10000" in (
        str(error.value)
    )


def test_catches_a_row_written_behind_the_ledgers_back(request, ada):
    with undone():
        JournalEntry.objects.create(kind="attack")

        with pytest.raises(AssertionError, match="entry_has_two_postings: entry"):
            prove(request.node)


@pytest.mark.breaks_the_books
def test_is_content_with_books_that_are_broken_on_purpose(request, ada):
    corrupt("UPDATE ledger_ledgeraccount SET posted_minor = 0 WHERE id = %s", ada.pk)

    prove(request.node)


def test_catches_a_hold_that_nobody_owns(request, ada):
    with undone():
        place_hold(account_id=ada.pk, amount=money("1.00 USD"), reason="", owner="x")

        with pytest.raises(AssertionError, match="open_hold_has_a_pending_owner: ada"):
            prove(request.node)


@pytest.mark.holds_without_an_owner
def test_is_content_with_holds_that_nobody_owns_on_purpose(request, ada):
    place_hold(account_id=ada.pk, amount=money("1.00 USD"), reason="", owner="x")

    prove(request.node)


def test_asks_nothing_of_a_transaction_that_is_lost(request, ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with connection.cursor() as cursor, pytest.raises(Exception, match="division"):
            cursor.execute("SELECT 1 / 0")

        prove(request.node)

        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", ["first", "second"])
def test_finds_what_migrations_wrote_after_a_flush(attempt):
    # Whichever of the two runs second finds what the flush after the other one left.
    house = LedgerAccount.objects.filter(code__startswith="house:").count()

    assert house == ensure_house_accounts(CURRENCIES.all())
    assert LedgerAccount.objects.count() == house
