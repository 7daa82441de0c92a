"""Transactions, and what PostgreSQL says when it refuses."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)

from paycore.lib import db
from paycore.lib.errors import ServiceUnavailable
from paycore.testing.races import PATIENCE_SECONDS


class Taken(Exception):
    pass


def run(sql, *parameters, on=connection):
    with on.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else None


@pytest.fixture
def coats(db):
    """A table of two rows to fight over."""
    run("""
        CREATE TABLE coats (
            peg integer,
            owner text,
            CONSTRAINT coats_hang_alone UNIQUE (peg),
            CONSTRAINT coats_have_a_peg CHECK (peg > 0)
        )
    """)
    run("INSERT INTO coats VALUES (1, 'ada'), (2, 'grace')")
    yield
    run("DROP TABLE coats")


@pytest.fixture
def rival(coats, transactional_db):
    """Somebody else's connection, in a transaction."""
    with closing(connection.copy()) as other:
        other.set_autocommit(False)
        other.inc_thread_sharing()
        yield other
        other.rollback()
        other.set_autocommit(True)


def owners():
    return [owner for (owner,) in run("SELECT owner FROM coats ORDER BY peg")]


def test_refuse_on_translates_the_constraint_it_names(coats):
    taken = Taken("Somebody's coat hangs there.")

    with (
        pytest.raises(Taken) as error,
        transaction.atomic(),
        db.refuse_on({"coats_hang_alone": taken}),
    ):
        run("INSERT INTO coats VALUES (1, 'mallory')")

    assert error.value is taken
    assert isinstance(error.value.__cause__, IntegrityError)
    assert owners() == ["ada", "grace"]


def test_refuse_on_leaves_other_constraints_alone(coats):
    with (
        pytest.raises(IntegrityError) as error,
        transaction.atomic(),
        db.refuse_on({"coats_hang_alone": Taken()}),
    ):
        run("INSERT INTO coats VALUES (0, 'mallory')")

    assert db.violated_constraint(error.value) == "coats_have_a_peg"
    assert db.sql_state(error.value) == "23514"


def test_refuse_on_leaves_other_errors_alone(coats):
    with (
        pytest.raises(DatabaseError) as error,
        transaction.atomic(),
        db.refuse_on({"": Taken()}),
    ):
        run("SELECT 1 / 0")

    assert db.violated_constraint(error.value) is None
    assert db.sql_state(error.value) == "22012"


def test_refuse_on_lets_success_pass(coats):
    with db.refuse_on({"coats_hang_alone": Taken()}):
        run("INSERT INTO coats VALUES (3, 'mallory')")

    assert owners() == ["ada", "grace", "mallory"]


def test_sql_state_is_unknown_for_what_no_server_said():
    assert db.sql_state(OperationalError("no connection")) is None
    assert db.violated_constraint(DatabaseError("no connection")) is None


@pytest.mark.django_db
def test_joined_atomic_joins_the_callers_transaction(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1), db.joined_atomic():
        run("SELECT 1")


@pytest.mark.django_db(transaction=True)
def test_joined_atomic_is_a_transaction_of_its_own_when_alone():
    with db.joined_atomic():
        assert connection.in_atomic_block

    assert not connection.in_atomic_block


@pytest.mark.usefixtures("db")
def test_run_in_transaction_answers_what_the_work_answers():
    assert db.run_in_transaction(lambda: connection.in_atomic_block) is True


def test_run_in_transaction_starts_over_from_the_start(coats):
    told: list[str] = []

    def work():
        run("UPDATE coats SET owner = owner || '!'")
        if len(told) < 2:
            raise db.StartOver
        return owners()

    assert db.run_in_transaction(work, on_retry=told.append) == ["ada!", "grace!"]

    assert told == ["start_over", "start_over"]


def test_run_in_transaction_gives_up_after_three_tries(coats):
    tries = []

    def work():
        tries.append(1)
        run("UPDATE coats SET owner = 'mallory'")
        raise db.StartOver

    with pytest.raises(ServiceUnavailable) as error:
        db.run_in_transaction(work)

    assert len(tries) == 3
    assert isinstance(error.value.__cause__, db.StartOver)
    assert owners() == ["ada", "grace"]


@pytest.mark.parametrize("error", [ValueError, IntegrityError, OperationalError])
@pytest.mark.usefixtures("db")
def test_run_in_transaction_tries_nothing_twice_but_lost_races(error):
    tries = []

    def work():
        tries.append(1)
        raise error

    with pytest.raises(error):
        db.run_in_transaction(work)

    assert len(tries) == 1


def test_run_in_transaction_does_not_retry_what_took_too_long(coats):
    tries = []

    def work():
        tries.append(1)
        run("SET LOCAL statement_timeout = 1")
        run("SELECT count(*) FROM generate_series(1, 100000000)")

    with pytest.raises(OperationalError) as error:
        db.run_in_transaction(work)

    assert db.sql_state(error.value) == "57014"
    assert len(tries) == 1


def test_run_in_transaction_retries_when_a_lock_was_not_to_be_had(rival):
    told: list[str] = []

    def lose(reason):
        told.append(reason)
        rival.rollback()

    run("SELECT FROM coats WHERE peg = 1 FOR UPDATE", on=rival)

    db.run_in_transaction(
        lambda: (
            run("SELECT FROM coats WHERE peg = 1 FOR UPDATE NOWAIT"),
            run("UPDATE coats SET owner = 'mallory' WHERE peg = 1"),
        ),
        on_retry=lose,
    )

    assert told == ["55P03"]
    assert owners() == ["mallory", "grace"]


def test_run_in_transaction_is_unavailable_when_a_lock_is_never_to_be_had(rival):
    told: list[str] = []
    run("SELECT FROM coats WHERE peg = 1 FOR UPDATE", on=rival)

    with pytest.raises(ServiceUnavailable, match="Too many requests"):
        db.run_in_transaction(
            lambda: run("SELECT FROM coats WHERE peg = 1 FOR UPDATE NOWAIT"),
            on_retry=told.append,
        )

    assert told == ["55P03", "55P03"]


def test_run_in_transaction_retries_after_a_deadlock(rival):
    told: list[str] = []
    first_is_mine = Event()
    # The server's own patience decides who is the victim: me.
    run("SET deadlock_timeout = '60s'", on=rival)
    run("UPDATE coats SET owner = 'rival' WHERE peg = 2", on=rival)

    def take_the_other_way_round():
        assert first_is_mine.wait(PATIENCE_SECONDS)
        run("UPDATE coats SET owner = 'rival' WHERE peg = 1", on=rival)
        rival.commit()

    def work():
        run("SET LOCAL deadlock_timeout = '1ms'")
        run("UPDATE coats SET owner = owner || ', me' WHERE peg = 1")
        first_is_mine.set()
        if not told:
            wait_until_somebody_waits()
        run("UPDATE coats SET owner = owner || ', me' WHERE peg = 2")

    with ThreadPoolExecutor() as threads:
        rivals_way = threads.submit(take_the_other_way_round)
        db.run_in_transaction(work, on_retry=told.append)
        rivals_way.result()

    assert told == ["40P01"]
    assert owners() == ["rival, me", "rival, me"]
    run("RESET deadlock_timeout", on=rival)


def wait_until_somebody_waits():
    # For me: on the same server others wait for each other, in other test databases.
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting = "SELECT FROM pg_locks WHERE NOT granted"
    while not run(
        f"SELECT EXISTS ({waiting} AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )[0][0]:
        assert time.monotonic() < deadline, "Nobody waits."
        time.sleep(0.01)
