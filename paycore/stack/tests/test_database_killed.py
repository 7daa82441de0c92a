"""PostgreSQL is killed while a Celery worker has payouts under way, and comes back."""

import copy
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import psutil
import pytest
from django.conf import settings
from django.db import connection, connections

from paycore.settings.servers import POSTGRESQL_PORT, socket_directory
from paycore.stack.bank.process import SandboxBank
from paycore.stack.chaos.orders import PLAIN, Orders
from paycore.stack.chaos.scene import CONDITIONS, Scene
from paycore.stack.chaos.verdict import judge
from paycore.stack.keeper import make_socket_directory
from paycore.stack.postgresql import Cluster, programs
from paycore.stack.tests.dependencies import Dependency, wait_until
from paycore.stack.tests.serving import environment, servers_of_the_test
from payouts.models import Payout

pytestmark = pytest.mark.django_db(transaction=True)

# The bank answers some of them late, so that there is something to be in the middle of.
WAVE: Final = (PLAIN, PLAIN, "sandbox-slow", "sandbox-late", "sandbox-decline")
KILLS: Final = 2


def test_payouts_are_executed_once_and_the_worker_goes_on(
    mortal: Dependency, own_bank: SandboxBank
) -> None:
    with books_in(mortal), workers(mortal, own_bank) as scene:
        orders = Orders.of_new_customers()
        for _ in range(KILLS):
            orders.place(*WAVE)
            wait_until(lambda: Payout.objects.exclude(leased_by="").exists())
            kill(mortal)
            mortal.start()
        wait_until(lambda: not orders.list_open(own_bank))

        assert [actor.is_alive for actor in scene.actors] == [True, True]
        scene.end()
        verdict = judge(orders, own_bank)

    assert verdict.differences == []
    assert verdict.complaints == []
    assert verdict.most_executions == 1


@pytest.fixture
def mortal() -> Iterator[Dependency]:
    """A PostgreSQL to kill, which keeps what was committed."""
    # Not in pytest's own directory: the user that PostgreSQL runs as must reach it.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    home = settings.HOME / f"mortal-{worker}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    make_socket_directory(home)
    # Created in haste: nobody pulls the plug of the machine.
    Cluster(home, durable=False).prepare()
    server = Dependency(Cluster(home, durable=True))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        for directory in (home, socket_directory(home)):
            shutil.rmtree(directory, ignore_errors=True)


def place_of(server: Dependency) -> dict[str, str]:
    assert isinstance(server.part, Cluster)
    place = {"HOST": str(server.part.sockets), "PORT": str(POSTGRESQL_PORT)}
    return place | {"NAME": "paycore", "USER": "postgres", "PASSWORD": ""}


@contextmanager
def books_in(server: Dependency) -> Iterator[None]:
    """Inside, this thread works on a copy of the test's database in another server."""
    place = place_of(server)
    copy_tables(connection.settings_dict, place)
    other = copy.deepcopy(connection.settings_dict) | place
    # A pool would be that of the test's own database.
    other["OPTIONS"].pop("pool", None)
    ours = connections["default"]
    connections["default"] = type(ours)(other, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = ours


def copy_tables(source: dict[str, Any], target: dict[str, str]) -> None:
    """Quicker than migrating."""
    dumped = subprocess.run(
        [programs() / "pg_dump", *flags(source)],
        env=os.environ | {"PGPASSWORD": source["PASSWORD"] or ""},
        capture_output=True,
        check=True,
    )
    subprocess.run(
        [programs() / "psql", *flags(target), "--quiet", "--set=ON_ERROR_STOP=1"],
        input=dumped.stdout,
        capture_output=True,
        check=True,
    )


def flags(place: dict[str, Any]) -> list[str]:
    names = {"HOST": "host", "PORT": "port", "USER": "username", "NAME": "dbname"}
    return [f"--{flag}={place[name]}" for name, flag in names.items()]


@contextmanager
def workers(server: Dependency, bank: SandboxBank) -> Iterator[Scene]:
    """A worker and a beat, on that server and that bank."""
    place = place_of(server)
    host = quote(place["HOST"], safe="")
    variables = servers_of_the_test() | {
        "DATABASE_URL": f"postgres://postgres@{host}:{POSTGRESQL_PORT}/paycore"
    }
    scene = Scene(
        home=bank.home,
        bank=bank,
        variables=environment(
            bank.home,
            **variables,
            **CONDITIONS,
            ENCRYPTION_KEYS=",".join(settings.ENCRYPTION_KEYS),
        ),
        redis_url=variables["REDIS_URL"],
        redis_key_prefix=variables["REDIS_KEY_PREFIX"],
    )
    try:
        scene.start_worker(concurrency=2)
        scene.start_beat()
        yield scene
    finally:
        scene.end()
        scene.forget_messages()


def kill(server: Dependency) -> None:
    """SIGKILL, to all of its processes."""
    assert server.process is not None
    main = psutil.Process(server.process.pid)
    for process in (main, *main.children(recursive=True)):
        process.kill()
    server.process.wait()
    # Ours went with it.
    connection.close()
