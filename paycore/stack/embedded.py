"""Using the embedded servers: they run as long as one process uses them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.keeper import locks, memory, ready_file, servers_memory
from paycore.stack.locks import FileLock, held, is_held
from paycore.stack.processes import StackError

SECONDS_TO_STOP: Final = 45
SECONDS_TO_START_AGAIN: Final = 60


@contextmanager
def servers(
    home: Path, *, durable: bool = True, say: Callable[[str], None] | None = None
) -> Iterator[None]:
    """PostgreSQL and Valkey of this home run for the length of the block.

    Started when they do not run yet, and stopped when nobody else uses them either.

    Raises: `StackError` when they cannot be started.
    """
    users = FileLock(locks(home) / "users.lock")
    # Waits for a keeper that is stopping the servers at this moment.
    users.share()
    try:
        with held(locks(home) / "start.lock"):
            _ensure_keeper(home, durable=durable, say=say or (lambda _: None))
        yield
    finally:
        if users.try_to_take():
            _stop_keeper(home)
        users.close()


def are_running(home: Path) -> bool:
    """Whether the servers of this home answer."""
    return ready_file(home).exists() and are_kept(home)


def are_kept(home: Path) -> bool:
    """Whether somebody keeps them running, also when one of them just starts again."""
    return is_held(locks(home) / "keeper.lock")


def is_keeper_missed(home: Path) -> bool:
    """Whether the keeper ended without a word: one that gives up leaves no trace."""
    return memory(home).exists()


def have_failed(home: Path, *, since: float) -> bool:
    """Whether a server of this home is gone, or was started again since a moment."""
    rows = processes.recall(servers_memory(home)).values()
    gone = any(row.started > since or row.find() is None for row in rows)
    return gone or not rows or not are_kept(home)


def keep_again(home: Path, *, say: Callable[[str], None]) -> None:
    """Put a keeper in the place of one that was killed. For users of the servers.

    Raises: `StackError` when it cannot start them.
    """
    with held(locks(home) / "start.lock"):
        _ensure_keeper(home, durable=True, say=say)


def _ensure_keeper(home: Path, *, durable: bool, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START_AGAIN
    while are_kept(home) and time.monotonic() < deadline:
        if are_running(home):
            return
        time.sleep(0.05)
    first_time = not (home / "postgresql").exists()
    say("Creating the database cluster" if first_time else "Starting the database")
    command = [sys.executable, "-m", "paycore.stack.keeper", str(home)]
    log = home / "logs" / "keeper.log"
    with processes.open_log(log) as output:
        started = subprocess.run(
            [*command, "durable" if durable else "forgetful"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us: the servers stop after those who use them.
            start_new_session=True,
            check=False,
        )
    if started.returncode:
        raise StackError(
            f"The embedded servers did not start. {log} ends with:\n"
            + processes.end_of_log(log)
        )


def _stop_keeper(home: Path) -> None:
    keeper = processes.recall(memory(home)).get("keeper")
    process = keeper.find() if keeper else None
    if process is not None:
        processes.end([process], ending=signal.SIGTERM, seconds=SECONDS_TO_STOP)
