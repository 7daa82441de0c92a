"""find_differences, where the books and what was ordered disagree, ..."""

import pytest

from ledger.services import place_hold
from paycore.api.models import IdempotencyKey
from paycore.lib.ids import new_id
from paycore.testing.attacks import copy_row, corrupt, forget_rule, run
from paycore.testing.bookkeeping import money, post
from paycore.testing.suspicion import suspect_everything
from reconciliation.tests.findings import code_of, found
from transfers.services import Payer, PurchaseOrder, create_purchase
from transfers.services.movements import movement_of

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

OF_ITS_ORDER = "entry_is_of_the_order_it_names"
NOT_IN_THE_BOOKS = {"status": "failed", "journal_entry_id": None, "completed_at": None}


def test_finds_funds_held_for_no_hold(ada_usd):
    corrupt("UPDATE ledger_ledgeraccount SET held_minor = 7 WHERE id = %s", ada_usd.pk)

    assert found() == [("held_is_the_sum_of_open_holds", code_of(ada_usd), "USD", 0, 7)]


def test_finds_a_hold_that_holds_nothing(ada_usd):
    place_hold(
        account_id=ada_usd.pk, amount=money("10.00 USD"), reason="A payout.", owner="x"
    )
    corrupt("UPDATE ledger_hold SET amount_minor = 900")

    assert found() == [
        ("held_is_the_sum_of_open_holds", code_of(ada_usd), "USD", 900, 1000),
        ("open_hold_has_a_pending_owner", code_of(ada_usd), "USD", 0, 900),
    ]


def test_finds_an_open_hold_of_nobody(ada_usd):
    place_hold(
        account_id=ada_usd.pk, amount=money("10.00 USD"), reason="A payout.", owner="x"
    )

    assert found() == [
        ("open_hold_has_a_pending_owner", code_of(ada_usd), "USD", 0, 1000)
    ]


def test_finds_an_open_hold_of_a_transfer_that_is_done(paid, ada_usd):
    place_hold(
        account_id=ada_usd.pk,
        amount=money("30.00 USD"),
        reason="A review.",
        owner=f"transfer:{paid.pk}",
    )

    assert found() == [
        ("open_hold_has_a_pending_owner", code_of(ada_usd), "USD", 0, 3000)
    ]


def test_is_content_with_an_open_hold_of_a_pending_transfer(ada, ada_usd):
    order = PurchaseOrder(ada_usd.pk, "30.00", "USD", "Corner Coffee", "restaurants")
    suspect_everything()
    create_purchase(order=order, payer=Payer(ada.id), origin=ada.origin)

    assert found() == []


def test_finds_a_pending_transfer_without_its_hold(ada, ada_usd):
    order = PurchaseOrder(ada_usd.pk, "30.00", "USD", "Corner Coffee", "restaurants")
    suspect_everything()
    pending = create_purchase(order=order, payer=Payer(ada.id), origin=ada.origin)
    corrupt("UPDATE ledger_hold SET amount_minor = 2999 WHERE id = %s", pending.hold_id)
    corrupt(
        "UPDATE ledger_ledgeraccount SET held_minor = 2999 WHERE id = %s", ada_usd.pk
    )

    assert found() == [
        ("pending_transfer_has_its_hold", f"transfer {pending.pk}", "USD", 3000, 2999)
    ]


def test_finds_an_account_below_its_floor(paid, ada_usd):
    for rule in ("is_not_overdrawn", "shortfall_is_what_is_lacking"):
        forget_rule("ledger_ledgeraccount", f"ledger_account_{rule}")
    corrupt(
        "UPDATE ledger_ledgeraccount SET floor_minor = 97001 WHERE id = %s", ada_usd.pk
    )

    assert found() == [
        ("account_is_not_below_its_floor", code_of(ada_usd), "USD", 97001, 97000)
    ]


@pytest.mark.parametrize(
    ("column", "status", "expected", "actual"),
    [("is_frozen", "active", 0, 1), ("is_frozen", "frozen", 1, 0)],
)
def test_finds_an_account_frozen_on_one_side(ada_usd, column, status, expected, actual):
    run("UPDATE accounts_account SET status = %s WHERE id = %s", status, ada_usd.pk)
    run(
        f"UPDATE ledger_ledgeraccount SET {column} = %s WHERE id = %s",
        bool(actual),
        ada_usd.pk,
    )

    assert found() == [
        ("account_is_frozen_in_the_books", code_of(ada_usd), "USD", expected, actual)
    ]


def test_finds_an_account_closed_on_one_side(ada, account_of):
    empty = account_of(ada)
    run("UPDATE accounts_account SET status = 'closed' WHERE id = %s", empty.pk)

    assert found() == [("account_is_frozen_in_the_books", code_of(empty), "USD", 2, 0)]


def test_finds_a_key_that_was_executed_twice():
    forget_rule(
        "api_idempotencykey",
        "api_idempotency_key_is_used_once_per_principal_and_route",
    )
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(principal="user:ada", route=route, key="k", fingerprint=b"x")
        for route in ("/v1/a", "/v1/a", "/v1/b")
    )

    assert found() == [
        ("key_was_executed_once", "idempotency key of user:ada", "", 1, 2)
    ]


def test_finds_a_reference_that_was_used_twice(paid):
    forget_rule(
        "transfers_transfer", "transfers_transfer_reference_is_unique_to_its_maker"
    )
    copy_row("transfers_transfer", paid.pk, id=new_id(), **NOT_IN_THE_BOOKS)

    assert found() == [
        (
            "reference_was_used_once",
            f"reference of user {paid.created_by_id}",
            "",
            1,
            2,
        )
    ]


@pytest.mark.parametrize(
    ("side", "sum_of_postings"), [("amount", 3000), ("destination_amount", 3000)]
)
def test_finds_a_transfer_that_says_something_else_than_the_books(
    paid, side, sum_of_postings
):
    forget_rule(
        "transfers_transfer", "transfers_transfer_keeps_its_amount_without_conversion"
    )
    run(f"UPDATE transfers_transfer SET {side}_minor = 3100 WHERE id = %s", paid.pk)

    assert found() == [
        ("transfer_is_in_the_books", f"transfer {paid.pk}", "USD", 3100, 3000)
    ]


def test_finds_a_transfer_whose_entry_is_anothers(ada, ada_usd, grace_usd, pay, paid):
    second = pay(ada, ada_usd, grace_usd, "31.00")
    for transfer, entry_id in (
        (second, new_id()),
        (paid, second.journal_entry_id),
    ):
        corrupt(
            "UPDATE transfers_transfer SET journal_entry_id = %s WHERE id = %s",
            entry_id,
            transfer.pk,
        )

    entries = (paid.journal_entry_id, second.journal_entry_id)
    assert sorted(found()) == sorted(
        [
            *((OF_ITS_ORDER, f"entry {entry}", "", 1, 0) for entry in entries),
            ("transfer_is_in_the_books", f"transfer {paid.pk}", "USD", 3000, 3100),
            ("transfer_is_in_the_books", f"transfer {paid.pk}", "USD", 3000, 3100),
            ("transfer_is_in_the_books", f"transfer {second.pk}", "USD", 3100, 0),
            ("transfer_is_in_the_books", f"transfer {second.pk}", "USD", 3100, 0),
        ]
    )


def test_finds_a_transfer_that_was_moved_twice(paid):
    again = movement_of(paid).entry
    post(again)

    assert found() == [(OF_ITS_ORDER, f"entry {again.id}", "", 1, 0)]


def test_finds_money_that_a_failed_transfer_moved(paid):
    run(
        "UPDATE transfers_transfer SET status = %s, journal_entry_id = %s,"
        " completed_at = %s WHERE id = %s",
        *NOT_IN_THE_BOOKS.values(),
        paid.pk,
    )

    assert found() == [(OF_ITS_ORDER, f"entry {paid.journal_entry_id}", "", 1, 0)]


def test_finds_an_entry_whose_transfer_is_gone(paid):
    corrupt("DELETE FROM transfers_transfer WHERE id = %s", paid.pk)

    assert found() == [(OF_ITS_ORDER, f"entry {paid.journal_entry_id}", "", 1, 0)]


def test_finds_an_account_of_somebody_without_a_floor(ada_usd):
    run("UPDATE ledger_ledgeraccount SET floor_minor = NULL WHERE id = %s", ada_usd.pk)

    assert found() == [
        ("only_the_house_has_no_floor", code_of(ada_usd), "USD", 0, 100000)
    ]
