"""end_holds: many holds at once, all of them or none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.errors import AccountNotActive, HoldNotOpen
from ledger.house import HousePurpose
from ledger.models import Hold, JournalEntry, LedgerAccount, Posting
from ledger.services import (
    close_ledger_account,
    end_holds,
    lock_accounts,
    place_hold,
    release_hold,
    set_frozen,
)
from paycore.lib.db import joined_atomic
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import (
    balances,
    entry,
    held,
    house,
    money,
    open_funded_account,
    payment,
)
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


@pytest.fixture
def bob(db):
    return open_funded_account("bob", holding="50.00 USD")


def hold_on(account, text):
    return place_hold(
        account_id=account.pk, amount=money(text), reason="A payout.", owner="payout:1"
    )


def payout(account, text):
    amount = money(text)
    lines = (account.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount)
    return entry(*lines, kind="payout")


def paid_out():
    account = LedgerAccount.objects.get(pk=house(HousePurpose.PAYOUTS, "USD"))
    return account.posted.text


def statuses(*holds):
    stored = Hold.objects.in_bulk([hold.pk for hold in holds])
    return [(stored[hold.pk].status, stored[hold.pk].captured_minor) for hold in holds]


def test_captures_and_releases_holds_of_one_account_and_of_others(ada, bob):
    first, second, third = (hold_on(ada, f"{n}.00 USD") for n in (10, 20, 30))
    other, another = hold_on(bob, "5.00 USD"), hold_on(bob, "7.00 USD")

    ended = end_holds(
        {
            third.pk: payout(ada, "30.00 USD"),
            other.pk: payout(bob, "4.00 USD"),
            first.pk: None,
            second.pk: payout(ada, "20.00 USD"),
            another.pk: None,
        }
    )

    assert set(ended) == {hold.pk for hold in (first, second, third, other, another)}
    assert statuses(first, second, third, other, another) == [
        ("released", 0),
        ("captured", 2000),
        ("captured", 3000),
        ("captured", 400),
        ("released", 0),
    ]
    assert balances(ada, bob) == ["50.00", "46.00"]
    assert (held(ada), held(bob), paid_out()) == ("0.00", "0.00", "54.00")


def test_writes_the_postings_of_an_account_in_the_order_given(ada):
    holds = [hold_on(ada, f"{n}.00 USD") for n in (10, 20, 30)]

    end_holds({hold.pk: payout(ada, f"{hold.amount.text} USD") for hold in holds})

    lines = Posting.objects.filter(account=ada, entry__kind="payout").order_by("pk")
    assert list(lines.values_list("amount_minor", "balance_after_minor")) == [
        (-1000, 9000),
        (-2000, 7000),
        (-3000, 4000),
    ]
    at = {line.created_at for line in lines}
    assert {hold.ended_at for hold in Hold.objects.all()} == at
    assert len(at) == 1


def test_answers_with_the_holds_as_they_are_stored(ada):
    hold, released = hold_on(ada, "10.00 USD"), hold_on(ada, "1.00 USD")

    ended = end_holds({hold.pk: payout(ada, "10.00 USD"), released.pk: None})

    for stored in Hold.objects.all():
        answered = ended[stored.pk]
        assert (answered.status, answered.captured_minor, answered.ended_at) == (
            stored.status,
            stored.captured_minor,
            stored.ended_at,
        )


def test_costs_as_many_statements_for_a_hundred_as_for_one(ada, bob):
    def statements(count):
        holds = [
            (account, hold_on(account, "0.10 USD"))
            for account in (ada, bob)
            for _ in range(count)
        ]
        ends = {
            hold.pk: payout(account, "0.10 USD") if number % 2 else None
            for number, (account, hold) in enumerate(holds, start=1)
        }
        with CaptureQueriesContext(connection) as seen:
            end_holds(ends)
        return len(seen)

    assert statements(1) == statements(50) == 6


@pytest.mark.parametrize("is_released_first", [True, False])
def test_uses_what_is_given_back_for_what_is_taken(ada, bob, is_released_first):
    taken, given_back = hold_on(ada, "60.00 USD"), hold_on(bob, "50.00 USD")
    with_a_fee_from_bob = entry(
        (ada.pk, -money("60.00 USD")),
        (bob.pk, -money("5.00 USD")),
        (house(HousePurpose.PAYOUTS, "USD"), money("65.00 USD")),
    )
    ends = {taken.pk: with_a_fee_from_bob, given_back.pk: None}

    end_holds(dict(reversed(ends.items())) if is_released_first else ends)

    assert balances(ada, bob) == ["40.00", "45.00"]
    assert (held(ada), held(bob)) == ("0.00", "0.00")


@pytest.mark.usefixtures("nothing_is_written")
def test_accepts_none_at_all():
    assert end_holds({}) == {}


@pytest.mark.parametrize("how", ["captured", "released"])
def test_refuses_all_when_one_was_ended(ada, how):
    first, ended, last = (hold_on(ada, "10.00 USD") for _ in range(3))
    end_holds({ended.pk: payout(ada, "10.00 USD") if how == "captured" else None})
    before = balances(ada), held(ada), JournalEntry.objects.count()

    with refused_with(HoldNotOpen) as error:
        end_holds({first.pk: None, ended.pk: None, last.pk: payout(ada, "10.00 USD")})

    assert error.value.facts == {"status": how}
    assert statuses(first, last) == [("open", 0)] * 2
    assert (balances(ada), held(ada), JournalEntry.objects.count()) == before


def test_refuses_all_when_one_does_not_exist(ada):
    hold = hold_on(ada, "10.00 USD")

    with refused_with(Hold.DoesNotExist):
        end_holds({hold.pk: None, new_id(): None})

    assert (statuses(hold), held(ada)) == ([("open", 0)], "10.00")


def test_refuses_all_when_one_takes_more_than_was_held(ada, bob):
    first, second = hold_on(ada, "10.00 USD"), hold_on(bob, "10.00 USD")

    with refused_with(ValueError):
        end_holds(
            {
                first.pk: payout(ada, "10.00 USD"),
                second.pk: payout(bob, "10.01 USD"),
            }
        )

    assert statuses(first, second) == [("open", 0)] * 2
    assert (balances(ada, bob), held(ada)) == (["100.00", "50.00"], "10.00")


@pytest.mark.parametrize("wrong", ["the other's account", "nobody's debit"])
def test_refuses_all_when_one_takes_from_somebody_else(ada, bob, wrong):
    first, second = hold_on(ada, "10.00 USD"), hold_on(bob, "10.00 USD")
    draft = {
        "the other's account": payout(bob, "10.00 USD"),
        "nobody's debit": payment(bob, ada, "10.00 USD"),
    }[wrong]

    with refused_with(ValueError):
        end_holds({second.pk: payout(bob, "10.00 USD"), first.pk: draft})

    assert statuses(first, second) == [("open", 0)] * 2
    assert (held(ada), held(bob)) == ("10.00", "10.00")


def test_refuses_all_when_an_account_that_is_closed_would_receive(ada, bob, mallory):
    first, second = hold_on(ada, "10.00 USD"), hold_on(bob, "10.00 USD")
    close_ledger_account(account_id=mallory.pk)

    with refused_with(AccountNotActive):
        end_holds(
            {
                first.pk: payout(ada, "10.00 USD"),
                second.pk: payment(bob, mallory, "10.00 USD"),
            }
        )

    assert statuses(first, second) == [("open", 0)] * 2
    assert balances(ada, bob, mallory) == ["100.00", "50.00", "0.00"]


def test_settles_what_was_promised_before_an_account_was_frozen(ada):
    captured, released = hold_on(ada, "10.00 USD"), hold_on(ada, "20.00 USD")
    set_frozen(account_id=ada.pk, is_frozen=True)

    end_holds({captured.pk: payout(ada, "10.00 USD"), released.pk: None})

    assert (balances(ada), held(ada)) == (["90.00"], "0.00")


def test_settles_what_was_promised_before_an_account_was_forced_below_its_floor(
    ada, mallory
):
    captured, released = hold_on(ada, "10.00 USD"), hold_on(ada, "20.00 USD")
    with joined_atomic():
        books = lock_accounts([ada.pk, mallory.pk])
        assert books.admit(payment(ada, mallory, "95.00 USD"), force=True) is None
        books.write()
    assert LedgerAccount.objects.get(pk=ada.pk).shortfall_minor == 2500

    end_holds({captured.pk: payout(ada, "10.00 USD")})

    assert (balances(ada), held(ada)) == (["-5.00"], "20.00")
    assert LedgerAccount.objects.get(pk=ada.pk).shortfall_minor == 2500
    release_hold(hold_id=released.pk)
    assert (balances(ada), held(ada)) == (["-5.00"], "0.00")
    assert LedgerAccount.objects.get(pk=ada.pk).shortfall_minor == 500


def test_captures_together_what_one_by_one_would_be_captured_below_the_floor(
    ada, mallory
):
    holds = [hold_on(ada, "10.00 USD") for _ in range(3)]
    with joined_atomic():
        books = lock_accounts([ada.pk, mallory.pk])
        assert books.admit(payment(ada, mallory, "95.00 USD"), force=True) is None
        books.write()

    end_holds(
        {
            holds[0].pk: payout(ada, "10.00 USD"),
            holds[1].pk: None,
            holds[2].pk: payout(ada, "10.00 USD"),
        }
    )

    assert (balances(ada), held(ada)) == (["-15.00"], "0.00")
    assert LedgerAccount.objects.get(pk=ada.pk).shortfall_minor == 1500
