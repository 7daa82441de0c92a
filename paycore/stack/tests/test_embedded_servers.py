"""The embedded servers run while anybody uses them, and come back after any death."""

import contextlib
import subprocess
import sys
import time

import psutil
import psycopg
import pytest
import redis

from paycore.settings.environment import ROOT
from paycore.settings.servers import embedded_redis_url, socket_directory
from paycore.stack import embedded, processes
from paycore.stack.keeper import locks, memory, servers_memory
from paycore.stack.processes import StackError

USE_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from paycore.stack import embedded
with embedded.servers(Path(sys.argv[1]), durable=False):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(new_home):
    return new_home


def connect(home):
    return psycopg.connect(
        host=str(socket_directory(home) / "postgresql"),
        user="postgres",
        dbname="paycore",
        autocommit=True,
    )


def processes_of(home):
    found = [*processes.recall(memory(home)).values()]
    found += processes.recall(servers_memory(home)).values()
    return [process for row in found if (process := row.find())]


def wait_until_gone(found, seconds=120):
    assert processes.wait_for_end(found, seconds=seconds) == []


@pytest.fixture
def use_until_killed(home):
    """Start a process that uses the servers. None is left when the test ends."""
    with contextlib.ExitStack() as users:

        def start():
            user = users.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", USE_UNTIL_KILLED, home],
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                )
            )
            users.callback(user.kill)
            return user

        yield start


def is_up(user):
    return user.stdout.readline() == b"up\n"


def test_both_servers_answer_and_stop_with_their_last_user(home):
    with embedded.servers(home, durable=False):
        running = processes_of(home)
        with connect(home) as connection:
            version = connection.info.server_version // 10000
        assert version == 18
        with redis.Redis.from_url(embedded_redis_url(home)) as valkey:
            assert valkey.ping()
        with embedded.servers(home, durable=False):
            pass
        assert embedded.are_running(home)

    assert len(running) == 3
    wait_until_gone(running, seconds=0)
    assert not embedded.are_running(home)


def test_data_is_kept_between_runs_and_durability_is_real_by_default(home):
    with embedded.servers(home), connect(home) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        settings = connection.execute(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()
    assert settings == ("on", "on")

    with embedded.servers(home), connect(home) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_killed_user_leaves_nothing_running(home, use_until_killed):
    user = use_until_killed()
    assert is_up(user)
    running = processes_of(home)

    user.kill()

    assert len(running) == 3
    wait_until_gone(running)


def test_servers_of_a_killed_keeper_end_and_the_next_user_starts_anew(home):
    with embedded.servers(home, durable=False):
        running = processes_of(home)
        keeper = processes.recall(memory(home))["keeper"].find()
        keeper.kill()
        wait_until_gone(running)

        with embedded.servers(home, durable=False), connect(home) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["postgresql", "valkey"])
def test_a_killed_server_is_started_again_with_its_data(home, name):
    with embedded.servers(home):
        with connect(home) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        killed: list[psutil.Process] = []
        for _ in range(3):
            # The next one is named when it is started: mostly before it answers.
            server = find_server(home, name, other_than=killed)
            server.kill()
            wait_until_gone([server])
            killed.append(server)

        deadline = time.monotonic() + 120
        while answers(home) != (True, 42) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answers(home) == (True, 42)
        assert set(killed).isdisjoint(processes_of(home))


def test_who_ends_may_ask_whether_a_server_did(home):
    with embedded.servers(home, durable=False):
        start = last_start(home)
        assert not embedded.have_failed(home, since=start)

        killed = find_server(home, "valkey", other_than=[])
        killed.kill()
        wait_until_gone([killed])

        assert embedded.have_failed(home, since=start)
        find_server(home, "valkey", other_than=[killed])
        assert embedded.have_failed(home, since=start)
        # Who was started after it has nothing to do with it.
        start = last_start(home)
        assert not embedded.have_failed(home, since=start)
    assert embedded.have_failed(home, since=start)


def last_start(home):
    return max(row.started for row in processes.recall(servers_memory(home)).values())


def find_server(home, name, *, other_than):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        row = processes.recall(servers_memory(home)).get(name)
        server = row.find() if row else None
        if server is not None and server not in other_than:
            return server
    return pytest.fail(f"{name} is not started again.")


def answers(home):
    try:
        with redis.Redis.from_url(embedded_redis_url(home)) as valkey:
            pong = valkey.ping()
        with connect(home) as connection:
            [answer] = connection.execute("SELECT answer FROM kept").fetchone()
    except (redis.ConnectionError, psycopg.OperationalError):
        return None
    else:
        return pong, answer


def test_backends_of_a_killed_server_do_not_write_beside_the_next(home):
    with embedded.servers(home, durable=False):
        connection = connect(home)
        [backend] = connection.execute("SELECT pg_backend_pid()").fetchone()
        backend = psutil.Process(backend)
        # It cannot see that its server is gone.
        backend.suspend()
        server = processes.recall(servers_memory(home))["postgresql"].find()

        server.kill()

        wait_until_gone([server, backend])
        connection.close()
        with embedded.servers(home, durable=False), connect(home) as next_one:
            assert next_one.execute("SELECT 1").fetchone() == (1,)


def test_everything_killed_at_once_leaves_nothing_that_blocks(home, use_until_killed):
    user = use_until_killed()
    assert is_up(user)
    running = processes_of(home)
    running += [child for process in running for child in process.children()]
    for process in [*running, psutil.Process(user.pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until_gone(running)
    # As if the number of the dead PostgreSQL were in use again.
    (home / "postgresql" / "postmaster.pid").write_text("1\n")

    with embedded.servers(home, durable=False), connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_an_interrupted_creation_is_begun_again(home):
    aside = home / "postgresql.new"
    aside.mkdir(parents=True)
    (aside / "PG_VERSION").write_text("18\n")

    with embedded.servers(home, durable=False), connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not aside.exists()


def test_a_cluster_of_another_version_is_refused_with_a_sentence(home):
    (home / "postgresql").mkdir(parents=True)
    (home / "postgresql" / "PG_VERSION").write_text("17\n")

    with (
        pytest.raises(StackError, match=r"made by PostgreSQL 17, this is 18"),
        embedded.servers(home, durable=False),
    ):
        pass


def test_a_path_too_long_for_a_socket_is_no_obstacle(home):
    home /= "x" * 100

    with embedded.servers(home, durable=False), connect(home):
        assert not socket_directory(home).is_relative_to(home)
    assert not socket_directory(home).exists()


def test_a_deleted_home_ends_its_servers(home, use_until_killed):
    assert is_up(use_until_killed())
    running = processes_of(home)

    (locks(home) / "keeper.lock").unlink()

    wait_until_gone(running)


def test_two_homes_run_side_by_side(home):
    first, second = home / "first", home / "second"
    with embedded.servers(first, durable=False):
        with embedded.servers(second, durable=False), connect(second) as connection:
            connection.execute("CREATE TABLE only_in_the_second (id int)")

        with connect(first) as connection:
            found = connection.execute("SELECT to_regclass('only_in_the_second')")
            assert found.fetchone() == (None,)


def test_users_that_come_at_once_share_one_keeper(home, use_until_killed):
    users = [use_until_killed() for _ in range(3)]
    assert all(is_up(user) for user in users)
    running = processes_of(home)

    assert len(running) == 3
    for user in users:
        user.kill()
    # By themselves the users would have gone on for much longer.
    wait_until_gone(running)
