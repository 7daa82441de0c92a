"""An entry that is forced ..."""

import pytest
from django.db import transaction

from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.models import LedgerAccount, Posting
from ledger.services import lock_accounts, place_hold, post_entries, set_frozen
from paycore.testing.bookkeeping import (
    balances,
    money,
    open_account,
    open_funded_account,
    payment,
    post,
)
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


def force(*drafts):
    with transaction.atomic():
        books = lock_accounts(
            line.account_id for draft in drafts for line in draft.lines
        )
        refusals = [books.admit(draft, force=True) for draft in drafts]
        books.write()
    return refusals


def shortfall(account):
    return LedgerAccount.objects.get(pk=account.pk).shortfall_minor


@pytest.fixture
def bob(db):
    return open_funded_account("bob", holding="30.00 USD")


def test_takes_an_account_below_its_floor(ada, bob):
    assert force(payment(bob, ada, "50.00 USD")) == [None]

    assert balances(bob, ada) == ["-20.00", "150.00"]
    assert (shortfall(bob), shortfall(ada)) == (2000, 0)
    assert (
        Posting.objects.filter(account=bob).latest("pk").balance_after.text == "-20.00"
    )


def test_takes_an_account_below_its_overdraft_and_its_holds(ada):
    overdrawn = open_account("overdraft", floor_minor=-5000)
    place_hold(account_id=overdrawn.pk, amount=money("50.00 USD"), reason="", owner="x")

    force(payment(overdrawn, ada, "10.00 USD"))

    assert balances(overdrawn) == ["-10.00"]
    assert shortfall(overdrawn) == 1000


def test_leaves_no_shortfall_where_there_is_enough(ada, bob):
    force(payment(bob, ada, "30.00 USD"))

    assert (balances(bob), shortfall(bob)) == (["0.00"], 0)


def test_is_made_good_by_what_comes_in(ada, bob):
    force(payment(bob, ada, "50.00 USD"))

    post(payment(ada, bob, "15.00 USD"))
    assert (balances(bob), shortfall(bob)) == (["-5.00"], 500)

    post(payment(ada, bob, "15.00 USD"))
    assert (balances(bob), shortfall(bob)) == (["10.00"], 0)


def test_lets_nothing_else_out_below_the_floor(ada, bob):
    force(payment(bob, ada, "50.00 USD"))
    post(payment(ada, bob, "10.00 USD"))

    [outcome] = post_entries(drafts=[payment(bob, ada, "0.01 USD")])
    with refused_with(InsufficientBalance):
        place_hold(account_id=bob.pk, amount=money("0.01 USD"), reason="", owner="x")

    assert isinstance(outcome.error, InsufficientBalance)
    assert outcome.error.facts["available"] == "-10.00"
    assert (balances(bob), shortfall(bob)) == (["-10.00"], 1000)


def test_leaves_no_permission_behind(ada, bob):
    force(payment(bob, ada, "50.00 USD"))
    post(payment(ada, bob, "60.00 USD"))

    [outcome] = post_entries(drafts=[payment(bob, ada, "40.01 USD")])

    assert isinstance(outcome.error, InsufficientBalance)
    assert balances(bob) == ["40.00"]


def test_forces_no_other_entry_of_the_same_transaction(ada, bob):
    with transaction.atomic():
        books = lock_accounts([ada.pk, bob.pk])
        forced = books.admit(payment(bob, ada, "30.01 USD"), force=True)
        unforced = books.admit(payment(bob, ada, "0.01 USD"))
        books.write()

    assert forced is None
    assert isinstance(unforced, InsufficientBalance)
    assert (balances(bob), shortfall(bob)) == (["-0.01"], 1)


def test_moves_nothing_of_a_frozen_account(ada, bob):
    set_frozen(account_id=bob.pk, is_frozen=True)

    [refusal] = force(payment(bob, ada, "50.00 USD"))

    assert isinstance(refusal, AccountNotActive)
    assert balances(bob, ada) == ["30.00", "100.00"]


def test_may_be_forced_further(ada, bob):
    force(payment(bob, ada, "50.00 USD"))
    force(payment(bob, ada, "50.00 USD"), payment(bob, ada, "1.00 USD"))

    assert (balances(bob), shortfall(bob)) == (["-71.00"], 7100)
