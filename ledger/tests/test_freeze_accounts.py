"""An account that is frozen or closed ..."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from ledger.errors import AccountNotActive
from ledger.house import HousePurpose
from ledger.models import LedgerAccount
from ledger.services import (
    Refused,
    capture_hold,
    close_ledger_account,
    expire_holds,
    lock_accounts,
    place_hold,
    post_entries,
    release_hold,
    set_frozen,
)
from paycore.testing.bookkeeping import (
    balances,
    entry,
    held,
    house,
    money,
    open_account,
    payment,
)
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


@pytest.fixture
def frozen(ada):
    set_frozen(account_id=ada.pk, is_frozen=True)
    return ada


@pytest.fixture
def hold(ada):
    return place_hold(
        account_id=ada.pk, amount=money("60.00 USD"), reason="A payout.", owner="x"
    )


def refusals(*drafts):
    return [
        type(outcome.error) if isinstance(outcome, Refused) else None
        for outcome in post_entries(drafts=drafts)
    ]


def test_neither_sends_nor_receives(frozen, mallory):
    bob = open_account("bob", floor_minor=-10000)

    [out, into, past] = post_entries(
        drafts=[
            payment(frozen, mallory, "1.00 USD"),
            payment(bob, frozen, "1.00 USD"),
            payment(bob, mallory, "1.00 USD"),
        ]
    )

    assert [type(item.error) for item in (out, into)] == [AccountNotActive] * 2
    assert out.error.facts == {"status": "frozen", "account_id": str(frozen.pk)}
    assert past.entry_id is not None
    assert balances(frozen, mallory, bob) == ["100.00", "1.00", "-1.00"]


def test_is_refused_before_a_lack_of_funds(frozen, mallory):
    assert refusals(payment(frozen, mallory, "100.01 USD")) == [AccountNotActive]
    assert refusals(payment(mallory, frozen, "0.01 USD")) == [AccountNotActive]


def test_is_no_obstacle_once_unfrozen(frozen, mallory):
    set_frozen(account_id=frozen.pk, is_frozen=False)

    assert refusals(payment(frozen, mallory, "100.00 USD")) == [None]


def test_gets_no_new_holds(frozen):
    with refused_with(AccountNotActive):
        place_hold(account_id=frozen.pk, amount=money("1.00 USD"), reason="", owner="x")

    assert held(frozen) == "0.00"


def test_still_settles_what_was_promised_before(ada, hold):
    set_frozen(account_id=ada.pk, is_frozen=True)
    amount = money("60.00 USD")
    lines = (ada.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount)

    capture_hold(hold_id=hold.pk, draft=entry(*lines, kind="payout"))

    assert (balances(ada), held(ada)) == (["40.00"], "0.00")


def test_still_gets_its_holds_released(ada, hold):
    set_frozen(account_id=ada.pk, is_frozen=True)

    release_hold(hold_id=hold.pk)

    assert held(ada) == "0.00"


def test_still_sees_its_holds_expire(ada):
    hold = place_hold(
        account_id=ada.pk,
        amount=money("1.00 USD"),
        reason="A payout.",
        owner="x",
        expires_at=datetime(2000, 1, 1, tzinfo=UTC),
    )
    set_frozen(account_id=ada.pk, is_frozen=True)

    assert expire_holds(at=hold.created_at) == 1

    assert held(ada) == "0.00"


def test_receives_nothing_once_closed(ada, mallory):
    assert close_ledger_account(account_id=mallory.pk)

    [outcome] = post_entries(drafts=[payment(ada, mallory, "1.00 USD")])

    assert isinstance(outcome.error, AccountNotActive)
    assert outcome.error.facts["status"] == "closed"
    assert balances(ada, mallory) == ["100.00", "0.00"]


def test_receives_nothing_once_closed_even_to_settle(ada, mallory):
    close_ledger_account(account_id=mallory.pk)

    with transaction.atomic():
        books = lock_accounts([ada.pk, mallory.pk])
        refusal = books.admit(payment(ada, mallory, "1.00 USD"), settle=True)
        books.write()

    assert isinstance(refusal, AccountNotActive)
    assert refusal.facts["status"] == "closed"
    assert balances(ada, mallory) == ["100.00", "0.00"]


def test_may_close_while_frozen_and_is_then_no_longer_frozen(frozen, mallory):
    set_frozen(account_id=mallory.pk, is_frozen=True)

    assert close_ledger_account(account_id=mallory.pk) is True

    stored = LedgerAccount.objects.get(pk=mallory.pk)
    assert (stored.is_closed, stored.is_frozen) == (True, False)


def test_is_seen_as_it_is_under_its_lock(ada, mallory):
    books = lock_accounts([ada.pk, mallory.pk])

    assert books.refusal_to_move([ada.pk, mallory.pk]) is None
    set_frozen(account_id=mallory.pk, is_frozen=True)

    refusal = lock_accounts([ada.pk, mallory.pk]).refusal_to_move([ada.pk, mallory.pk])
    assert isinstance(refusal, AccountNotActive)
    assert refusal.facts["account_id"] == str(mallory.pk)
