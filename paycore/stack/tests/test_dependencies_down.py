"""PostgreSQL or Valkey goes away and comes back, under a server that stays."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any, Final

import pytest
import redis
from django.conf import settings
from urllib.parse import quote

from paycore.settings.environment import ROOT
from paycore.settings.servers import POSTGRESQL_PORT, embedded_redis_url, socket_directory
from paycore.stack import processes
from paycore.stack.keeper import make_socket_directory
from paycore.stack.postgresql import Cluster
from paycore.stack.tests.serving import Answer, Server, environment, serving
from paycore.stack.valkey import Cache
from paycore.testing.problems import *

PASSWORD: Final = secrets.token_urlsafe(12)
METRICS_TOKEN: Final = secrets.token_urlsafe(32)
SECONDS_TO_RECOVER: Final = 20


@dataclass
class Dependency:
    """A server of this test's own, which can be stopped and started."""

    part: Cluster | Cache
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self.part.start()
        self.part.wait_until_ready(self.process)

    def stop(self) -> None:
        ending = SIGINT if isinstance(self.part, Cluster) else SIGTERM
        if self.process is not None:
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
    postgresql: Dependency
    valkey: Dependency
    server: Server
    redis_url: str
    token: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self.server.ask("GET", path, **self.token)

    def post(self, path: str, body: Any, *, key: str | None = None, token=True) -> Answer:
        headers = dict(self.token) if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.server.ask("POST", path, body, **headers)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    t=time.time()
    home = tmp_path_factory.mktemp("home")
    make_socket_directory(home)
    postgresql = Dependency(Cluster(home, durable=False))
    valkey = Dependency(Cache(home, durable=False))
    postgresql.part.prepare()
    host = quote(str(postgresql.part.sockets), safe="")
    variables = {
        "DATABASE_URL": f"postgres://postgres@{host}:{POSTGRESQL_PORT}/paycore",
        "REDIS_URL": embedded_redis_url(home),
        "RATE_LIMIT_ANONYMOUS": "600/minute",
        "RATE_LIMIT_AUTHENTICATED": "6000/minute",
        "METRICS_TOKEN": METRICS_TOKEN,
        "DEMO_PASSWORD": PASSWORD,
    }
    with ExitStack() as opened:
        for dependency in (postgresql, valkey):
            opened.callback(dependency.stop)
            dependency.start()
        print("up", time.time()-t)
        for command in ("migrate", "seed_demo"):
            subprocess.run([sys.executable, ROOT/"manage.py", command, "--verbosity=0"], env=environment(home, **variables), cwd=ROOT, check=True)
            print(command, time.time()-t)
        server = opened.enter_context(serving(home, workers=1, **variables))
        server.wait_until_ready()
        print("ready", time.time()-t)
        yield Stack(postgresql, valkey, server, variables["REDIS_URL"])

def test_db(stack):
    r=stack.post("/v1/auth/login", {"email":"ada@paycore.example","password":PASSWORD})
    print(r)
    stack.token={"Authorization": "Bearer "+r.json()["access"]}
    print(stack.get("/v1/accounts").status)
    with stack.postgresql.down():
        for i in range(3):
          for m,p,b in (("get","/v1/accounts",None),("post","/v1/auth/login", {"email":"ada@paycore.example","password":PASSWORD}),("get","/health/ready",None),("get","/health/live",None),("get","/openapi.json",None)):
            t=time.time()
            r=stack.get(p) if m=="get" else stack.post(p,b)
            print(p, r.status, r.headers, r.body[:400], round(time.time()-t,2))
    t=time.time()
    while True:
        r=stack.get("/v1/accounts"); print(r.status, round(time.time()-t,2))
        if r.status==200: break
        time.sleep(.2)
    print(stack.get("/health/ready"))
    with stack.valkey.down():
        for i in range(2):
          for m,p,b in (("get","/v1/accounts",None),("post","/v1/auth/login", {"email":"ada@paycore.example","password":PASSWORD}),("get","/health/ready",None),("get","/health/live",None)):
            t=time.time()
            r=stack.get(p) if m=="get" else stack.post(p,b)
            print(p, r.status, r.headers, r.body[:400], round(time.time()-t,2))
    t=time.time()
    while True:
        r=stack.post("/v1/auth/login", {"email":"ada@paycore.example","password":PASSWORD}); print(r.status, round(time.time()-t,2))
        if r.status==200: break
        time.sleep(.2)
    print(stack.server.log.read_text()[-5000:])
