"""A home with servers for a drill alone: nobody else's money is played with."""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import django

from paycore.settings.servers import (
    POSTGRESQL_PORT,
    embedded_redis_url,
    home_directory,
    socket_directory,
)
from paycore.stack import embedded
from paycore.stack.bank.process import sandbox_bank
from paycore.stack.chaos.scene import CONDITIONS, Scene
from paycore.stack.keeper import locks
from paycore.stack.locks import FileLock
from paycore.stack.processes import StackError

# A home inside the home: `make run` may serve from the other one meanwhile.
HOME: Final = "chaos"
REDIS_KEY_PREFIX: Final = "paycore-chaos:"
# A bank that was killed is back before any payout waits for a person.
UNKNOWN_AFTER_SECONDS: Final = 30
SECONDS_TO_STOP: Final = 60


@contextmanager
def stage(say: Callable[[str], None]) -> Iterator[Scene]:
    """An empty scene for the length of the block, and Django set up for it.

    Servers of its own, whatever the environment names: nothing of others can suffer.
    What the last one left can be looked at until the next one begins.

    Raises: `StackError` when it cannot be had.
    """
    outside = home_directory()
    home = outside / HOME
    with ExitStack() as stack:
        stack.enter_context(_only_one(outside))
        _remove(home)
        stack.enter_context(embedded.servers(home, durable=False, say=say))
        variables = _variables(home)
        os.environ.update(variables)
        django.setup()
        _prepare(stack, say)
        scene = Scene(
            home=home,
            bank=stack.enter_context(sandbox_bank(home)),
            variables=variables,
            redis_url=variables["REDIS_URL"],
            redis_key_prefix=REDIS_KEY_PREFIX,
        )
        stack.callback(scene.end)
        yield scene


@contextmanager
def _only_one(outside: Path) -> Iterator[None]:
    lock = FileLock(locks(outside) / "chaos.lock")
    try:
        if not lock.try_to_take():
            raise StackError("A drill runs already. One at a time.")
        yield
    finally:
        lock.close()


def _remove(home: Path) -> None:
    # A drill that was killed has left servers, which stop by themselves.
    deadline = time.monotonic() + SECONDS_TO_STOP
    while home.exists() and embedded.are_kept(home):
        if time.monotonic() > deadline:
            raise StackError(f"The servers of {home} do not stop.")
        time.sleep(0.1)
    shutil.rmtree(home, ignore_errors=True)


def _variables(home: Path) -> Mapping[str, str]:
    host = quote(str(socket_directory(home) / "postgresql"), safe="")
    return {
        **CONDITIONS,
        "PAYCORE_HOME": str(home),
        "DATABASE_URL": f"postgres://postgres@{host}:{POSTGRESQL_PORT}/paycore",
        "REDIS_URL": embedded_redis_url(home),
        "REDIS_KEY_PREFIX": REDIS_KEY_PREFIX,
        "PAYOUT_UNKNOWN_AFTER": str(UNKNOWN_AFTER_SECONDS),
    }


def _prepare(stack: ExitStack, say: Callable[[str], None]) -> None:
    # Not before Django is set up.
    from django.core.management import call_command
    from django.db import connections

    stack.callback(connections.close_all)
    say("Migrating the database")
    call_command("migrate", verbosity=0, interactive=False)
