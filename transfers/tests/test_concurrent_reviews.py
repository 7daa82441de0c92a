"""Verdicts at the same time, each on a connection of its own."""

from collections import Counter

import pytest

from ledger.models import Hold
from paycore.testing.cast import Caller
from paycore.testing.races import race
from paycore.testing.suspicion import suspect_everything
from paycore.testing.wallets import posted_in
from risk.models import Review
from risk.tests.calls import decide
from transfers.models import Transfer
from transfers.tests.movements import PURCHASES, buy, hold_purchase, sender, state_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates"),
]
ROUNDS = 6


def verdict(player, review, what):
    caller = Caller(headers=player.headers)
    return lambda: decide(caller, review.pk, what).status_code


def test_of_both_at_once_one_wins(ada, account_of, operator, admin):
    purse = account_of(ada, "USD", "1000.00")
    spent = 0
    for _ in range(ROUNDS):
        held = hold_purchase(ada, purse, "1.00 USD")
        review = Review.objects.get(subject_id=held.pk)

        approved, rejected = race(
            verdict(operator, review, "approve"), verdict(admin, review, "reject")
        )

        held.refresh_from_db()
        review.refresh_from_db()
        assert sorted([approved, rejected]) == [200, 409]
        won = approved == 200
        spent += won
        assert (held.status, review.status) == (
            ("completed", "approved") if won else ("failed", "rejected")
        )

    assert state_of(purse) == (f"{1000 - spent}.00", "0.00", "0.00")
    assert not Hold.objects.filter(status="open").exists()


def test_the_same_of_many_moves_the_money_once(ada, account_of, operator, admin):
    purse = account_of(ada, "USD", "1000.00")
    held = hold_purchase(ada, purse, "1.00 USD")
    review = Review.objects.get()

    answers = race(*[verdict(who, review, "approve") for who in (operator, admin)] * 4)

    assert answers == [200] * 8
    assert posted_in(purse) == "999.00"
    assert Transfer.objects.get(pk=held.pk).status == "completed"


def test_meet_purchases_that_convert_without_locking_each_other_out(
    ada, grace, account_of, operator
):
    # Both touch the house's accounts of two currencies, and one of them accounts that
    # were locked before.
    dollars = account_of(ada, "USD", "1000.00")
    euros = account_of(grace, "EUR", "1000.00")
    suspect_everything()
    held = [
        *[hold_purchase(ada, dollars, "1.00 EUR") for _ in range(ROUNDS)],
        *[hold_purchase(grace, euros, "1.00 USD") for _ in range(ROUNDS)],
    ]
    reviews = [Review.objects.get(subject_id=transfer.pk) for transfer in held]

    answers = race(
        *[verdict(operator, review, "approve") for review in reviews],
        *[sender(ada, PURCHASES, buy(dollars, "1.00", "EUR")) for _ in range(ROUNDS)],
        *[sender(grace, PURCHASES, buy(euros, "1.00", "USD")) for _ in range(ROUNDS)],
    )

    assert Counter(answers) == {200: 2 * ROUNDS, (201, ""): 2 * ROUNDS}
