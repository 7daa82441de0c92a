"""Exchanges, quotes, and movements of every kind over the same accounts, at once."""

from collections import Counter
from threading import Event

import pytest
from django.db import connection, transaction

from fx.errors import QuoteExpired
from fx.models import Quote
from ledger.services import lock_accounts
from paycore.testing.races import PATIENCE_SECONDS, race
from transfers.models import Transfer
from transfers.tests.movements import (
    DEPOSITS,
    EXCHANGE,
    PURCHASES,
    buy,
    complete,
    deposit,
    exchange,
    hold_purchase,
    purchase,
    quote,
    refund_of,
    reversal_of,
    sender,
)
from transfers.tests.orders import INTERNAL, order
from transfers.tests.providers import notice

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates"),
]
DONE = (201, "")


def test_of_many_who_redeem_one_quote_one_wins(
    ada, ada_usd, ada_eur, account_of, balance_of
):
    promised = quote(ada, "100.00 USD", "EUR")
    other_usd = account_of(ada, "USD", "1000.00")
    # From and to accounts that share no lock but the house's.
    bodies = [
        order(source, destination, "100.00", quote_id=str(promised.pk))
        for source, destination in (
            (ada_usd, ada_eur),
            (other_usd, account_of(ada, "EUR")),
        )
    ] * 3

    answers = race(*[sender(ada, EXCHANGE, body) for body in bodies])

    assert Counter(answers) == {DONE: 1, (409, "invalid_state"): 5}
    [made] = Transfer.objects.filter(kind="exchange")
    assert Quote.objects.get().redeemed_at == made.created_at
    assert {balance_of(ada_usd), balance_of(other_usd)} == {"900.00", "1000.00"}


def test_one_key_exchanges_once(ada, ada_usd, ada_eur, balance_of):
    promised = quote(ada, "100.00 USD", "EUR")
    body = order(ada_usd, ada_eur, "100.00", quote_id=str(promised.pk))

    answers = race(*[sender(ada, EXCHANGE, body, key="k")] * 12)

    assert Counter(answers) == {DONE: 12}
    assert (balance_of(ada_usd), balance_of(ada_eur)) == ("900.00", "592.00")


def test_a_quote_that_expires_while_an_account_is_waited_for_has_expired(
    ada, ada_usd, ada_eur, nothing_moves
):
    promised = quote(ada, "100.00 USD", "EUR", ttl=60, age=59.5)
    is_locked = Event()

    def keep_waiting():
        with transaction.atomic(), connection.cursor() as cursor:
            lock_accounts([ada_usd.pk])
            is_locked.set()
            cursor.execute("SELECT pg_sleep_until(%s)", [promised.expires_at])

    def redeem():
        is_locked.wait(PATIENCE_SECONDS)
        return exchange(ada, ada_usd, ada_eur, "100.00", quote_id=promised.pk)

    with nothing_moves():
        _, outcome = race(keep_waiting, redeem)

    assert isinstance(outcome, QuoteExpired)
    promised.refresh_from_db()
    assert promised.redeemed_at is None


def test_one_reference_is_used_once_whatever_the_kind(
    ada, ada_usd, ada_eur, grace_usd, balance_of
):
    purchase = buy(ada_eur, "1.00", "EUR", reference="r")
    pay = order(ada_usd, grace_usd, "1.00", reference="r")

    answers = race(
        *[sender(ada, PURCHASES, purchase) for _ in range(4)],
        *[sender(ada, INTERNAL, pay) for _ in range(4)],
    )

    assert Counter(answers) == {DONE: 1, (409, "duplicate_reference"): 7}
    assert Transfer.objects.filter(reference="r").count() == 1


def test_opposite_exchanges_do_not_deadlock(ada, grace, account_of, balance_of):
    dollars, euros = account_of(ada, "USD", "1000.00"), account_of(ada, "EUR")
    hers, theirs = account_of(grace, "EUR", "920.00"), account_of(grace, "USD")

    answers = race(
        *[sender(ada, EXCHANGE, order(dollars, euros, "10.00")) for _ in range(15)],
        *[sender(grace, EXCHANGE, order(hers, theirs, "9.20")) for _ in range(15)],
    )

    assert set(answers) == {DONE}
    assert (balance_of(dollars), balance_of(euros)) == ("850.00", "138.00")
    assert (balance_of(hers), balance_of(theirs)) == ("782.00", "150.00")


def test_movements_of_every_kind_do_not_deadlock(
    ada, grace, operator, ada_usd, ada_eur, grace_usd, grace_eur, pay
):
    paid = [pay(ada, ada_usd, grace_usd, "1.00") for _ in range(3)]
    bought = [purchase(ada, ada_usd, "1.00 EUR", merchant=grace_eur) for _ in range(3)]
    held = hold_purchase(grace, grace_eur, "1.00 USD", merchant=ada_usd)
    put_in = [deposit(operator, grace_usd, "1.00 USD") for _ in range(3)]
    orders = [
        (ada, EXCHANGE, order(ada_usd, ada_eur, "1.00")),
        (grace, EXCHANGE, order(grace_eur, grace_usd, "1.00")),
        (ada, INTERNAL, order(ada_usd, grace_usd, "1.00")),
        (grace, INTERNAL, order(grace_usd, ada_usd, "1.00")),
        (ada, PURCHASES, buy(ada_usd, "1.00", "EUR")),
        (
            grace,
            PURCHASES,
            buy(grace_eur, "1.00", merchant_account_id=str(ada_usd.pk)),
        ),
        (
            operator,
            DEPOSITS,
            notice(ada_eur, "1.00", "EUR"),
        ),
    ]

    answers = race(
        *[sender(*each) for each in orders],
        *[sender(operator, refund_of(each), {"reason": "r"}) for each in paid],
        *[sender(operator, refund_of(each), {"reason": "r"}) for each in bought],
        *[sender(operator, reversal_of(each), {"reason": "r"}) for each in put_in],
        lambda: complete(held, operator),
        *[sender(*each) for each in orders[:-1]],
    )

    assert [each for each in answers if each != DONE] == [held]
