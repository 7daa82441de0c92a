"""The process that runs the embedded servers of one home while anybody uses them.

Whoever uses the servers shares a lock (`paycore.stack.embedded`). The kernel gives a
lock back however its holder ends, so nothing has to be counted and nothing goes stale:
when the keeper can have the lock alone, nobody is left, and it stops the servers.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

from paycore.settings.servers import socket_directory
from paycore.stack import processes
from paycore.stack.locks import FileLock
from paycore.stack.postgresql import Cluster
from paycore.stack.processes import Deaths, StackError
from paycore.stack.valkey import Cache

SECONDS_BETWEEN_LOOKS: Final = 0.2
SECONDS_TO_BECOME_KEEPER: Final = 5


class Program(Protocol):
    """One of the two servers, as the keeper handles it."""

    def prepare(self) -> None: ...
    def start(self) -> subprocess.Popen[bytes]: ...
    def wait_until_ready(self, server: subprocess.Popen[bytes]) -> None: ...


class Keeper:
    """Starts the servers, watches them and their users, stops them."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.programs: dict[str, Program] = {
            "valkey": Cache(home, durable=durable),
            "postgresql": Cluster(home, durable=durable),
        }
        self.servers: dict[str, subprocess.Popen[bytes]] = {}
        self.deaths: dict[str, Deaths] = defaultdict(Deaths)
        self.asked_to_stop = False

    def keep(self, *, tell_ready: Callable[[], None]) -> None:
        """Run the servers until nobody uses them, or until told to stop."""
        me = FileLock(locks(self.home) / "keeper.lock")
        if not become_keeper(me):
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        try:
            processes.remember(memory(self.home), {"keeper": os.getpid()})
            self._end_leftovers()
            make_socket_directory(self.home)
            self._start(*self.programs)
            tell_ready()
            self._watch(me)
        finally:
            self._stop()

    def _start(self, *names: str) -> None:
        ready_file(self.home).unlink(missing_ok=True)
        for name in names:
            self._launch(name)
        for name in names:
            self._wait_until_ready(name)
        ready_file(self.home).touch()

    def _launch(self, name: str) -> None:
        self.programs[name].prepare()
        self.servers[name] = self.programs[name].start()
        running = processes.alive(self.servers)
        processes.remember(servers_memory(self.home), running)

    def _wait_until_ready(self, name: str) -> None:
        while True:
            try:
                return self.programs[name].wait_until_ready(self.servers[name])
            except StackError:
                # One that gives up at its start would do so again.
                if not processes.was_killed(self.servers[name]):
                    raise
            self._note_death(name)
            self._launch(name)

    def _watch(self, me: FileLock) -> None:
        users = FileLock(locks(self.home) / "users.lock")
        # Somebody who deletes the home wants none of this any more.
        while me.is_on_disk() and not self.asked_to_stop:
            if users.try_to_take():
                return
            for name, server in self.servers.items():
                if server.poll() is not None:
                    # A crash costs its users one failed request each, no more.
                    self._note_death(name)
                    self._start(name)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _note_death(self, name: str) -> None:
        how = processes.describe(self.servers[name].returncode)
        deaths = self.deaths[name]
        deaths.note()
        was_killed = processes.was_killed(self.servers[name])
        if not was_killed and deaths.are_too_many():
            raise StackError(f"{name} ends again and again ({how}). See its log.")
        complain(f"{name} ended unexpectedly ({how}). Starting it again")
        time.sleep(deaths.pause())

    def _stop(self) -> None:
        ready_file(self.home).unlink(missing_ok=True)
        if server := self.servers.get("postgresql"):
            # "Fast": open transactions are rolled back, everything is written.
            processes.end([server], ending=signal.SIGINT, seconds=30)
        if server := self.servers.get("valkey"):
            processes.end([server], ending=signal.SIGTERM, seconds=10)
        if socket_directory(self.home) != locks(self.home):
            shutil.rmtree(socket_directory(self.home), ignore_errors=True)
        servers_memory(self.home).unlink(missing_ok=True)
        memory(self.home).unlink(missing_ok=True)

    def _end_leftovers(self) -> None:
        # A keeper that was killed could not stop its servers.
        for name, row in processes.recall(servers_memory(self.home)).items():
            if process := row.find():
                ending = signal.SIGINT if name == "postgresql" else signal.SIGTERM
                processes.end([process], ending=ending, seconds=20)

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True


def locks(home: Path) -> Path:
    """Where the locks of a home are: always in it, however long its path."""
    return home / "run"


def ready_file(home: Path) -> Path:
    """Exists while the servers of this home answer."""
    return locks(home) / "ready"


def memory(home: Path) -> Path:
    """Names the keeper, for those who tell it to stop."""
    return locks(home) / "keeper.json"


def servers_memory(home: Path) -> Path:
    """Names the servers that run, or did until a moment ago."""
    return locks(home) / "servers.json"


def become_keeper(lock: FileLock) -> bool:
    """Take the keeper's lock; someone who looks whether it is held has it shortly."""
    deadline = time.monotonic() + SECONDS_TO_BECOME_KEEPER
    while not lock.try_to_take():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def make_socket_directory(home: Path) -> None:
    """Make it, refusing one that somebody else made to listen in."""
    directory = socket_directory(home)
    directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    if directory.is_symlink() or directory.owner() != home.owner():
        raise StackError(f"{directory} belongs to somebody else. Remove it.")
    # Others may pass through (PostgreSQL runs as another user for root), not look.
    directory.chmod(0o711)


def main() -> int:
    """Leave a keeper running in the background; return when its servers answer."""
    home, durability = Path(sys.argv[1]), sys.argv[2]
    reader, writer = os.pipe()
    if os.fork():
        # The starter: it ends now, so the keeper is nobody's child and outlives the
        # command that happened to be the first to need it.
        os.close(writer)
        return 0 if os.read(reader, 1) else 1
    os.close(reader)
    try:
        Keeper(home, durable=durability == "durable").keep(
            tell_ready=lambda: _tell(writer)
        )
    except StackError as error:
        complain(str(error))
        return 1
    return 0


def complain(text: str) -> None:
    print(
        f"{time.strftime('%FT%TZ', time.gmtime())} {text}", file=sys.stderr, flush=True
    )


def _tell(writer: int) -> None:
    os.write(writer, b"!")
    os.close(writer)


if __name__ == "__main__":
    sys.exit(main())
