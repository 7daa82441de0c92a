"""A proof of the books while money moves ..."""

from threading import Event

import pytest
from django.db import DatabaseError, connection, transaction

from paycore.testing.bookkeeping import (
    balances,
    open_account,
    open_funded_account,
    payment,
    post,
)
from paycore.testing.races import PATIENCE_SECONDS, race
from reconciliation.checks import CHECKS, Check
from reconciliation.services import find_differences

pytestmark = pytest.mark.django_db(transaction=True)

# Finds as many differences as there are postings: to see what the proof sees.
COUNT = Check(
    name="count", rule="", sql="SELECT 'postings', '', 0, count(*) FROM ledger_posting"
)


@pytest.fixture
def ada():
    return open_funded_account("ada", holding="100.00 USD")


@pytest.fixture
def mallory():
    return open_account("mallory")


def test_sees_one_moment_of_them(ada, mallory):
    proof = find_differences(checks=(COUNT, *CHECKS, COUNT))
    assert next(proof).found == 2

    race(lambda: post(payment(ada, mallory, "60.00 USD")))

    assert [(item.check.name, item.found) for item in proof] == [("count", 2)]
    assert balances(ada, mallory) == ["40.00", "60.00"]


def test_keeps_nobody_waiting(ada, mallory):
    proof = find_differences(checks=(COUNT, *CHECKS))
    next(proof)

    def pay_impatiently():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
            post(payment(ada, mallory, "60.00 USD"))

    assert race(pay_impatiently) == [None]
    assert list(proof) == []


def test_waits_for_nobody(ada, mallory):
    locked, proved = Event(), Event()

    def hold_the_lock():
        with transaction.atomic():
            post(payment(ada, mallory, "60.00 USD"))
            locked.set()
            assert proved.wait(PATIENCE_SECONDS)

    def prove():
        assert locked.wait(PATIENCE_SECONDS)
        try:
            return list(find_differences())
        finally:
            proved.set()

    assert race(hold_the_lock, prove) == [None, []]


def test_raises_no_false_alarm(ada, mallory):
    def pay():
        for _ in range(15):
            post(payment(ada, mallory, "0.10 USD"), payment(mallory, ada, "0.05 USD"))

    def prove():
        return [str(item) for _ in range(5) for item in find_differences()]

    assert race(pay, prove, pay, prove, pay) == [None, [], None, [], None]
    assert balances(ada, mallory) == ["97.75", "2.25"]


def test_only_reads(ada):
    vandal = Check(
        name="vandal",
        rule="",
        sql="SELECT '', '', 0, nextval(pg_get_serial_sequence('ledger_posting', 'id'))",
    )

    with pytest.raises(DatabaseError, match="read-only transaction"):
        list(find_differences(checks=(vandal,)))
