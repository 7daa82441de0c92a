"""The database itself refuses, by name, impossible accounts and holds ..."""

import pytest
from django.db import IntegrityError

from ledger.house import HousePurpose
from ledger.models import Hold, LedgerAccount
from ledger.services import capture_hold, place_hold, release_hold
from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.testing.attacks import copy_row, refusal_of
from paycore.testing.bookkeeping import balances, entry, house, money, open_account
from paycore.testing.refusals import refused_with

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


@pytest.fixture
def hold(ada):
    return place_hold(
        account_id=ada.pk, amount=money("60.00 USD"), reason="A payout.", owner="x"
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("posted_minor = -1", "ledger_account_is_not_overdrawn"),
        ("posted_minor = posted_minor - 4001", "ledger_account_is_not_overdrawn"),
        ("held_minor = 10001", "ledger_account_is_not_overdrawn"),
        ("floor_minor = 4001", "ledger_account_is_not_overdrawn"),
        ("held_minor = -1", "ledger_account_held_is_not_negative"),
        ("shortfall_minor = -1", "ledger_account_shortfall_is_what_is_lacking"),
        ("shortfall_minor = 5000", "ledger_account_shortfall_is_what_is_lacking"),
        ("is_closed = TRUE", "ledger_account_closed_is_empty"),
        (
            "posted_minor = held_minor, is_closed = TRUE",
            "ledger_account_closed_is_empty",
        ),
        ("code = 'house:opening:USD'", "ledger_account_code_is_unique"),
        ("currency = 'EUR'", "ledger_posting_is_in_its_accounts_currency"),
        ("id = gen_random_uuid()", "ledger_posting_is_in_its_accounts_currency"),
    ],
)
def test_an_impossible_account(ada, hold, change, rule):
    sql = f"UPDATE ledger_ledgeraccount SET {change} WHERE id = %s"

    assert refusal_of(sql, ada.pk) == rule
    assert balances(ada) == ["100.00"]


def test_an_overdraft_below_its_limit():
    overdrawn = open_account("overdraft", floor_minor=-5000)

    sql = "UPDATE ledger_ledgeraccount SET posted_minor = -5001 WHERE id = %s"

    assert refusal_of(sql, overdrawn.pk) == "ledger_account_is_not_overdrawn"


def test_holding_back_what_the_overdraft_does_not_give():
    overdrawn = open_account("overdraft", floor_minor=-5000)

    sql = "UPDATE ledger_ledgeraccount SET held_minor = 5001 WHERE id = %s"

    assert refusal_of(sql, overdrawn.pk) == "ledger_account_is_not_overdrawn"


def test_money_in_a_closed_account():
    closed = open_account("closed")
    LedgerAccount.objects.filter(pk=closed.pk).update(is_closed=True)

    sql = "UPDATE ledger_ledgeraccount SET posted_minor = 1 WHERE id = %s"

    assert refusal_of(sql, closed.pk) == "ledger_account_closed_is_empty"


def test_a_second_account_of_one_code(ada):
    with refused_with(IntegrityError) as error:
        copy_row("ledger_ledgeraccount", ada.pk, id=new_id())

    assert violated_constraint(error.value) == "ledger_account_code_is_unique"


def test_deleting_an_account(mallory):
    sql = "DELETE FROM ledger_ledgeraccount WHERE id = %s"

    assert refusal_of(sql, mallory.pk) == "ledger_account_is_never_deleted"
    assert balances(mallory) == ["0.00"]


def test_forgetting_all_accounts(ada):
    sql = "TRUNCATE ledger_ledgeraccount CASCADE"

    assert refusal_of(sql) in {
        "ledger_account_is_never_deleted",
        "ledger_journalentry_is_append_only",
        "ledger_posting_is_append_only",
    }
    assert balances(ada) == ["100.00"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("amount_minor = 0", "ledger_hold_amount_is_positive"),
        ("amount_minor = -6000", "ledger_hold_amount_is_positive"),
        ("status = 'forgotten', ended_at = now()", "ledger_hold_status_is_known"),
        (
            "status = 'captured', ended_at = now(), captured_minor = 6001",
            "ledger_hold_captures_at_most_its_amount",
        ),
        ("captured_minor = -1", "ledger_hold_captured_something_if_captured"),
        (
            "status = 'captured', ended_at = now()",
            "ledger_hold_captured_something_if_captured",
        ),
        ("captured_minor = 1", "ledger_hold_captured_something_if_captured"),
        (
            "status = 'released', ended_at = now(), captured_minor = 1",
            "ledger_hold_captured_something_if_captured",
        ),
        ("ended_at = now()", "ledger_hold_has_ended_unless_open"),
        ("status = 'released'", "ledger_hold_has_ended_unless_open"),
        (
            "status = 'captured', captured_minor = 6000",
            "ledger_hold_has_ended_unless_open",
        ),
        ("currency = 'EUR'", "ledger_hold_is_in_its_accounts_currency"),
        ("account_id = gen_random_uuid()", "ledger_hold_is_in_its_accounts_currency"),
    ],
)
def test_an_impossible_hold(hold, change, rule):
    sql = f"UPDATE ledger_hold SET {change} WHERE id = %s"

    assert refusal_of(sql, hold.pk) == rule


@pytest.mark.parametrize("end", ["capture", "release"])
@pytest.mark.parametrize(
    "change",
    [
        "status = 'open', ended_at = NULL, captured_minor = 0",
        "status = status",
        "amount_minor = 1000000",
        "owner = 'payout:2'",
    ],
)
def test_reviving_a_hold_that_has_ended(ada, hold, end, change):
    if end == "release":
        release_hold(hold_id=hold.pk)
    else:
        amount = money("60.00 USD")
        lines = (ada.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount)
        capture_hold(hold_id=hold.pk, draft=entry(*lines))

    sql = f"UPDATE ledger_hold SET {change} WHERE id = %s"

    assert refusal_of(sql, hold.pk) == "ledger_hold_ends_once"


def test_deleting_a_hold(hold):
    sql = "DELETE FROM ledger_hold WHERE id = %s"

    assert refusal_of(sql, hold.pk) == "ledger_hold_is_never_deleted"
    assert Hold.objects.get() == hold


@pytest.mark.breaks_the_books
def test_forgetting_all_holds(hold):
    assert refusal_of("TRUNCATE ledger_hold CASCADE") == "ledger_hold_is_never_deleted"
