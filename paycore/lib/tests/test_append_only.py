"""A table that is append-only ..."""

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction

from paycore.lib.db import violated_constraint
from paycore.lib.triggers import append_only

pytestmark = pytest.mark.django_db


@pytest.fixture
def diary():
    run("CREATE TEMPORARY TABLE diary (day integer PRIMARY KEY, entry text)")
    run("CREATE TEMPORARY TABLE margin (day integer REFERENCES diary)")
    # What pgtrigger would install on a model of ours, on a table of this test only.
    run(f"""
        CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql
        AS $body$ BEGIN {append_only("diary").func} END $body$
    """)
    run("""
        CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON diary
        FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.refuse()
    """)
    run("INSERT INTO diary VALUES (1, 'Opened the books.')")


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_accepts_new_rows(diary):
    run("INSERT INTO diary VALUES (2, 'Closed them.')")

    assert run("SELECT day FROM diary ORDER BY day") == [(1,), (2,)]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE diary SET entry = 'Nothing happened.'",
        "UPDATE diary SET entry = entry WHERE FALSE",
        "DELETE FROM diary",
        "DELETE FROM diary WHERE FALSE",
        "TRUNCATE diary, margin",
        "TRUNCATE diary CASCADE",
        "INSERT INTO diary VALUES (1, 'x') ON CONFLICT (day) DO UPDATE SET entry = 'x'",
        "MERGE INTO diary USING (SELECT 1 AS day) AS given ON diary.day = given.day"
        " WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM diary RETURNING day) SELECT count(*) FROM gone",
    ],
)
def test_refuses_every_other_statement(diary, sql):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        run(sql)

    assert violated_constraint(error.value) == "diary_is_append_only"
    assert run("SELECT day, entry FROM diary") == [(1, "Opened the books.")]


def test_says_so_once_per_statement_of_any_kind_but_insert():
    trigger = append_only("diary")

    assert trigger.level is pgtrigger.Statement
    assert trigger.when is pgtrigger.Before
    assert str(trigger.operation) == "UPDATE OR DELETE OR TRUNCATE"


@pytest.mark.parametrize(
    "table", ["events_event", "ledger_journalentry", "ledger_posting"]
)
def test_is_each_of_the_books(table):
    [refusing] = run(f"""
        SELECT count(*) FROM pg_trigger
        WHERE tgrelid = '{table}'::regclass AND tgenabled = 'O'
            AND tgname LIKE 'pgtrigger_{table}_is_append_only_%'
    """)

    assert refusing == (1,)
