"""Many identical requests at once, and processes that die: still one execution."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections

from paycore.api import idempotency
from paycore.api.idempotency import Answer, Claim
from paycore.api.models import IdempotencyKey
from paycore.api.tests.conftest import ADA, Caller, order
from paycore.api.tests.urls import Orders, TestInsufficientBalance
from paycore.testing.races import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.urls("paycore.api.tests.urls"),
    pytest.mark.django_db(transaction=True),
]

CLAIM = Claim("user:1", "/v1/orders", "k", b"f" * 32)


def at_once(number, call):
    """Call from so many threads, all starting together; the answers in any order."""
    start = threading.Barrier(number, timeout=PATIENCE_SECONDS)

    def run(index):
        try:
            start.wait()
            return call(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


def test_fifty_identical_requests_are_one_execution_and_one_answer():
    executions = []

    def work():
        executions.append(1)
        time.sleep(0.05)

    Orders.work = work

    responses = at_once(50, lambda _: Caller(ADA).post("/v1/orders", order(), key="k"))

    assert {response.status_code for response in responses} == {201}
    assert {response.content for response in responses} == {
        b'{"reference":"order 1","count":1}'
    }
    replayed = [response.has_header("Idempotent-Replayed") for response in responses]
    assert (replayed.count(True), replayed.count(False)) == (49, 1)
    assert len(executions) == 1
    assert Group.objects.filter(name="order 1").count() == 1
    assert IdempotencyKey.objects.count() == 1


def test_fifty_identical_refusals_are_one_answer():
    def refuse():
        raise TestInsufficientBalance(available="1", required="2", currency="USD")

    Orders.work = refuse

    responses = at_once(50, lambda _: Caller(ADA).post("/v1/orders", order(), key="k"))

    assert {response.status_code for response in responses} == {422}
    assert len({response.content for response in responses}) == 1
    assert not Group.objects.filter(name="order 1").exists()
    assert IdempotencyKey.objects.count() == 1


def test_a_refusal_and_a_success_of_one_key_end_in_one_answer():
    # The second request succeeds while the first is being refused.
    first_works = threading.Event()
    money_came = threading.Event()
    turns = iter([True, False])

    def work():
        if next(turns):
            first_works.set()
            money_came.wait(PATIENCE_SECONDS)
            raise TestInsufficientBalance(available="1", required="2", currency="USD")

    Orders.work = work

    def call(index):
        if index == 1:
            first_works.wait(PATIENCE_SECONDS)
            threading.Timer(0.2, money_came.set).start()
        return Caller(ADA).post("/v1/orders", order(), key="k")

    responses = at_once(2, call)

    assert len({(r.status_code, r.content) for r in responses}) == 1
    row = IdempotencyKey.objects.get()
    assert row.status == responses[0].status_code
    assert Group.objects.filter(name="order 1").count() == (row.status == 201)


def test_different_requests_with_one_key_are_one_execution():
    def call(index):
        body = order(reference=f"order {index}")
        return Caller(ADA).post("/v1/orders", body, key="k")

    responses = at_once(10, call)

    statuses = sorted(response.status_code for response in responses)
    assert statuses == [201] + [409] * 9
    assert Group.objects.filter(name__startswith="order").count() == 1


def test_different_keys_do_not_wait_for_each_other():
    meeting = threading.Barrier(8)
    # Each waits inside its transaction until all are inside theirs.
    Orders.work = lambda: meeting.wait(PATIENCE_SECONDS)

    def call(index):
        body = order(reference=f"order {index}")
        return Caller(ADA).post("/v1/orders", body, key=f"k {index}")

    responses = at_once(8, call)

    assert [response.status_code for response in responses] == [201] * 8


def test_who_waits_too_long_is_told_that_the_first_is_running():
    with locked_key(), timeout("lock_timeout", 50):
        response = Caller(ADA).post("/v1/orders", order(), key="k")

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency_in_progress"
    assert response.json()["retryable"] is True
    assert response["Retry-After"] == "1"
    assert Caller(ADA).post("/v1/orders", order(), key="k").status_code == 201


def test_a_queue_that_outlasts_the_statement_is_told_the_same():
    with locked_key(), timeout("statement_timeout", 500):
        response = Caller(ADA).post("/v1/orders", order(), key="k")

    assert response.json()["code"] == "idempotency_in_progress"


def test_a_refusal_that_cannot_be_stored_yet_is_not_told(monkeypatch):
    # Told now, it could contradict the answer of the one that holds the key.
    def refuse():
        raise TestInsufficientBalance(available="1", required="2", currency="USD")

    remember = idempotency._remember

    def remember_late(claim, answer):
        with locked_key():
            return remember(claim, answer)

    Orders.work = refuse
    monkeypatch.setattr(idempotency, "_remember", remember_late)

    with timeout("lock_timeout", 50):
        response = Caller(ADA).post("/v1/orders", order(), key="k")

    assert response.json()["code"] == "idempotency_in_progress"
    assert IdempotencyKey.objects.count() == 0


def test_a_key_that_is_purged_between_two_statements_is_free(monkeypatch):
    Caller(ADA).post("/v1/orders", order(), key="k")
    recall = idempotency._recall
    purges = iter([True])

    def purge_first(claim):
        if next(purges, False):
            with psycopg.connect(dsn()) as other:
                other.execute("DELETE FROM api_idempotencykey")
        return recall(claim)

    monkeypatch.setattr(idempotency, "_recall", purge_first)

    response = Caller(ADA).post("/v1/orders", order(reference="order 2"), key="k")

    assert response.status_code == 201
    assert Group.objects.filter(name__startswith="order").count() == 2


def test_an_exception_in_the_middle_leaves_the_key_free():
    def work():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        idempotency.answer_once(CLAIM, work, render_refusal=lambda _: Answer(422, b""))

    answer = idempotency.answer_once(
        CLAIM, lambda: Answer(201, b"{}"), render_refusal=lambda _: Answer(422, b"")
    )
    assert answer == Answer(201, b"{}")


def test_a_process_that_is_killed_in_the_middle_leaves_the_key_free():
    with subprocess.Popen(
        [sys.executable, "-c", DYING_PROCESS],
        env={**os.environ, "TEST_DSN": dsn()},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "working\n"
        finally:
            process.send_signal(signal.SIGKILL)

    answer = idempotency.answer_once(
        CLAIM, lambda: Answer(201, b"{}"), render_refusal=lambda _: Answer(422, b"")
    )

    assert answer == Answer(201, b"{}")
    assert not Group.objects.filter(name="half done").exists()


def test_a_connection_that_is_cut_in_the_middle_is_503_and_leaves_the_key_free():
    def work():
        with psycopg.connect(dsn(), autocommit=True) as other:
            pid = connection.connection.info.backend_pid
            ended = other.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
            assert ended.fetchone() == (True,)

    Orders.work = work
    assert Caller(ADA).post("/v1/orders", order(), key="k").status_code == 503
    Orders.work = None

    response = Caller(ADA).post("/v1/orders", order(), key="k")

    assert response.status_code == 201
    assert Group.objects.filter(name="order 1").count() == 1


def test_a_deadlock_is_run_again():
    attempts = []

    def work():
        attempts.append(1)
        if len(attempts) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

    Orders.work = work

    assert Caller(ADA).post("/v1/orders", order(), key="k").status_code == 201
    assert len(attempts) == 3
    assert Group.objects.filter(name="order 1").count() == 1


def test_two_purges_at_once_delete_each_row_once():
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(
            principal="user:1",
            route="/",
            key=str(number),
            fingerprint=b"f",
            status=201,
            body=b"{}",
        )
        for number in range(300)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp() + interval '1 second'")
        [later] = cursor.fetchone()

    deleted = at_once(4, lambda _: idempotency.purge_idempotency_keys(before=later))

    assert sum(deleted) <= 300
    idempotency.purge_idempotency_keys(before=later)
    assert IdempotencyKey.objects.count() == 0


DYING_PROCESS = """
import os, time, psycopg
with psycopg.connect(os.environ["TEST_DSN"]) as connection:
    connection.execute("INSERT INTO auth_group (name) VALUES ('half done')")
    connection.execute(
        "INSERT INTO api_idempotencykey (principal, route, key, fingerprint)"
        " VALUES ('user:1', '/v1/orders', 'k', 'f')"
    )
    print("working", flush=True)
    time.sleep(600)
"""


def dsn():
    """The test database, for a connection outside of Django."""
    parameters = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"}
    wanted = {name: parameters[name] for name in names & set(parameters)}
    return psycopg.conninfo.make_conninfo(**wanted)


@contextmanager
def locked_key():
    """Another process is working under ada's key."""
    with psycopg.connect(dsn()) as other:
        other.execute(
            "INSERT INTO api_idempotencykey (principal, route, key, fingerprint)"
            " VALUES (%s, '/v1/orders', 'k', 'f')",
            [f"user:{ADA}"],
        )
        yield
        other.rollback()


@contextmanager
def timeout(name, milliseconds):
    """A shorter timeout on the connection of this thread."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} = {milliseconds}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET {name} = DEFAULT")
