"""The database itself refuses, by name, what goes around the posting engine ..."""

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg.errors import CheckViolation

from ledger.house import HousePurpose
from ledger.models import Hold, JournalEntry, LedgerAccount, Posting
from ledger.services import capture_hold, place_hold, release_hold
from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import (
    balances,
    entry,
    house,
    money,
    open_account,
    payment,
    post,
)

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


def run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def refusal_of(sql, *parameters):
    """The name of the rule by which the statement is refused."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        check_foreign_keys_at_once()
        run(sql, *parameters)
    return violated_constraint(error.value)


def check_foreign_keys_at_once():
    # Those of Django wait for the end of the transaction, which no test reaches, and
    # while they wait PostgreSQL truncates and alters nothing.
    run("SET CONSTRAINTS ALL IMMEDIATE")


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


@pytest.fixture
def hold(ada):
    return place_hold(
        account_id=ada.pk, amount=money("60.00 USD"), reason="A payout.", owner="x"
    )


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

    with pytest.raises(CheckViolation) as error, transaction.atomic():
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY ledger_posting ({columns}) FROM STDIN") as copy,
        ):
            copy.write(rows)

    assert error.value.diag.constraint_name == "ledger_entry_sums_to_zero"


def test_a_second_reversal_of_an_entry():
    original = new_entry_with_postings()
    new_entry_with_postings(reverses=original)

    sql = (
        "INSERT INTO ledger_journalentry (id, kind, description, metadata, reverses_id)"
    )
    rule = refusal_of(f"{sql} VALUES (%s, 'x', '', '{{}}', %s)", new_id(), original)

    assert rule == "ledger_journalentry_reverses_id_key"


def new_entry_with_postings(reverses=None):
    lines = (
        (house(HousePurpose.OPENING, "USD"), -money("1.00 USD")),
        (house(HousePurpose.SUSPENSE, "USD"), money("1.00 USD")),
    )
    draft = entry(*lines)
    if reverses is not None:
        draft = type(draft)(kind="reversal", lines=draft.lines, reverses_id=reverses)
    [posted] = post(draft)
    return posted.entry_id


@pytest.mark.parametrize("table", ["ledger_journalentry", "ledger_posting"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET created_at = created_at",
        "UPDATE {table} SET created_at = created_at WHERE FALSE",
        "UPDATE ONLY {table} SET created_at = now() + interval '1 day'",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE FALSE",
        "TRUNCATE ledger_journalentry, ledger_posting, transfers_transfer",
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


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("posted_minor = -1", "ledger_account_is_not_overdrawn"),
        ("posted_minor = posted_minor - 4001", "ledger_account_is_not_overdrawn"),
        ("held_minor = 10001", "ledger_account_is_not_overdrawn"),
        ("floor_minor = 4001", "ledger_account_is_not_overdrawn"),
        ("held_minor = -1", "ledger_account_held_is_not_negative"),
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
    copied = "currency, posted_minor, held_minor, floor_minor, version, is_closed"
    sql = (
        f"INSERT INTO ledger_ledgeraccount (id, code, {copied})"
        f" SELECT gen_random_uuid(), code, {copied}"
        " FROM ledger_ledgeraccount WHERE id = %s"
    )

    assert refusal_of(sql, ada.pk) == "ledger_account_code_is_unique"


def test_deleting_an_account(mallory):
    sql = "DELETE FROM ledger_ledgeraccount WHERE id = %s"

    assert refusal_of(sql, mallory.pk) == "ledger_account_is_never_deleted"
    assert balances(mallory) == ["0.00"]


@pytest.mark.parametrize(
    "sql",
    [
        "TRUNCATE ledger_ledgeraccount CASCADE",
        "TRUNCATE ledger_ledgeraccount, ledger_posting, ledger_hold, accounts_account,"
        " ledger_journalentry, transfers_transfer",
    ],
)
def test_forgetting_all_accounts(ada, sql):
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
    assert refusal_of("TRUNCATE ledger_hold") == "ledger_hold_is_never_deleted"


def test_the_orm_as_well(ada, mallory, hold):
    stored = Posting.objects.first()

    for change in (
        lambda: Posting.objects.update(amount_minor=1),
        lambda: stored.save(),
        lambda: Posting.objects.filter(pk=stored.pk)._raw_delete("default"),
        lambda: JournalEntry.objects.update(description="Nothing happened."),
        lambda: LedgerAccount.objects.filter(pk=ada.pk).update(posted_minor=0),
        lambda: Hold.objects.update(amount_minor=0),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()

    assert balances(ada, mallory) == ["100.00", "0.00"]
