"""Posting by many at once ..."""

from itertools import pairwise

import pytest
from django.db import transaction

from ledger.errors import HoldNotOpen, InsufficientBalance
from ledger.house import HousePurpose
from ledger.models import Hold, Posting
from ledger.services import (
    Posted,
    Refused,
    capture_hold,
    close_ledger_account,
    expire_holds,
    place_hold,
    post_entries,
    release_hold,
)
from paycore.testing.bookkeeping import (
    balances,
    entry,
    held,
    house,
    money,
    open_account,
    open_funded_account,
    payment,
)
from paycore.testing.races import race

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.holds_without_an_owner,
]


def outcome_of(draft):
    [outcome] = post_entries(drafts=[draft])
    return outcome


def kinds(outcomes):
    """How many of each: posted, refused (its code), or an exception (its name)."""
    counted: dict[str, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            kind = outcome.error.code
        else:
            kind = "posted" if isinstance(outcome, Posted) else type(outcome).__name__
        counted[kind] = counted.get(kind, 0) + 1
    return counted


def assert_history_agrees(*accounts):
    """Per account, posting id, created_at and balance_after tell one story."""
    for account in accounts:
        history = list(Posting.objects.filter(account=account).order_by("pk"))
        assert history[0].balance_before.is_zero
        for before, after in pairwise(history):
            assert before.created_at <= after.created_at
            assert after.balance_before == before.balance_after


@pytest.fixture
def bob(transactional_db):
    return open_funded_account("bob", holding="100.00 USD")


def test_opposite_payments_never_deadlock(ada, bob):
    def pay(source, destination):
        return [outcome_of(payment(source, destination, "0.10 USD")) for _ in range(10)]

    both_ways = [lambda: pay(ada, bob), lambda: pay(bob, ada)] * 8

    outcomes = [item for answer in race(*both_ways) for item in answer]

    assert kinds(outcomes) == {"posted": 160}
    assert balances(ada, bob) == ["100.00", "100.00"]
    assert_history_agrees(ada, bob)


def test_batches_in_any_order_never_deadlock(ada, bob):
    carol = open_funded_account("carol", holding="100.00 USD")
    cast = [ada, bob, carol]

    def pay_around(step):
        pairs = [(cast[i % 3], cast[(i + step) % 3]) for i in range(step, step + 6)]
        return post_entries(
            drafts=[payment(*pair, "0.01 USD") for pair in (*pairs, *pairs[::-1])]
        )

    answers = race(*[lambda step=step: pay_around(step) for step in (1, 2) * 8])

    assert kinds([item for answer in answers for item in answer]) == {"posted": 192}
    assert balances(ada, bob, carol) == ["100.00", "100.00", "100.00"]
    assert_history_agrees(ada, bob, carol)


def test_two_hundred_spenders_never_overdraw_an_account(ada, mallory):
    outcomes = race(*[lambda: outcome_of(payment(ada, mallory, "1.00 USD"))] * 200)

    assert kinds(outcomes) == {"posted": 100, "insufficient_balance": 100}
    assert balances(ada, mallory) == ["0.00", "100.00"]
    assert Posting.objects.filter(account=ada).count() == 101
    assert_history_agrees(ada, mallory)


def test_two_spenders_of_everything_leave_one_with_nothing(ada, mallory):
    outcomes = race(*[lambda: outcome_of(payment(ada, mallory, "100.00 USD"))] * 2)

    assert kinds(outcomes) == {"posted": 1, "insufficient_balance": 1}
    assert balances(ada, mallory) == ["0.00", "100.00"]


def test_holds_and_payments_share_what_is_available(ada, mallory):
    def hold():
        return place_hold(
            account_id=ada.pk, amount=money("10.00 USD"), reason="A payout.", owner="x"
        )

    def pay():
        return outcome_of(payment(ada, mallory, "10.00 USD"))

    race(*[hold, pay] * 10)

    ada.refresh_from_db()
    assert ada.available.is_zero
    assert ada.held_minor == 1000 * Hold.objects.filter(status="open").count()
    assert balances(mallory) == [(money("100.00 USD") - ada.posted).text]


def test_a_hold_ends_in_one_way_only(ada):
    hold = place_hold(
        account_id=ada.pk, amount=money("60.00 USD"), reason="A payout.", owner="x"
    )
    amount = money("60.00 USD")
    lines = (ada.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount)

    def capture():
        return capture_hold(hold_id=hold.pk, draft=entry(*lines, kind="payout"))

    def release():
        return release_hold(hold_id=hold.pk)

    answers = race(*[capture, release] * 4)

    [ended] = [answer for answer in answers if isinstance(answer, Hold)]
    losers = [answer for answer in answers if isinstance(answer, HoldNotOpen)]
    assert len(losers) == 7
    hold.refresh_from_db()
    assert hold.status == ended.status
    assert held(ada) == "0.00"
    assert balances(ada) == ["40.00" if hold.status == "captured" else "100.00"]


def test_workers_that_expire_holds_end_each_once(ada):
    past = Posting.objects.get(account=ada).created_at
    for _ in range(5):
        place_hold(
            account_id=ada.pk,
            amount=money("10.00 USD"),
            reason="A payout.",
            owner="x",
            expires_at=past,
        )

    ended = race(*[lambda: expire_holds(at=past)] * 4)

    assert sorted(ended) == [0, 0, 0, 5]
    assert held(ada) == "0.00"


def test_an_account_that_closes_receives_nothing(ada):
    closing = open_account("closing")

    closed, paid = race(
        lambda: close_ledger_account(account_id=closing.pk),
        lambda: outcome_of(payment(ada, closing, "10.00 USD")),
    )

    # Whoever came first, the other one was refused. A service above the ledger would
    # have looked at the account's status and refused by name.
    closing.refresh_from_db()
    assert closing.is_closed is closed
    assert isinstance(paid, Posted) is not closed
    assert balances(ada, closing) == (
        ["100.00", "0.00"] if closed else ["90.00", "10.00"]
    )


def test_whoever_waits_sees_what_the_other_left(ada, mallory):
    with transaction.atomic():
        post_entries(drafts=[payment(ada, mallory, "60.00 USD")])
        seen_from_outside = race(lambda: balances(ada, mallory))

    assert seen_from_outside == [["100.00", "0.00"]]
    [waited] = race(lambda: outcome_of(payment(ada, mallory, "60.00 USD")))
    assert isinstance(waited.error, InsufficientBalance)
    assert waited.error.facts["available"] == "40.00"
