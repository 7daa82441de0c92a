"""The whole stack as processes of one home: web server, worker, beat, and the sandbox
bank if payouts go there.

All of them end together: when the stack is told to stop, when one of them dies, and,
through the kernel, when the supervisor itself is killed. What a kill left behind all
the same is ended by the next start.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import psutil
import psycopg
from django.db import connection

from paycore.settings.environment import ROOT
from paycore.stack import bank, embedded, processes
from paycore.stack.locks import FileLock, is_held
from paycore.stack.processes import Deaths, Remembered, StackError, end_of_log

HOST: Final = "127.0.0.1"
WEB_WORKERS: Final = 2
WEB_THREADS: Final = 8
SECONDS_TO_BE_READY: Final = 180
SECONDS_TO_STOP: Final = 15
SECONDS_BETWEEN_LOOKS: Final = 0.3
# Who runs the embedded servers. It is nobody's child: several stacks may share it.
KEEPER: Final = "keeper"


class ProcessEnded(StackError):
    """A process of the stack ended.

    It gave up unless it was killed, or a server died without which it cannot work.
    """

    def __init__(self, name: str, how: str, *, gave_up: bool, log: Path) -> None:
        self.name = name
        self.gave_up = gave_up
        self.summary = f"{name} ended unexpectedly ({how})."
        super().__init__(f"{self.summary} {log} ends with:\n{end_of_log(log)}")


@dataclass
class Supervisor:
    """One stack: a home, a port, and the processes that serve it."""

    home: Path
    port: int
    embedded: bool
    say: Callable[[str], None]
    # Whether payouts go to the sandbox bank of this home.
    has_bank: bool = False
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    # When each of them was started, by the clock of the kernel's processes.
    started: dict[str, float] = field(default_factory=dict)
    deaths: dict[str, Deaths] = field(default_factory=lambda: defaultdict(Deaths))
    # When those that died too often to be started again at once are started.
    due: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def directory(self) -> Path:
        """What belongs to this stack alone: two ports in one home get along."""
        return stacks(self.home) / str(self.port)

    @contextmanager
    def running(self, *, seed: bool) -> Iterator[None]:
        """The stack serves for the length of the block.

        Raises: `StackError` when it cannot be started.
        """
        with ExitStack() as stack:
            stack.enter_context(self._turn())
            end_leftovers(self.home, own=self.directory)
            self._require_free_port()
            if self.embedded:
                stack.enter_context(embedded.servers(self.home, say=self.say))
            self._prepare(seed=seed)
            # Registered before the first child starts: whatever happens, they end.
            stack.callback(self._stop)
            self._clear_metrics()
            self.say(f"Starting {', '.join(self._commands())}")
            self._start(*self._commands())
            self._wait_until_ready()
            yield

    def watch(self) -> NoReturn:
        """Look after the processes until interrupted: one that ends is started again.

        However often it is killed, if not at once. Raises: `StackError` when one ends
        by itself again and again.
        """
        while True:
            self._look_after(is_ready=True)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _look_after(self, *, is_ready: bool) -> None:
        for ended in self._find_ended():
            deaths = self.deaths[ended.name]
            deaths.note()
            # Who gives up would do so again: at its start at once, and a keeper has
            # tried often enough. The others did nothing wrong.
            may_try_again = is_ready and ended.name != KEEPER
            if ended.gave_up and (not may_try_again or deaths.are_too_many()):
                raise ended
            self.say(f"{ended.summary} Starting it again")
            self.due[ended.name] = time.monotonic() + deaths.pause()
        for name, moment in list(self.due.items()):
            if moment <= time.monotonic():
                del self.due[name]
                self._start_again(name)

    def _find_ended(self) -> Iterator[ProcessEnded]:
        # First: without its servers the others have nothing to work with.
        is_kept = not self.embedded or embedded.are_kept(self.home)
        if not is_kept and KEEPER not in self.due:
            yield ProcessEnded(
                KEEPER,
                "with PostgreSQL and Valkey",
                gave_up=not embedded.is_keeper_missed(self.home),
                log=self.log(KEEPER),
            )
        for name, child in self.children.items():
            if child.poll() is not None and name not in self.due:
                yield ProcessEnded(
                    name,
                    processes.describe(child.returncode),
                    gave_up=self._gave_up(name, child),
                    log=self.log(name),
                )

    def _gave_up(self, name: str, child: subprocess.Popen[bytes]) -> bool:
        if processes.was_killed(child):
            return False
        # A Celery worker ends when it loses the broker in the middle of a task.
        started = self.started[name]
        return not (self.embedded and embedded.have_failed(self.home, since=started))

    def _start_again(self, name: str) -> None:
        if name == KEEPER:
            self._keep_again()
        else:
            # Its children outlive a killed process, and may hold the port.
            end_group(self.children[name].pid, home=self.home)
            self._start(name)

    def _keep_again(self) -> None:
        try:
            embedded.keep_again(self.home, say=self.say)
        except StackError:
            # Killed again before its servers answered: the next look will tell.
            if not embedded.is_keeper_missed(self.home):
                raise

    def manage(self, *command: str) -> str:
        """Run a command of `manage.py`, and return what it printed.

        Raises: `StackError` when it fails.
        """
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *command],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            preexec_fn=processes.dies_with_parent(signal.SIGTERM),
        )
        if done.returncode:
            last_lines = "\n".join(done.stdout.splitlines()[-15:])
            raise StackError(f"manage.py {command[0]} failed:\n{last_lines}")
        return done.stdout

    def log(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        lock = FileLock(self.directory / "lock")
        try:
            if not lock.try_to_take():
                raise StackError(
                    f"paycore already runs in {self.home} on port {self.port}. Stop it,"
                    " or choose another PORT or PAYCORE_HOME."
                )
            yield
        finally:
            lock.close()

    def _require_free_port(self) -> None:
        with socket.socket() as probe:
            # As servers do: what a stopped server left in TIME_WAIT is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise StackError(
                    f"Port {self.port} of {HOST} cannot be used: {error.strerror}."
                    f" Choose another one: PORT={self.port + 1} make run"
                ) from error

    def _prepare(self, *, seed: bool) -> None:
        require_database()
        self.say("Migrating the database")
        self.manage("migrate", "--verbosity=0", "--no-input")
        if seed:
            self.say("Seeding people and accounts")
            self.manage("seed_demo")

    def _clear_metrics(self) -> None:
        shutil.rmtree(self.directory / "metrics", ignore_errors=True)
        (self.directory / "metrics").mkdir(parents=True)

    def _start(self, *names: str) -> None:
        for name in names:
            with processes.open_log(self.log(name)) as log:
                self.children[name] = subprocess.Popen(
                    [sys.executable, "-m", *self._commands()[name]],
                    cwd=ROOT,
                    env=self.environment() | self._metrics(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # A group of its own: Ctrl-C reaches only the supervisor, which
                    # then stops all of them in order, with all their children.
                    start_new_session=True,
                    preexec_fn=processes.dies_with_parent(  # noqa: PLW1509
                        signal.SIGTERM
                    ),
                )
            self.started[name] = Remembered.of(self.children[name].pid).started
            processes.remember(
                self.directory / "processes.json",
                processes.alive(self.children),
            )

    def _commands(self) -> dict[str, list[str]]:
        celery = ["celery", "--app=paycore.celery", "--quiet"]
        sandbox = {"bank": ["paycore.stack.bank", f"--home={self.home}"]}
        return {
            **(sandbox if self.has_bank else {}),
            "web": [
                "granian",
                "--interface=wsgi",
                f"--host={HOST}",
                f"--port={self.port}",
                "--http=1",
                "--no-ws",
                f"--workers={WEB_WORKERS}",
                f"--blocking-threads={WEB_THREADS}",
                "--backlog=2048",
                # A worker that is killed takes its requests with it, not the server.
                "--respawn-failed-workers",
                "--workers-kill-timeout=10",
                "--log-level=warning",
                "paycore.wsgi:application",
            ],
            "worker": [
                *celery,
                "worker",
                "--concurrency=2",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
            ],
            "beat": [
                *celery,
                "beat",
                "--loglevel=INFO",
                f"--schedule={self.directory / 'beat-schedule'}",
                "--pidfile=",
            ],
        }

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "paycore.settings.local",
            "PAYCORE_HOME": str(self.home),
            "PYTHONUNBUFFERED": "1",
        }

    def _metrics(self) -> dict[str, str]:
        # Each process counts in files of this directory, and /metrics adds them up.
        return {"PROMETHEUS_MULTIPROC_DIR": str(self.directory / "metrics")}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        answer = "no answer yet"
        while time.monotonic() < deadline:
            self._look_after(is_ready=False)
            is_ready, answer = self._readiness()
            if is_ready:
                return
            time.sleep(0.1)
        raise StackError(
            f"The server is not ready after {SECONDS_TO_BE_READY} s ({answer})."
            f" {self.log('web')} ends with:\n" + end_of_log(self.log("web"))
        )

    def _readiness(self) -> tuple[bool, str]:
        if self.has_bank and not bank.is_listening(self.home):
            return False, f"the sandbox bank does not listen: {self.log('bank')}"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            response = connection.getresponse()
            return response.status == 200, response.read(500).decode(errors="replace")
        except OSError as error:
            return False, str(error)
        finally:
            connection.close()

    def _stop(self) -> None:
        self.say("Stopping")
        # The bank last: a worker may still be waiting for its answer.
        others = [child for name, child in self.children.items() if name != "bank"]
        processes.end(others, seconds=SECONDS_TO_STOP)
        processes.end(list(self.children.values()), seconds=SECONDS_TO_STOP)
        for child in self.children.values():
            # What a killed process could not stop itself.
            end_group(child.pid, home=self.home)
            child.wait()
        (self.directory / "processes.json").unlink(missing_ok=True)


def require_database() -> None:
    """Raises: `StackError` when it does not answer."""
    try:
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.OperationalError as error:
        # It has a line for each address, and never names the password.
        why = " ".join(str(error).split())
        raise StackError(f"The database does not answer: {why}") from error


def stacks(home: Path) -> Path:
    """Where each stack of a home keeps what is its own, by port."""
    return home / "run" / "stacks"


def end_leftovers(home: Path, *, own: Path) -> None:
    """End what stacks of this home left running when they were killed.

    `own` is the directory of the stack that asks, and holds the lock of.
    """
    for memory in stacks(home).glob("*/processes.json"):
        if memory.parent == own or not is_held(memory.parent / "lock"):
            for row in processes.recall(memory).values():
                end_group(row.pid, home=home)
            memory.unlink(missing_ok=True)


def end_group(leader: int, *, home: Path) -> None:
    """End the processes of a group that were started for this home.

    The number of a group is used again when all of it is gone, so each process is
    asked what it was started for.
    """
    members: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == leader:
                is_ours = process.environ().get("PAYCORE_HOME") == str(home)
                members += [process] if is_ours else []
    if members:
        processes.end(members, seconds=SECONDS_TO_STOP)
