"""The database itself refuses, by name, what would make the journal a lie ..."""

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg.errors import CheckViolation

from ledger.models import JournalEntry, Posting
from ledger.services import EntryDraft
from paycore.lib.ids import new_id
from paycore.testing.attacks import check_foreign_keys_at_once, refusal_of, run
from paycore.testing.bookkeeping import balances, payment, post

pytestmark = pytest.mark.django_db


def new_entry(kind="attack"):
    return JournalEntry.objects.create(kind=kind).pk


def postings(*rows):
    """An INSERT of (entry, account, minor, currency) rows, and its parameters."""
    values = ", ".join(["(%s, %s, %s, %s, 0)"] * len(rows))
    sql = (
        "INSERT INTO ledger_posting"
        f" (entry_id, account_id, amount_minor, currency, balance_after_minor)"
        f" VALUES {values}"
    )
    return sql, *(value for row in rows for value in row)


@pytest.mark.breaks_the_books
def test_an_unbalanced_entry(ada, mallory):
    attack = new_entry()

    sql = postings((attack, ada.pk, -1000, "USD"), (attack, mallory.pk, 1001, "USD"))

    assert refusal_of(*sql) == "ledger_entry_sums_to_zero"
    assert not Posting.objects.filter(entry=attack).exists()


@pytest.mark.breaks_the_books
def test_an_entry_that_balances_only_across_currencies(ada, grace):
    attack = new_entry()

    sql = postings((attack, ada.pk, -1000, "USD"), (attack, grace.pk, 1000, "EUR"))

    assert refusal_of(*sql) == "ledger_entry_sums_to_zero"


@pytest.mark.breaks_the_books
def test_entries_that_balance_only_together(ada, mallory):
    first, second = new_entry(), new_entry()

    sql = postings((first, ada.pk, -1000, "USD"), (second, mallory.pk, 1000, "USD"))

    assert refusal_of(*sql) == "ledger_entry_sums_to_zero"


@pytest.mark.breaks_the_books
def test_a_single_posting(ada):
    sql = postings((new_entry(), ada.pk, 1000, "USD"))

    assert refusal_of(*sql) == "ledger_entry_sums_to_zero"


@pytest.mark.breaks_the_books
def test_a_single_posting_even_of_zero(ada):
    # No statement gets as far as the rule of two postings: this one stands before it.
    check_foreign_keys_at_once()
    run("ALTER TABLE ledger_posting DROP CONSTRAINT ledger_posting_amount_is_not_zero")

    sql = postings((new_entry(), ada.pk, 0, "USD"))

    assert refusal_of(*sql) == "ledger_entry_has_two_postings"


@pytest.mark.breaks_the_books
def test_a_posting_of_zero(ada, mallory):
    attack = new_entry()

    sql = postings((attack, ada.pk, 0, "USD"), (attack, mallory.pk, 0, "USD"))

    assert refusal_of(*sql) == "ledger_posting_amount_is_not_zero"


@pytest.mark.breaks_the_books
def test_postings_in_another_currency_than_their_accounts(ada, mallory):
    attack = new_entry()

    sql = postings((attack, ada.pk, -1000, "EUR"), (attack, mallory.pk, 1000, "EUR"))

    assert refusal_of(*sql) == "ledger_posting_is_in_its_accounts_currency"


@pytest.mark.breaks_the_books
def test_postings_to_an_account_that_does_not_exist(ada):
    attack = new_entry()

    sql = postings((attack, ada.pk, -1000, "USD"), (attack, new_id(), 1000, "USD"))

    assert refusal_of(*sql) == "ledger_posting_is_in_its_accounts_currency"


def test_postings_of_an_entry_that_does_not_exist(ada, mallory):
    nowhere = new_id()

    sql = postings((nowhere, ada.pk, -1000, "USD"), (nowhere, mallory.pk, 1000, "USD"))

    assert refusal_of(*sql).startswith("ledger_posting_entry_id_")


def test_more_postings_for_an_old_entry(ada, mallory):
    old = post(payment(ada, mallory, "10.00 USD"))[0].entry_id

    sql = postings((old, ada.pk, -1000, "USD"), (old, mallory.pk, 1000, "USD"))

    assert refusal_of(*sql) == "ledger_entry_is_written_once"
    assert Posting.objects.filter(entry=old).count() == 2


@pytest.mark.breaks_the_books
def test_an_entry_written_by_two_statements(ada, mallory):
    attack = new_entry()
    rows = (attack, ada.pk, -1000, "USD"), (attack, mallory.pk, 1000, "USD")
    run(*postings(*rows))

    assert refusal_of(*postings(*rows)) == "ledger_entry_is_written_once"


@pytest.mark.breaks_the_books
def test_an_unbalanced_entry_hidden_among_good_ones(ada, mallory):
    good, attack = new_entry(), new_entry()

    sql = postings(
        (good, ada.pk, -1000, "USD"),
        (attack, ada.pk, -1000, "USD"),
        (good, mallory.pk, 1000, "USD"),
        (attack, mallory.pk, 999, "USD"),
    )

    assert refusal_of(*sql) == "ledger_entry_sums_to_zero"
    assert not Posting.objects.filter(entry=good).exists()


@pytest.mark.breaks_the_books
def test_an_unbalanced_entry_brought_by_copy(ada):
    rows = f"{new_entry()}\t{ada.pk}\t1000\tUSD\t0\n"
    columns = "entry_id, account_id, amount_minor, currency, balance_after_minor"

    with (
        pytest.raises(CheckViolation) as error,
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY ledger_posting ({columns}) FROM STDIN") as copy,
    ):
        copy.write(rows)

    assert error.value.diag.constraint_name == "ledger_entry_sums_to_zero"


def test_a_second_reversal_of_an_entry(ada, mallory):
    [original] = post(payment(ada, mallory, "10.00 USD"))
    lines = payment(mallory, ada, "10.00 USD").lines
    post(EntryDraft(kind="reversal", lines=lines, reverses_id=original.entry_id))

    sql = (
        "INSERT INTO ledger_journalentry (id, kind, description, metadata, reverses_id)"
        " VALUES (gen_random_uuid(), 'reversal', '', '{}', %s)"
    )

    assert refusal_of(sql, original.entry_id) == "ledger_journalentry_reverses_id_key"


@pytest.mark.parametrize("table", ["ledger_journalentry", "ledger_posting"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET created_at = created_at",
        "UPDATE {table} SET created_at = created_at WHERE FALSE",
        "UPDATE ONLY {table} SET created_at = now() + interval '1 day'",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE FALSE",
        "TRUNCATE {table} CASCADE",
        "TRUNCATE {table} RESTART IDENTITY CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} LIMIT 1"
        " ON CONFLICT (id) DO UPDATE SET created_at = now()",
    ],
)
def test_every_change_of_history(ada, table, statement):
    before = list(Posting.objects.order_by("pk").values())

    rule = refusal_of(statement.format(table=table))

    assert rule in {
        "ledger_journalentry_is_append_only",
        "ledger_posting_is_append_only",
    }
    assert list(Posting.objects.order_by("pk").values()) == before


def test_forgetting_the_postings_alone(ada):
    assert refusal_of("TRUNCATE ledger_posting") == "ledger_posting_is_append_only"


def test_every_change_by_the_orm_as_well(ada, mallory):
    stored = Posting.objects.earliest("pk")

    for change in (
        stored.save,
        lambda: Posting.objects.update(amount_minor=1),
        lambda: Posting.objects.filter(pk=stored.pk)._raw_delete("default"),
        lambda: JournalEntry.objects.update(description="Nothing happened."),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()

    assert balances(ada, mallory) == ["100.00", "0.00"]
