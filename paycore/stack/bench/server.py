"""The server under measurement: the stack's own web process, on a database of its own.

The database is made for the benchmark and dropped after it, on whatever server the
environment names: nobody's books are measured, and nothing is written into them.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import django
import psycopg
from psycopg import sql

from paycore.settings.environment import env
from paycore.settings.servers import are_embedded, database, home_directory
from paycore.stack import embedded
from paycore.stack.keeper import locks
from paycore.stack.locks import FileLock
from paycore.stack.processes import StackError
from paycore.stack.supervisor import HOST, Supervisor

# A home inside the home: `make run` may serve from the other one meanwhile.
HOME: Final = "bench"
DATABASE_PREFIX: Final = "paycore_bench_"

# What production runs with, whatever a developer prefers, but without rate limits.
CONDITIONS: Final = {
    "RATE_LIMIT_ANONYMOUS": "off",
    "RATE_LIMIT_AUTHENTICATED": "off",
    "REDIS_KEY_PREFIX": "paycore-bench:",
    "ACCESS_TOKEN_LIFETIME": "86400",
    "DEBUG": "off",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "json",
    "PAYOUT_GATEWAYS": "*=sandbox",
    "SANDBOX_BANK_URL": "",
}


class WithoutWorkers(Supervisor):
    """No worker, no beat: nobody else's work on the cores that are measured.

    The sandbox bank does nothing unless it is asked.
    """

    def _commands(self) -> dict[str, list[str]]:
        commands = super()._commands()
        return {name: commands[name] for name in ("bank", "web")}


@dataclass(slots=True)
class Measured:
    """A server to be measured. `keep` saves its database from being dropped."""

    port: int
    database_name: str
    keep: bool = False


@contextmanager
def measured_server(say: Callable[[str], None]) -> Iterator[Measured]:
    """A server for the length of the block, and Django set up to use its database.

    Raises: `StackError` when it cannot be started.
    """
    home = home_directory() / HOME
    is_embedded = are_embedded()
    with ExitStack() as stack:
        stack.enter_context(_only_one(home))
        if is_embedded:
            stack.enter_context(embedded.servers(home, say=say))
        measured = Measured(_free_port(), DATABASE_PREFIX + secrets.token_hex(4))
        stack.enter_context(_database(home, measured, say))
        os.environ.update(CONDITIONS)
        os.environ["PAYCORE_HOME"] = str(home)
        os.environ["DATABASE_URL"] = _url(home, measured.database_name)
        django.setup()
        server = WithoutWorkers(
            home=home,
            port=measured.port,
            embedded=is_embedded,
            say=say,
            has_bank=True,
        )
        stack.enter_context(server.running(seed=False))
        yield measured


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    lock = FileLock(locks(home) / "bench.lock")
    try:
        if not lock.try_to_take():
            raise StackError("A benchmark runs already; two would measure each other.")
        yield
    finally:
        lock.close()


@contextmanager
def _database(
    home: Path, measured: Measured, say: Callable[[str], None]
) -> Iterator[None]:
    server = database(home, options={})
    name = sql.Identifier(measured.database_name)
    if "DATABASE_URL" not in os.environ:
        _drop_leftovers(server)
    try:
        _execute(server, sql.SQL("CREATE DATABASE {}").format(name))
    except psycopg.Error as error:
        raise StackError(
            f"The benchmark needs a database of its own, and cannot have one: {error}"
        ) from error
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        if measured.keep:
            say(f"The database {measured.database_name} is kept, for you to look at.")
        else:
            _execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _drop_leftovers(server: Mapping[str, Any]) -> None:
    # Only in the cluster of this home, of which we hold the lock: what is there now
    # belongs to a benchmark that was killed, or was kept to be looked at.
    with _connect(server) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)",
            [DATABASE_PREFIX],
        ).fetchall()
    for (name,) in names:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        _execute(server, drop.format(sql.Identifier(name)))


def _execute(server: Mapping[str, Any], statement: sql.Composed) -> None:
    with _connect(server) as connection:
        connection.execute(statement)


def _connect(server: Mapping[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=server["HOST"],
        port=server["PORT"] or None,
        user=server["USER"] or None,
        password=server.get("PASSWORD") or None,
        dbname=server["NAME"],
        autocommit=True,
        **server.get("OPTIONS", {}),
    )


def _url(home: Path, name: str) -> str:
    """Where the processes of the server find the database of this name."""
    url: str = env.str("DATABASE_URL", default="")
    if url:
        return urlsplit(url)._replace(path=f"/{name}").geturl()
    server = database(home, options={})
    host = quote(server["HOST"], safe="")
    return f"postgres://{server['USER']}@{host}:{server['PORT']}/{name}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
