"""Whatever is killed, and whenever: an order that is sent until it is answered is
executed exactly once, and what was answered stays.
"""

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event
from typing import Final

import orjson
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Account
from paycore.stack.supervisor import HOST
from paycore.stack.tests.orders import (
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    Order,
    Sender,
    transfers_there,
)
from paycore.stack.tests.serving import (
    APPLICATION_NAME,
    Answer,
    Server,
    servers_of_the_test,
    serving,
)
from paycore.testing.cast import Player

pytestmark = pytest.mark.django_db(transaction=True)

SENDERS: Final = 6
WORKERS: Final = 2
KILLS: Final = 4
# Answers between two kills: sometimes so few that both workers are away.
FEWEST, MOST = 1, 30
INTERNAL: Final = "/v1/transfers/internal"

Accounts = tuple[Account, Account]


@pytest.fixture
def accounts(
    ada: Player, grace: Player, account_of: Callable[..., Account]
) -> Accounts:
    """1000.00 USD of ada's, and an empty account of grace's."""
    return account_of(ada, "USD", "1000.00"), account_of(grace, "USD")


def test_orders_are_executed_once_while_workers_and_connections_are_killed(
    tmp_path: Path,
    ada: Player,
    accounts: Accounts,
    balance_of: Callable[[Account], str],
) -> None:
    seed = secrets.randbits(32)
    print(f"The moments of killing: seed {seed}")
    enough = Event()
    with serving(tmp_path, workers=WORKERS, **servers_of_the_test()) as server:
        server.wait_until_ready()
        senders = [Sender(f"s{n}", server, ada, *accounts) for n in range(SENDERS)]
        with ThreadPoolExecutor(SENDERS) as threads:
            running = [threads.submit(sender.send_until, enough) for sender in senders]
            try:
                make_trouble(Random(seed), server, senders)
            finally:
                enough.set()
            assert [future.exception() for future in running] == [None] * SENDERS
        server.wait_until_ready()
        orders = [order for sender in senders for order in sender.answered]

        assert {order.answer.status for order in orders} == {201}
        assert transfers_there() == sorted(made for o in orders for made in o.made)
        for order in orders:
            assert_is_answered_again(server, ada, order)

    cents = len(transfers_there())
    assert cents == sum(len(order.made) for order in orders)
    assert balance_of(accounts[0]) == f"{1000 - cents / 100:.2f}"
    assert balance_of(accounts[1]) == f"{cents / 100:.2f}"
    call_command("verify_ledger")


def test_a_worker_killed_inside_its_transactions_has_done_nothing(
    tmp_path: Path, ada: Player, accounts: Accounts, account_of: Callable[..., Account]
) -> None:
    source, destination = accounts
    another = account_of(ada, "USD", "5.00"), account_of(ada, "USD")
    patient = {"LOCK_TIMEOUT_MS": "30000", "STATEMENT_TIMEOUT_MS": "30000"}
    with serving(tmp_path, workers=1, **servers_of_the_test(), **patient) as server:
        server.wait_until_ready()
        senders = [
            Sender("begun", server, ada, source, destination),
            Sender("done", server, ada, *another),
        ]
        with ThreadPoolExecutor(len(senders)) as threads:
            with transaction.atomic():
                # The first order waits for its account, so it has only taken its key;
                # the second has done everything but to tell of it.
                stand_in_the_way(of_account=source)
                lost = [threads.submit(ask_once, sender) for sender in senders]
                wait_until(lambda: waiting_for_us() == len(senders))
                server.workers[0].kill()
                assert [future.result() for future in lost] == [None, None]
            orders = list(threads.map(ask_until_answered, senders))

    assert [order.answer.status for order in orders] == [201, 201]
    # Neither was remembered, so neither had happened.
    assert not any("idempotent-replayed" in order.answer.headers for order in orders)
    assert transfers_there() == [made for order in orders for made in order.made]
    call_command("verify_ledger")


def test_an_answer_that_got_lost_is_given_again(
    tmp_path: Path, ada: Player, accounts: Accounts
) -> None:
    with serving(tmp_path, workers=1, **servers_of_the_test()) as server:
        server.wait_until_ready()
        sender = Sender("lost", server, ada, *accounts)
        with sent_and_never_heard(sender):
            # Not hanging up before: of a caller who is gone already the web server may
            # not even begin the request.
            wait_until(lambda: bool(transfers_there()))
        server.kill()
    with serving(tmp_path, workers=1, **servers_of_the_test()) as server:
        server.wait_until_ready()
        order = ask_until_answered(Sender("lost", server, ada, *accounts))

    assert order.answer.status == 201
    assert order.answer.headers["idempotent-replayed"] == "true"
    assert transfers_there() == order.made


def make_trouble(random: Random, server: Server, senders: list[Sender]) -> None:
    """Kill workers, and once all connections of the server to PostgreSQL."""
    for number in range(KILLS):
        wait_for_answers(senders, more=random.randint(FEWEST, MOST))
        if number == KILLS // 2:
            assert terminate_connections() > 0
            wait_for_answers(senders, more=random.randint(FEWEST, MOST))
        # The older one, and never both at once: granian gives up when a worker dies
        # right after it was replaced.
        wait_until(lambda: len(server.workers) == WORKERS)
        server.workers[0].kill()
    wait_for_answers(senders, more=MOST)


def wait_for_answers(senders: list[Sender], *, more: int) -> None:
    def count() -> int:
        return sum(len(sender.answered) for sender in senders)

    wanted = count() + more
    wait_until(lambda: count() >= wanted)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "Waited too long."
        time.sleep(PAUSE_SECONDS)


def terminate_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [APPLICATION_NAME],
        )
        return int(cursor.fetchone()[0])


def stand_in_the_way(*, of_account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM ledger_ledgeraccount WHERE id = %s FOR UPDATE",
            [of_account.pk],
        )
        # Nobody can write an event until this transaction ends.
        cursor.execute("LOCK TABLE events_event IN SHARE MODE")


def waiting_for_us() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return int(cursor.fetchone()[0])


def ask_once(sender: Sender) -> Answer | None:
    return sender.send_once(INTERNAL, sender.transfer("1"), sender.name)


def ask_until_answered(sender: Sender) -> Order:
    body = sender.transfer("1")
    answer = sender.send_until_answered(INTERNAL, body, sender.name)
    return Order(INTERNAL, body, sender.name, answer)


@contextmanager
def sent_and_never_heard(sender: Sender) -> Iterator[None]:
    """Sends one order, and hangs up after the block without reading the answer."""
    content = orjson.dumps(sender.transfer("1"))
    headers = {
        "Host": HOST,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "Idempotency-Key": sender.name,
        **sender.player.headers,
    }
    lines = [f"POST {INTERNAL} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    with socket.create_connection((HOST, sender.server.port)) as connected:
        connected.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        yield


def assert_is_answered_again(server: Server, player: Player, order: Order) -> None:
    headers = {"Idempotency-Key": order.key, **player.headers}
    again = server.ask("POST", order.path, order.body, headers=headers)
    assert again.headers.get("idempotent-replayed") == "true"
    assert (again.status, again.body) == (order.answer.status, order.answer.body)
