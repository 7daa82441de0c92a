"""A stack of a test's own, whose PostgreSQL and Valkey can be stopped and started."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from signal import SIGINT, SIGTERM
from typing import Any, Final
from urllib.parse import quote

import pytest
from django.conf import settings

from paycore.settings.environment import ROOT
from paycore.settings.servers import (
    POSTGRESQL_PORT,
    embedded_redis_url,
    socket_directory,
)
from paycore.stack import processes, seeds
from paycore.stack.keeper import make_socket_directory
from paycore.stack.postgresql import Cluster
from paycore.stack.tests.serving import Answer, Server, environment, serving
from paycore.stack.valkey import Cache

PASSWORD: Final = secrets.token_urlsafe(12)
METRICS_TOKEN: Final = secrets.token_urlsafe(32)
LOGIN: Final = {"email": seeds.BY_NAME["ada"].email, "password": PASSWORD}
SECONDS_TO_RECOVER: Final = 120


class Dependency:
    """A server that others depend on."""

    def __init__(self, part: Cluster | Cache) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.part.prepare()
        self.process = self.part.start()
        self.part.wait_until_ready(self.process)

    def stop(self) -> None:
        if self.process is not None:
            ending = SIGINT if isinstance(self.part, Cluster) else SIGTERM
            processes.end([self.process], ending=ending)
            self.process.wait()
            self.process = None

    @contextmanager
    def down(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()


@dataclass
class Stack:
    """A web server and what it depends on; ada is the one who calls."""

    server: Server
    postgresql: Dependency
    valkey: Dependency
    redis_url: str

    def sign_in(self) -> None:
        session = self.post("/v1/auth/login", LOGIN).json()
        self.refresh_token = session["refresh"]
        self.credentials = {"Authorization": f"Bearer {session['access']}"}

    def get(self, path: str) -> Answer:
        return self.server.ask("GET", path, headers=self.credentials)

    def post(self, path: str, body: Any, *, key: str | None = None) -> Answer:
        """With a key: in ada's name, else as anybody."""
        headers = {} if key is None else {"Idempotency-Key": key, **self.credentials}
        return self.server.ask("POST", path, body, headers=headers)

    def uncounted(self, tier: str) -> float:
        """How many requests could not be counted, says the metric."""
        bearer = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        text = self.server.ask("GET", "/metrics", headers=bearer).body.decode()
        name = f'rate_limit_unavailable_total{{tier="{tier}"}}'
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@contextmanager
def stack_of_our_own() -> Iterator[Stack]:
    """Started, migrated and seeded in a home that is made for it and removed."""
    # Not in pytest's own directory: the user that PostgreSQL runs as must reach it.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    home = settings.HOME / f"dependencies-{worker}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    make_socket_directory(home)
    cluster, cache = Cluster(home, durable=False), Cache(home, durable=False)
    variables = _variables(cluster, cache)
    with ExitStack() as opened:
        for directory in (home, socket_directory(home)):
            opened.callback(shutil.rmtree, directory, ignore_errors=True)
        postgresql, valkey = Dependency(cluster), Dependency(cache)
        for dependency in (postgresql, valkey):
            opened.callback(dependency.stop)
            dependency.start()
        for command in ("migrate", "seed_demo"):
            subprocess.run(
                [sys.executable, ROOT / "manage.py", command, "--verbosity=0"],
                cwd=ROOT,
                env=environment(home, **variables),
                capture_output=True,
                check=True,
            )
        server = opened.enter_context(serving(home, workers=1, **variables))
        server.wait_until_ready()
        stack = Stack(server, postgresql, valkey, variables["REDIS_URL"])
        stack.sign_in()
        yield stack


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"Not recovered after {SECONDS_TO_RECOVER} s.")
        time.sleep(0.05)


def _variables(cluster: Cluster, cache: Cache) -> dict[str, str]:
    place = f"{quote(str(cluster.sockets), safe='')}:{POSTGRESQL_PORT}"
    return {
        "DATABASE_URL": f"postgres://postgres@{place}/paycore",
        "REDIS_URL": embedded_redis_url(cache.home),
        "RATE_LIMIT_ANONYMOUS": "600/minute",
        "RATE_LIMIT_AUTHENTICATED": "6000/minute",
        "METRICS_TOKEN": METRICS_TOKEN,
        "DEMO_PASSWORD": PASSWORD,
    }
