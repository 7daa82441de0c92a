"""find_differences, where balances and postings disagree, ..."""

import pytest

from ledger.house import HousePurpose
from ledger.models import JournalEntry, Posting
from paycore.testing.attacks import corrupt
from paycore.testing.bookkeeping import entry, house, money, post
from reconciliation.tests.findings import code_of, found

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


def test_finds_a_balance_that_its_postings_do_not_explain(paid, ada_usd):
    corrupt(
        "UPDATE ledger_ledgeraccount SET posted_minor = posted_minor + 1 WHERE id = %s",
        ada_usd.pk,
    )

    code = code_of(ada_usd)
    assert found() == [
        ("account_is_the_sum_of_its_postings", code, "USD", 97000, 97001),
        ("account_is_its_last_balance", code, "USD", 97000, 97001),
        ("currency_sums_to_zero", "all accounts", "USD", 0, 1),
    ]


def test_finds_money_moved_without_postings(paid, ada_usd, grace_usd):
    for sign, account in (("-", ada_usd), ("+", grace_usd)):
        corrupt(
            f"UPDATE ledger_ledgeraccount SET posted_minor = posted_minor {sign} 500"
            " WHERE id = %s",
            account.pk,
        )

    assert sorted(found()) == sorted(
        [
            (check, code_of(account), "USD", expected, actual)
            for check in (
                "account_is_the_sum_of_its_postings",
                "account_is_its_last_balance",
            )
            for account, expected, actual in (
                (ada_usd, 97000, 96500),
                (grace_usd, 8000, 8500),
            )
        ]
    )


def test_finds_currencies_that_only_balance_together(ada_usd, grace_eur):
    for sign, account in (("-", ada_usd), ("+", grace_eur)):
        corrupt(
            f"UPDATE ledger_ledgeraccount SET posted_minor = posted_minor {sign} 500"
            " WHERE id = %s",
            account.pk,
        )

    totals = [item for item in found() if item[0] == "currency_sums_to_zero"]
    assert sorted(totals) == [
        ("currency_sums_to_zero", "all accounts", "EUR", 0, 500),
        ("currency_sums_to_zero", "all accounts", "USD", 0, -500),
    ]


def test_finds_an_entry_that_does_not_sum_to_zero(paid, ada_usd, grace_usd):
    corrupt(
        "UPDATE ledger_posting SET amount_minor = 3001"
        " WHERE entry_id = %s AND account_id = %s",
        paid.journal_entry_id,
        grace_usd.pk,
    )

    code = code_of(grace_usd)
    assert found() == [
        ("entry_sums_to_zero", f"entry {paid.journal_entry_id}", "USD", 0, 1),
        ("account_is_the_sum_of_its_postings", code, "USD", 8001, 8000),
        ("balances_follow_each_other", code, "USD", 8001, 8000),
        ("transfer_is_in_the_books", f"transfer {paid.pk}", "USD", 3000, 3001),
    ]


def test_finds_a_posting_that_is_gone(paid, grace_usd):
    corrupt(
        "DELETE FROM ledger_posting WHERE entry_id = %s AND account_id = %s",
        paid.journal_entry_id,
        grace_usd.pk,
    )

    code, lost = code_of(grace_usd), f"entry {paid.journal_entry_id}"
    assert found() == [
        ("entry_sums_to_zero", lost, "USD", 0, -3000),
        ("entry_has_two_postings", lost, "", 2, 1),
        ("account_is_the_sum_of_its_postings", code, "USD", 5000, 8000),
        ("account_is_its_last_balance", code, "USD", 5000, 8000),
        ("transfer_is_in_the_books", f"transfer {paid.pk}", "USD", 3000, 0),
    ]


def test_finds_an_entry_without_postings(paid):
    lonely = JournalEntry.objects.create(kind="attack")

    assert found() == [("entry_has_two_postings", f"entry {lonely.pk}", "", 2, 0)]


def test_finds_postings_whose_entry_is_gone(paid):
    first, second = Posting.objects.filter(entry=paid.journal_entry_id).order_by("pk")

    corrupt("DELETE FROM ledger_journalentry WHERE id = %s", paid.journal_entry_id)

    assert sorted(found()) == sorted(
        ("posting_has_entry_and_account", f"posting {posting.pk}", "USD", 2, 1)
        for posting in (first, second)
    )


def test_finds_postings_whose_account_is_gone():
    opening, suspense = (
        house(purpose, "USD")
        for purpose in (HousePurpose.OPENING, HousePurpose.SUSPENSE)
    )
    amount = money("1.00 USD")
    post(entry((opening, -amount), (suspense, amount)))
    post(entry((opening, amount), (suspense, -amount)))
    first, second = Posting.objects.filter(account=suspense).order_by("pk")

    corrupt("DELETE FROM ledger_ledgeraccount WHERE id = %s", suspense)

    assert sorted(found()) == sorted(
        ("posting_has_entry_and_account", f"posting {posting.pk}", "USD", 2, 1)
        for posting in (first, second)
    )


def test_finds_a_balance_after_that_does_not_follow(paid, ada_usd):
    corrupt(
        "UPDATE ledger_posting SET balance_after_minor = 99999"
        " WHERE account_id = %s AND balance_after_minor = 100000",
        ada_usd.pk,
    )

    code = code_of(ada_usd)
    assert found() == [
        ("balances_follow_each_other", code, "USD", 100000, 99999),
        ("balances_follow_each_other", code, "USD", 96999, 97000),
    ]


def test_finds_a_last_balance_that_is_wrong(paid, ada_usd):
    corrupt(
        "UPDATE ledger_posting SET balance_after_minor = 0"
        " WHERE account_id = %s AND entry_id = %s",
        ada_usd.pk,
        paid.journal_entry_id,
    )

    code = code_of(ada_usd)
    assert found() == [
        ("account_is_its_last_balance", code, "USD", 0, 97000),
        ("balances_follow_each_other", code, "USD", 97000, 0),
    ]


def test_finds_history_in_another_order(paid, ada_usd):
    corrupt(
        "UPDATE ledger_posting SET created_at = created_at - interval '1 day'"
        " WHERE account_id = %s AND entry_id = %s",
        ada_usd.pk,
        paid.journal_entry_id,
    )

    assert ("account_is_its_last_balance", code_of(ada_usd), "USD", 100000, 97000) in (
        found()
    )
