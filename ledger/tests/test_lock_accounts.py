"""The books that lock_accounts opens ..."""

import pytest
from django.db.transaction import TransactionManagementError

from ledger.services import lock_accounts
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import balances, money, payment

pytestmark = pytest.mark.django_db


def test_write_nothing_that_was_only_admitted(ada, mallory):
    books = lock_accounts([ada.pk, mallory.pk])

    assert books.admit(payment(ada, mallory, "60.00 USD")) is None

    assert books.available(ada.pk) == money("40.00 USD")
    assert balances(ada, mallory) == ["100.00", "0.00"]


def test_write_once_what_was_admitted(ada, mallory):
    books = lock_accounts([ada.pk, mallory.pk])
    books.admit(payment(ada, mallory, "60.00 USD"))

    books.write()
    books.write()

    assert balances(ada, mallory) == ["40.00", "60.00"]


def test_leave_unknown_accounts_to_the_caller(ada):
    books = lock_accounts([ada.pk, new_id()])

    assert books.available(ada.pk) == money("100.00 USD")


@pytest.mark.django_db(transaction=True)
def test_are_not_opened_outside_a_transaction(ada):
    with pytest.raises(TransactionManagementError):
        lock_accounts([ada.pk])
