"""A real web server for a test: the command that `make run` starts, as a process."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
import psutil
import pytest
from django.conf import settings
from django.db import connection

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.supervisor import HOST, Supervisor

SECONDS_TO_BE_READY: Final = 180
# PostgreSQL knows the server's connections from the test's own by this name.
APPLICATION_NAME: Final = "paycore under test"


@dataclass(frozen=True)
class Answer:
    """What the server said, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of a problem document."""
        is_problem = self.headers.get("content-type") == "application/problem+json"
        return self.json()["code"] if is_problem else None


@dataclass
class Server:
    """A server that listens, and how to reach it."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Answer:
        """One request with a JSON body, if any, on a connection of its own."""
        sent = dict(headers or {})
        content = None
        if body is not None:
            content = orjson.dumps(body)
            sent["Content-Type"] = "application/json"
        with closing(HTTPConnection(HOST, self.port, timeout=timeout)) as connected:
            connected.request(method, path, content, sent)
            response = connected.getresponse()
            pairs = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, pairs, response.read())

    def kill(self) -> None:
        """All of its processes at once, as when a machine loses power."""
        kill_group(self.process)

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests, the oldest first."""
        children = psutil.Process(self.process.pid).children()
        alive = [child for child in children if processes.is_alive(child)]
        return sorted(alive, key=lambda child: child.create_time())

    def is_ready(self) -> bool:
        try:
            return self.ask("GET", "/health/ready", timeout=5).status == 200
        except (OSError, HTTPException):
            return False

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        while not self.is_ready():
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                pytest.fail("Not ready:\n" + processes.end_of_log(self.log))
            time.sleep(0.05)


@contextmanager
def serving(directory: Path, *, workers: int, **variables: str) -> Iterator[Server]:
    """A server for the length of the block; `variables` go into its environment."""
    port, log = free_port(), directory / "web.log"
    with processes.open_log(log) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command(port), f"--workers={workers}"],
            cwd=ROOT,
            env=environment(directory, **variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            # A test run that is killed leaves no server behind.
            preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
        )
    try:
        yield Server(port, process, log)
    finally:
        processes.end([process], seconds=10)
        kill_group(process)


def environment(directory: Path, **variables: str) -> dict[str, str]:
    """That of a process of a stack which lives in this directory."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "paycore.settings.local",
        "PAYCORE_HOME": str(directory),
        # Tokens that the test makes are good there.
        "SECRET_KEY": settings.SECRET_KEY,
        "RATE_LIMIT_ANONYMOUS": "off",
        "RATE_LIMIT_AUTHENTICATED": "off",
        "LOG_LEVEL": "WARNING",
        **variables,
    }


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def command(port: int) -> list[str]:
    stack = Supervisor(home=settings.HOME, port=port, embedded=False, say=print)
    return stack._commands()["web"]


def servers_of_the_test() -> dict[str, str]:
    """The environment of a server that works on the database of this test."""
    database = connection.settings_dict
    login = ":".join(
        filter(None, (database["USER"], quote(database["PASSWORD"] or "")))
    )
    place = f"{quote(database['HOST'], safe='')}:{database['PORT']}"
    name = f"{database['NAME']}?application_name={quote(APPLICATION_NAME)}"
    return {
        "DATABASE_URL": f"postgres://{login}@{place}/{name}",
        "REDIS_URL": settings.REDIS_URL,
        "REDIS_KEY_PREFIX": f"{settings.REDIS_KEY_PREFIX}served:",
    }


def free_port() -> int:
    """A port that is free, and stays so until somebody listens.

    Not one of those that the system gives to whoever wants any: it may take seconds to
    listen, and other tests run at the same time.
    """
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.socket() as probe:
            probe.bind((HOST, port))
            return port
