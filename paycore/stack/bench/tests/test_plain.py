"""Plain SQL writes what a transfer over HTTP writes, and the books stay right."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from paycore.stack.bench.course import count_all
from paycore.stack.bench.figures import Choice, Leg, Part
from paycore.stack.bench.plain import Plain, environment, read_log, read_output
from paycore.stack.bench.town import Town, account_id, found_town
from transfers.models import Transfer

OUTPUT = """\
transaction type: plain.sql
number of transactions actually processed: 3000
number of failed transactions: 0 (0.000%)
latency average = 10.650 ms
initial connection time = 41.216 ms
tps = 1500.250000 (without initial connection time)
"""


def test_the_output_of_pgbench_is_understood():
    run = read_output(OUTPUT, "", 0, [0.1])

    assert run.transfers == 3000
    assert run.per_second == pytest.approx(1500.25)
    assert run.latencies == [0.1]
    assert run.errors == []


def test_failed_transactions_are_errors():
    run = read_output(
        OUTPUT.replace("failed transactions: 0", "failed transactions: 7"), "", 0, []
    )

    assert run.errors == ["7 transactions failed."]


def test_complaints_of_pgbench_are_errors():
    stderr = "pgbench: error: client 1 script 0 aborted\nsomething else\n"

    run = read_output(OUTPUT, stderr, 2, [])

    assert run.errors == ["pgbench: error: client 1 script 0 aborted"]


def test_a_pgbench_that_did_not_run_is_an_error():
    run = read_output("", "no such file", 1, [])

    assert run.per_second == 0
    assert run.errors == ["pgbench ended with 1: no such file"]


def test_the_log_of_pgbench_tells_how_long_each_transaction_took():
    log = "0 1 2500 0 1795150000 12\n1 1 4000 0 1795150000 13\n0 2 failed 0 179515 14\n"

    assert read_log(log) == [0.0025, 0.004]


def test_a_database_is_named_in_the_environment_and_its_password_on_no_command_line():
    database = {
        "HOST": "db.example",
        "PORT": 5432,
        "USER": "paycore",
        "PASSWORD": "secret",
        "NAME": "books",
        "OPTIONS": {"sslmode": "verify-full"},
    }

    assert environment(database) == {
        "PGHOST": "db.example",
        "PGPORT": "5432",
        "PGUSER": "paycore",
        "PGPASSWORD": "secret",
        "PGDATABASE": "books",
        "PGSSLMODE": "verify-full",
    }


@pytest.fixture
def town(transactional_db) -> Town:
    return found_town(accounts=4)


@pytest.fixture
def plain(town) -> Plain:
    database = {**settings.DATABASES["default"], **connection.settings_dict}
    return Plain(database, town.plain, accounts=4)


@pytest.mark.parametrize(
    ("choice", "is_prepared"),
    [
        (Choice.UNIFORM, False),
        (Choice.UNIFORM, True),
        (Choice.HOT_RECEIVER, False),
        (Choice.HOT_PAYER, True),
    ],
)
def test_plain_sql_keeps_the_books_right(plain, town, choice, is_prepared):
    run = plain.run(clients=2, seconds=2, choice=choice, is_prepared=is_prepared)

    # That the books are right is proved after every test.
    leg = Leg(Part.PLAIN, clients=2, runs=[run])
    assert run.errors == []
    assert run.transfers == len(run.latencies) > 0
    assert [str(count) for count in count_all([leg], town) if not count.is_right] == []
    assert is_between(choice)


def is_between(choice: Choice) -> bool:
    """Whether the hot account alone paid, or received, if one was to."""
    hot = account_id(0)
    payers = set(Transfer.objects.values_list("source_account_id", flat=True))
    payees = set(Transfer.objects.values_list("destination_account_id", flat=True))
    if choice is Choice.HOT_PAYER:
        return payers == {hot} and hot not in payees
    if choice is Choice.HOT_RECEIVER:
        return payees == {hot} and hot not in payers
    return len(payers) > 1 and len(payees) > 1


TABLES = (
    "api_idempotencykey",
    "ledger_journalentry",
    "ledger_posting",
    "transfers_transfer",
    "events_event",
)


def test_plain_sql_writes_the_rows_that_a_transfer_over_http_writes(plain, town):
    before = {table: count_rows(table) for table in TABLES}
    order_over_http(town)
    over_http = {table: count_rows(table) - before[table] for table in TABLES}
    shapes = {table: newest_shape(table) for table in TABLES}

    run = plain.run(clients=1, seconds=2, choice=Choice.UNIFORM)

    assert shapes == {table: newest_shape(table) for table in TABLES}
    assert {table: count_rows(table) for table in TABLES} == {
        table: before[table] + over_http[table] * (run.transfers + 1)
        for table in TABLES
    }


def order_over_http(town: Town) -> None:
    customer = town.customers[0]
    name, _, value = customer.header.partition(": ")
    answer = Client().post(
        "/v1/transfers/internal",
        {
            "source_account_id": str(customer.account_ids[0]),
            "destination_account_id": str(town.customers[1].account_ids[0]),
            "amount": "0.01",
        },
        content_type="application/json",
        headers={name: value, "Idempotency-Key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.content


def count_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def newest_shape(table: str) -> dict[str, Any]:
    """How much the newest row holds: the length of each value, whatever it says."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(newest) FROM {table} AS newest ORDER BY created_at DESC"
        )
        row = json.loads(cursor.fetchone()[0])
    # Numbers grow, and an answer is a few bytes longer or shorter.
    return {name: None if v is None else len(str(v)) // 100 for name, v in row.items()}
