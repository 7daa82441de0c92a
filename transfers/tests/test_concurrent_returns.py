"""Refunds, reversals and the ends of held purchases, several at once."""

from collections import Counter

import pytest

from ledger.errors import InsufficientBalance
from paycore.lib.errors import InvalidState
from paycore.testing.races import race
from transfers.models import Transfer
from transfers.tests.movements import (
    complete,
    events_of,
    fail,
    hold_purchase,
    purchase,
    refund_of,
    reversal_of,
    reverse,
    sender,
    state_of,
)
from transfers.tests.orders import INTERNAL, order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates"),
]
TOO_MUCH = (422, "refund_exceeds_original")
TOO_LATE = (409, "invalid_state")
DONE = (201, "")


def part(amount):
    return {"reason": "r", "amount": amount}


def test_of_two_refunds_that_are_too_much_together_one_wins(
    ada, grace, ada_usd, grace_usd, pay, balance_of
):
    original = pay(ada, ada_usd, grace_usd, "100.00")

    answers = race(*[sender(grace, refund_of(original), part("60.00"))] * 2)

    assert Counter(answers) == {DONE: 1, TOO_MUCH: 1}
    original.refresh_from_db()
    assert original.refunded.text == "60.00"
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("960.00", "90.00")


@pytest.mark.parametrize("wanted", ["100.00 USD", "92.00 EUR"])
def test_many_refunds_give_back_what_was_paid_and_no_more(
    ada, operator, ada_usd, wanted, balance_of
):
    original = purchase(ada, ada_usd, wanted)
    path = refund_of(original)

    answers = race(
        *[sender(operator, path, part("9.00")) for _ in range(12)],
        *[sender(operator, path, {"reason": "the rest"}) for _ in range(3)],
    )

    # Who asks for the rest takes it all, and comes first, last, or in between.
    seen = Counter(answers)
    assert set(seen) <= {DONE, TOO_MUCH}
    assert balance_of(ada_usd) == "1000.00"
    refunds = Transfer.objects.filter(original_transfer=original)
    assert refunds.count() == seen[DONE]
    assert sum(each.destination_amount_minor for each in refunds) == 10000


def test_one_key_refunds_once(ada, operator, ada_usd, balance_of):
    original = purchase(ada, ada_usd, "100.00 USD")

    answers = race(
        *[sender(operator, refund_of(original), part("10.00"), key="k")] * 12
    )

    assert Counter(answers) == {DONE: 12}
    assert balance_of(ada_usd) == "910.00"


def test_of_a_refund_and_a_reversal_one_wins(ada, operator, ada_usd, balance_of):
    for _ in range(4):
        original = purchase(ada, ada_usd, "100.00 USD")

        answers = race(
            sender(operator, refund_of(original), part("100.00")),
            sender(operator, reversal_of(original), {"reason": "r"}),
        )

        assert Counter(answers) == {DONE: 1, TOO_LATE: 1}
        assert balance_of(ada_usd) == "1000.00"


def test_of_many_reversals_one_wins(ada, operator, ada_usd, grace_usd, pay, balance_of):
    original = pay(ada, ada_usd, grace_usd, "100.00")

    answers = race(*[sender(operator, reversal_of(original), {"reason": "r"})] * 8)

    assert Counter(answers) == {DONE: 1, TOO_LATE: 7}
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("1000.00", "50.00")
    assert events_of(original.pk) == ["transfer.completed", "transfer.reversed"]


def test_a_reversal_and_the_receivers_spending_do_not_both_get_the_money(
    ada, grace, operator, ada_usd, account_of, pay, balance_of
):
    purse = account_of(grace)
    original = pay(ada, ada_usd, purse, "100.00")

    answers = race(
        sender(operator, reversal_of(original), {"reason": "r"}),
        *[sender(grace, INTERNAL, order(purse, ada_usd, "30.00")) for _ in range(4)],
    )

    assert set(answers) <= {DONE, (422, "insufficient_balance")}
    # Either all of it went back at once, or in three times thirty.
    assert balance_of(purse) == ("0.00" if answers[0] == DONE else "10.00")
    assert answers.count(DONE) == (1 if answers[0] == DONE else 3)


def test_force_and_spending_at_once_leave_exactly_what_is_lacking(
    ada, grace, admin, ada_usd, account_of, pay
):
    purse = account_of(grace)
    original = pay(ada, ada_usd, purse, "100.00")

    answers = race(
        sender(admin, reversal_of(original), {"reason": "r", "force": True}),
        *[sender(grace, INTERNAL, order(purse, ada_usd, "30.00")) for _ in range(4)],
    )

    assert answers[0] == DONE
    spent = answers[1:].count(DONE) * 30
    lacking = f"{spent}.00"
    assert state_of(purse) == (f"-{lacking}" if spent else "0.00", "0.00", lacking)


def test_money_that_comes_in_meanwhile_makes_up_for_force(
    ada, grace, admin, ada_usd, account_of, pay
):
    purse = account_of(grace)
    original = pay(ada, ada_usd, purse, "100.00")
    pay(grace, purse, ada_usd, "100.00")
    gift = order(ada_usd, purse, "25.00")

    answers = race(
        sender(admin, reversal_of(original), {"reason": "r", "force": True}),
        *[sender(ada, INTERNAL, gift) for _ in range(3)],
    )

    assert set(answers) == {DONE}
    assert state_of(purse) == ("-25.00", "0.00", "25.00")


def test_a_held_purchase_ends_in_one_way_only(ada, ada_usd, operator, balance_of):
    for _ in range(3):
        held = hold_purchase(ada, ada_usd, "100.00 USD")

        outcomes = race(
            *[lambda held=held: complete(held, operator)] * 2,
            *[lambda held=held: fail(held, operator)] * 2,
        )

        ended = [each for each in outcomes if isinstance(each, Transfer)]
        late = [each for each in outcomes if isinstance(each, InvalidState)]
        assert (len(ended), len(late)) == (1, 3)
        assert len(events_of(held.pk)) == 2
        held.refresh_from_db()
        assert held.status == ended[0].status
        if held.status == "completed":
            reverse(operator, held)
        assert state_of(ada_usd) == ("1000.00", "0.00", "0.00")


def test_holds_and_purchases_do_not_both_get_the_money(
    ada, ada_usd, operator, account_of
):
    purse = account_of(ada, "USD", "100.00")

    outcomes = race(
        *[lambda: hold_purchase(ada, purse, "30.00 USD")] * 4,
        *[lambda: purchase(ada, purse, "30.00 USD")] * 4,
    )

    made = [each for each in outcomes if isinstance(each, Transfer)]
    assert len(made) == 3
    assert sum(isinstance(each, InsufficientBalance) for each in outcomes) == 5
    held = [each for each in made if each.status == "pending"]
    posted = f"{100 - 30 * (3 - len(held))}.00"
    assert state_of(purse) == (posted, f"{30 * len(held)}.00", "0.00")
