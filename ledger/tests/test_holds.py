"""Holds ..."""

from datetime import UTC, datetime, timedelta

import pytest

import ledger.services.holds
from ledger.errors import HoldNotOpen, InsufficientBalance
from ledger.house import HousePurpose
from ledger.models import Hold, JournalEntry, LedgerAccount, Posting
from ledger.services import (
    Refused,
    capture_hold,
    close_ledger_account,
    expire_holds,
    place_hold,
    post_entries,
    release_hold,
)
from ledger.tasks import expire_holds as expire_holds_task
from paycore.lib.ids import new_id
from paycore.lib.metrics import WORKER_RUNS
from paycore.lib.money import CurrencyMismatch, Money
from paycore.testing.bookkeeping import (
    balances,
    entry,
    held,
    house,
    money,
    open_account,
    open_funded_account,
    payment,
    post,
)
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def hold_on(account, text, **arguments):
    return place_hold(
        account_id=account.pk,
        amount=money(text),
        reason="A payout is on its way.",
        owner="payout:1",
        **arguments,
    )


def payout(account, text):
    amount = money(text)
    lines = (account.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount)
    return entry(*lines, kind="payout")


def status_of(hold):
    return Hold.objects.get(pk=hold.pk).status


def test_keep_funds_from_being_spent(ada, mallory):
    hold = hold_on(ada, "60.00 USD", expires_at=NOON)

    ada.refresh_from_db()
    assert (ada.posted.text, ada.held.text) == ("100.00", "60.00")
    assert ada.available == money("40.00 USD")
    stored = Hold.objects.get()
    assert stored.pk == hold.pk
    assert (stored.account_id, stored.amount) == (ada.pk, money("60.00 USD"))
    assert (stored.status, stored.captured_minor) == ("open", 0)
    assert (stored.reason, stored.owner) == ("A payout is on its way.", "payout:1")
    assert (stored.expires_at, stored.ended_at) == (NOON, None)
    [outcome] = post_entries(drafts=[payment(ada, mallory, "40.01 USD")])
    assert isinstance(outcome, Refused)
    post(payment(ada, mallory, "40.00 USD"))
    assert balances(ada, mallory) == ["60.00", "40.00"]


def test_are_placed_on_the_last_cent(ada):
    hold_on(ada, "99.99 USD")
    hold_on(ada, "0.01 USD")

    assert held(ada) == "100.00"


@pytest.mark.usefixtures("nothing_is_written")
def test_are_refused_on_a_cent_more(ada):
    with refused_with(InsufficientBalance) as error:
        hold_on(ada, "100.01 USD")

    assert error.value.facts == {
        "available": "100.00",
        "required": "100.01",
        "currency": "USD",
    }


def test_count_against_each_other(ada):
    hold_on(ada, "60.00 USD")

    with refused_with(InsufficientBalance) as error:
        hold_on(ada, "40.01 USD")

    assert error.value.facts["available"] == "40.00"
    assert held(ada) == "60.00"


def test_may_use_an_overdraft():
    overdrawn = open_account("overdraft", floor_minor=-5000)

    hold_on(overdrawn, "50.00 USD")
    with refused_with(InsufficientBalance):
        hold_on(overdrawn, "0.01 USD")

    assert held(overdrawn) == "50.00"


@pytest.mark.usefixtures("nothing_is_written")
@pytest.mark.parametrize("minor", [0, -1])
def test_are_on_more_than_nothing(ada, minor):
    with refused_with(ValueError):
        place_hold(
            account_id=ada.pk, amount=Money.of(minor, "USD"), reason="", owner=""
        )


@pytest.mark.usefixtures("nothing_is_written")
def test_are_in_the_currency_of_their_account(ada):
    with refused_with(CurrencyMismatch):
        hold_on(ada, "10.00 EUR")


@pytest.mark.usefixtures("nothing_is_written")
def test_are_on_an_account_that_exists(ada):
    with refused_with(KeyError):
        place_hold(account_id=new_id(), amount=money("1.00 USD"), reason="", owner="")


def test_are_captured_by_an_entry(ada):
    hold = hold_on(ada, "60.00 USD")
    draft = payout(ada, "60.00 USD")
    before = datetime.now(UTC)

    captured = capture_hold(hold_id=hold.pk, draft=draft)

    assert balances(ada) == ["40.00"]
    assert held(ada) == "0.00"
    assert Posting.objects.filter(entry=draft.id).count() == 2
    assert (captured.status, captured.captured_minor) == ("captured", 6000)
    assert captured.ended_at is not None
    assert before <= captured.ended_at <= datetime.now(UTC)
    assert status_of(hold) == "captured"


def test_give_back_what_a_capture_leaves_over(ada):
    hold = hold_on(ada, "100.00 USD")

    captured = capture_hold(hold_id=hold.pk, draft=payout(ada, "0.01 USD"))

    assert captured.captured_minor == 1
    assert balances(ada) == ["99.99"]
    assert held(ada) == "0.00"


def test_leave_other_holds_alone_when_captured(ada):
    first, second = hold_on(ada, "60.00 USD"), hold_on(ada, "40.00 USD")

    capture_hold(hold_id=first.pk, draft=payout(ada, "60.00 USD"))

    assert (balances(ada), held(ada)) == (["40.00"], "40.00")
    assert status_of(second) == "open"


def test_refuse_a_capture_of_more_than_they_hold(ada):
    hold = hold_on(ada, "60.00 USD")

    with refused_with(ValueError):
        capture_hold(hold_id=hold.pk, draft=payout(ada, "60.01 USD"))

    assert (balances(ada), held(ada)) == (["100.00"], "60.00")
    assert status_of(hold) == "open"


def test_refuse_a_capture_that_does_not_debit_their_account(ada, mallory):
    hold = hold_on(ada, "60.00 USD")
    opening = house(HousePurpose.OPENING, "USD")
    credit = entry((opening, -money("10.00 USD")), (ada.pk, money("10.00 USD")))
    elsewhere = entry((opening, -money("10.00 USD")), (mallory.pk, money("10.00 USD")))

    for draft in (credit, elsewhere):
        with refused_with(ValueError):
            capture_hold(hold_id=hold.pk, draft=draft)

    assert (balances(ada, mallory), held(ada)) == (["100.00", "0.00"], "60.00")
    assert status_of(hold) == "open"


def test_stay_open_when_their_capture_is_refused(ada, mallory):
    hold = hold_on(ada, "60.00 USD")
    needs_a_fee_from_mallory = entry(
        (ada.pk, -money("60.00 USD")),
        (mallory.pk, -money("1.00 USD")),
        (house(HousePurpose.PAYOUTS, "USD"), money("61.00 USD")),
    )

    with refused_with(InsufficientBalance):
        capture_hold(hold_id=hold.pk, draft=needs_a_fee_from_mallory)

    assert (balances(ada, mallory), held(ada)) == (["100.00", "0.00"], "60.00")
    assert status_of(hold) == "open"


def test_give_their_funds_back_when_released(ada):
    hold = hold_on(ada, "60.00 USD")
    before = datetime.now(UTC)

    released = release_hold(hold_id=hold.pk)

    assert (balances(ada), held(ada)) == (["100.00"], "0.00")
    assert (released.status, released.captured_minor) == ("released", 0)
    assert released.ended_at is not None
    assert before <= released.ended_at <= datetime.now(UTC)
    assert JournalEntry.objects.filter(kind="payout").count() == 0


@pytest.mark.parametrize("first", ["capture", "release"])
@pytest.mark.parametrize("second", ["capture", "release"])
def test_end_once(ada, first, second):
    hold = hold_on(ada, "30.00 USD")
    ways = {
        "capture": lambda: capture_hold(
            hold_id=hold.pk, draft=payout(ada, "30.00 USD")
        ),
        "release": lambda: release_hold(hold_id=hold.pk),
    }
    ways[first]()
    after_first = balances(ada)

    with refused_with(HoldNotOpen) as error:
        ways[second]()

    assert error.value.facts == {"status": f"{first}d"}
    assert (balances(ada), held(ada)) == (after_first, "0.00")
    assert status_of(hold) == f"{first}d"


def test_that_nobody_placed_cannot_end(ada):
    with refused_with(Hold.DoesNotExist):
        release_hold(hold_id=new_id())
    with refused_with(Hold.DoesNotExist):
        capture_hold(hold_id=new_id(), draft=payout(ada, "1.00 USD"))


def test_keep_their_account_from_closing():
    empty = open_account("overdraft", floor_minor=-5000)
    hold = hold_on(empty, "1.00 USD")

    assert close_ledger_account(account_id=empty.pk) is False

    release_hold(hold_id=hold.pk)
    assert close_ledger_account(account_id=empty.pk) is True


def test_expire_at_their_moment(ada):
    early = hold_on(ada, "10.00 USD", expires_at=NOON - SECOND)
    just = hold_on(ada, "20.00 USD", expires_at=NOON)
    late = hold_on(ada, "30.00 USD", expires_at=NOON + SECOND)
    never = hold_on(ada, "40.00 USD")

    assert expire_holds(at=NOON) == 2

    assert [status_of(hold) for hold in (early, just, late, never)] == [
        "released",
        "released",
        "open",
        "open",
    ]
    assert held(ada) == "70.00"
    assert expire_holds(at=NOON) == 0


def test_expire_on_any_number_of_accounts(ada):
    bob = open_funded_account("bob", holding="50.00 USD")
    for account in (ada, bob, ada, bob):
        hold_on(account, "10.00 USD", expires_at=NOON)

    assert expire_holds(at=NOON) == 4

    assert (held(ada), held(bob)) == ("0.00", "0.00")


def test_expire_only_while_open(ada):
    captured, released = (hold_on(ada, "10.00 USD", expires_at=NOON) for _ in range(2))
    capture_hold(hold_id=captured.pk, draft=payout(ada, "10.00 USD"))
    release_hold(hold_id=released.pk)

    assert expire_holds(at=NOON) == 0

    assert (status_of(captured), balances(ada)) == ("captured", ["90.00"])


@pytest.mark.parametrize("count", [1, 20])
def test_expire_by_the_same_statements_whatever_their_number(
    ada, count, django_assert_num_queries
):
    for _ in range(count):
        hold_on(ada, "1.00 USD", expires_at=NOON)

    # Find, lock, find again, end, balances.
    with django_assert_num_queries(5):
        assert expire_holds(at=NOON) == count


def test_expire_batch_by_batch(ada, monkeypatch):
    monkeypatch.setattr(ledger.services.holds, "EXPIRY_BATCH", 2)
    first, second, third = (
        hold_on(ada, "1.00 USD", expires_at=NOON + number * SECOND)
        for number in range(3)
    )

    assert expire_holds(at=NOON + 9 * SECOND) == 2

    assert [status_of(hold) for hold in (first, second, third)] == [
        "released",
        "released",
        "open",
    ]


def test_expire_on_schedule(ada, monkeypatch):
    monkeypatch.setattr(ledger.services.holds, "EXPIRY_BATCH", 2)
    for _ in range(3):
        hold_on(ada, "1.00 USD", expires_at=datetime.now(UTC) - SECOND)
    left = hold_on(ada, "1.00 USD", expires_at=datetime.now(UTC) + timedelta(hours=1))
    ok = WORKER_RUNS.labels(worker="expire_holds", result="ok")
    runs = ok._value.get()

    assert expire_holds_task() == 3

    assert held(ada) == "1.00"
    assert status_of(left) == "open"
    assert ok._value.get() == runs + 1


def test_expire_by_the_clock_of_the_database(ada, monkeypatch):
    hold = hold_on(ada, "1.00 USD", expires_at=datetime.now(UTC) + timedelta(hours=1))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: tomorrow)

    assert expire_holds_task() == 0

    assert (status_of(hold), held(ada)) == ("open", "1.00")


def test_do_not_move_what_is_posted(ada):
    version = ada.version

    release_hold(hold_id=hold_on(ada, "60.00 USD").pk)

    stored = LedgerAccount.objects.get(pk=ada.pk)
    assert (stored.posted_minor, stored.version) == (10000, version + 2)
