"""Limits while many pay at once, each on a connection of its own, ..."""

from collections import Counter

import pytest
from django.db import connection, transaction

from paycore.lib.ids import new_id
from paycore.testing.cast import Caller
from paycore.testing.races import race
from paycore.testing.wallets import open_for, posted_in
from risk.models import Assessment
from risk.services import Screening
from risk.services.configuration import LOCK_SPACE, lock_users
from risk.tests.calls import PURCHASES, buy, pay_out, send
from risk.tests.past import payment_of
from risk.tests.settings import DAY, PAYOUT, limit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_rules"),
]
DONE, OVER = (201, ""), (422, "limit_exceeded")


def answer_of(response):
    return response.status_code, response.json().get("code", "")


def buyer(player, account, amount, key):
    caller = Caller(headers=player.headers)
    return lambda: answer_of(send(caller, PURCHASES, buy(account, amount), key=key))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_are_never_passed_from_any_number_of_accounts(ada, count):
    limit("10.00 MYR")
    accounts = [open_for(ada, "MYR", "100.00") for _ in range(count)]

    answers = race(
        *[buyer(ada, accounts[n % count], "1.00", f"k{n}") for n in range(18)]
    )

    assert Counter(answers) == {DONE: 10, OVER: 8}
    assert sum(float(posted_in(account)) for account in accounts) == count * 100 - 10
    assert Assessment.objects.count() == 10


def test_are_never_passed_by_one_that_is_large_and_many_that_are_small(ada):
    limit("10.00 MYR")
    accounts = [open_for(ada, "MYR", "100.00") for _ in range(2)]
    calls = [buyer(ada, accounts[0], "9.00", "large")]
    calls += [buyer(ada, accounts[1], "2.00", f"small{n}") for n in range(6)]

    answers = race(*calls)

    spent = 200 - sum(float(posted_in(account)) for account in accounts)
    assert spent in {9, 10}
    assert set(answers) == {DONE, OVER}


def test_hold_for_payouts_and_purchases_apart(ada, rates):
    limit("5.00 MYR")
    limit("5.00 MYR", DAY, PAYOUT)
    accounts = [open_for(ada, "MYR", "100.00") for _ in range(2)]

    def requester(number):
        caller = Caller(headers=ada.headers)
        return lambda: answer_of(pay_out(caller, accounts[number % 2], "1.00"))

    answers = race(
        *[buyer(ada, accounts[n % 2], "1.00", f"k{n}") for n in range(8)],
        *[requester(n) for n in range(8)],
    )

    assert Counter(answers) == {DONE: 5, (202, ""): 5, OVER: 6}


def test_hold_while_batches_of_several_people_cross(ada, grace):
    limit("10.00 MYR")

    def batch(*players):
        def pay():
            payments = [payment_of(player, "1.00 MYR") for player in players]
            with transaction.atomic():
                screening = Screening(payments)
                for payment in payments:
                    screening.keep(screening.judge(payment))
                screening.write(origin=ada.origin)

        return pay

    answers = race(*[batch(ada, grace) for _ in range(5)], *[batch(grace, ada)] * 5)

    assert answers == [None] * 10
    assert Assessment.objects.count() == 20
    times = Assessment.objects.filter(user_id=ada.id).values_list("assessed_at")
    assert len(set(times)) == 10


def lock_and(player, meanwhile):
    """Do something while somebody's lock is taken."""
    with transaction.atomic():
        lock_users([player.id])
        [answer] = race(meanwhile)
    return answer


def paying(player):
    """A payment that waits no longer than a moment."""

    def pay():
        payment = payment_of(player)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            return Screening([payment]).judge(payment)

    return pay


def test_let_one_person_wait_but_no_other(ada, grace):
    waited = lock_and(ada, paying(ada))
    passed = lock_and(ada, paying(grace))

    assert "lock timeout" in str(waited)
    assert isinstance(passed, Assessment)


def test_do_not_let_those_who_lock_several_wait_for_ever(ada, grace, mallory):
    everybody = [ada.id, grace.id, mallory.id]

    def lock(people):
        def take():
            for _ in range(30):
                with transaction.atomic():
                    lock_users(people)

        return take

    assert race(lock(everybody), lock(everybody[::-1])) == [None, None]


def test_are_locked_once_for_each_person():
    people = [new_id() for _ in range(50)]

    with transaction.atomic(), connection.cursor() as cursor:
        lock_users(people * 2)
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid = pg_backend_pid() AND classid = %s",
            [LOCK_SPACE],
        )
        [(count,)] = cursor.fetchall()

    assert count == 50
