"""`make run` and `make demo`, as a person starts them: at first, and after a kill."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from paycore.settings.environment import ROOT
from paycore.stack import keeper, processes
from paycore.stack.__main__ import ENDINGS, interrupt, supervisor
from paycore.stack.bank import is_listening, url_file
from paycore.stack.tests.serving import free_port

SECONDS = 300
ELSEWHERE = "http://127.0.0.1:1"


@pytest.fixture
def environment(new_home):
    ours = {"PORT": str(free_port()), "PAYCORE_HOME": str(new_home)}
    # Never the servers of whoever runs the tests: this seeds people.
    hidden = {"DATABASE_URL", "REDIS_URL", "DEMO_PASSWORD", "MAKELEVEL"}
    # Nor another bank.
    hidden |= {"PAYOUT_GATEWAYS", "SANDBOX_BANK_URL"}
    return {key: value for key, value in os.environ.items() if key not in hidden} | ours


@pytest.fixture
def start(environment):
    """Start a command of the stack. A test that fails leaves none running."""
    with contextlib.ExitStack() as started:

        def start_one(command, **variables):
            stack = subprocess.Popen(
                [sys.executable, "-m", "paycore.stack", command],
                cwd=ROOT,
                env=environment | variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            started.enter_context(stack)
            started.callback(stack.kill)
            return stack

        yield start_one


def wait_until_serving(stack):
    """Until it says so itself: only then are all of its processes looked after."""
    told = ""
    while "Ctrl-C stops everything" not in told:
        told += stack.stdout.readline() or pytest.fail(told)
    return told


def is_ready(environment):
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(environment["PORT"]), timeout=5
    )
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    return False


def wait_until(is_so, *, stack):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert stack.poll() is None, stack.stdout.read()
        assert time.monotonic() < deadline, "Waited too long."
        time.sleep(0.1)


def end(stack):
    """Tell it to stop; what it said since `wait_until_serving`."""
    stack.send_signal(signal.SIGTERM)
    told, _ = stack.communicate(timeout=SECONDS)
    assert stack.returncode == 0, told
    return told


def processes_of(environment):
    """All that was started for this home."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PAYCORE_HOME") == environment["PAYCORE_HOME"]:
                found.append(process)
    return found


def test_a_killed_stack_leaves_nothing_that_blocks_the_next(start, environment):
    killed = start("run")
    wait_until_serving(killed)
    running = processes_of(environment)

    killed.kill()
    killed.communicate()

    assert len(running) >= 6
    _, alive = psutil.wait_procs(running, timeout=SECONDS)
    assert alive == []

    demo = start("demo")
    told, _ = demo.communicate(timeout=2 * SECONDS)

    assert demo.returncode == 0, told
    assert "steps went as expected, and the books are right." in told
    assert processes_of(environment) == []


def test_killed_processes_are_started_again(start, environment):
    home = Path(environment["PAYCORE_HOME"])
    stack = start("run")
    wait_until_serving(stack)
    memory = home / "run" / "stacks" / environment["PORT"] / "processes.json"
    first = processes.recall(memory)
    killed = [row.find() for row in first.values()]
    killed += [processes.recall(keeper.memory(home))["keeper"].find()]
    children = first["web"].find().children()

    for process in killed:
        process.kill()

    # Those of the web server hold the port until they are ended too.
    assert processes.wait_for_end([*killed, *children], seconds=SECONDS) == []
    wait_until(
        lambda: not set(first.values()) & set(processes.recall(memory).values()),
        stack=stack,
    )
    wait_until(lambda: is_ready(environment), stack=stack)
    wait_until(lambda: is_listening(home), stack=stack)
    told = end(stack)
    for name in ("bank", "web", "worker", "beat"):
        assert f"{name} ended unexpectedly (signal SIGKILL). Starting it again" in told
    assert "keeper ended unexpectedly (with PostgreSQL and Valkey)." in told
    assert not url_file(home).exists()
    assert processes_of(environment) == []


def test_one_killed_while_others_start_is_started_again_and_all_of_it_stops(
    start, environment
):
    home = Path(environment["PAYCORE_HOME"])
    stack = start("run")
    memory = home / "run" / "stacks" / environment["PORT"] / "processes.json"
    wait_until(lambda: "web" in processes.recall(memory), stack=stack)

    processes.recall(memory)["web"].find().kill()

    told = wait_until_serving(stack)
    assert is_ready(environment)
    end(stack)
    assert f"http://127.0.0.1:{environment['PORT']}/admin/" in told
    assert "ada@paycore.example" in told
    assert f"signed by {environment['PAYCORE_HOME']}/deposit_webhook_secret" in told
    assert processes_of(environment) == []


def test_ctrl_c_while_it_is_read_ends_it_without_a_traceback(start, tmp_path):
    told_to_stop = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    (tmp_path / "psutil.py").write_text(told_to_stop)

    stack = start("run", PYTHONPATH=str(tmp_path))
    told, _ = stack.communicate(timeout=SECONDS)

    assert stack.returncode == -signal.SIGINT
    assert told == ""


def test_two_signals_at_once_stop_it_once():
    # A terminal that closes sends one, make that ends with it another.
    before = {number: signal.signal(number, interrupt) for number in ENDINGS}
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    for number in ENDINGS:
        signal.pthread_kill(threading.get_ident(), number)

    try:
        with pytest.raises(KeyboardInterrupt):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    ("url", "started"),
    [("", {"bank", "web", "worker", "beat"}), (ELSEWHERE, {"web", "worker", "beat"})],
)
def test_a_bank_that_runs_elsewhere_is_not_started_here(settings, url, started):
    settings.SANDBOX_BANK_URL = url

    assert set(supervisor()._commands()) == started


def test_a_taken_port_is_told_in_a_sentence(start, environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()

        stack = start("run")
        told, _ = stack.communicate(timeout=SECONDS)

    assert stack.returncode == 1
    assert told.startswith(f"paycore: Port {environment['PORT']} of 127.0.0.1 cannot")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "70000"), ("RATE_LIMIT_ANONYMOUS", "many")],
)
def test_a_senseless_variable_is_told_in_a_sentence(start, name, value):
    stack = start("run", **{name: value})
    told, _ = stack.communicate(timeout=SECONDS)

    assert stack.returncode == 1
    assert told.startswith(f"paycore: {name} must")
    assert len(told.splitlines()) == 1


def test_a_home_that_cannot_be_made_is_told_in_a_sentence(start):
    stack = start("run", PAYCORE_HOME="/dev/null/home")
    told, _ = stack.communicate(timeout=SECONDS)

    assert stack.returncode == 1
    assert told.startswith("paycore: PAYCORE_HOME cannot be used: ")
    assert len(told.splitlines()) == 1


def test_a_database_that_does_not_answer_is_told_in_a_sentence(start):
    elsewhere = {
        "DATABASE_URL": "postgres://somebody:hunter2@127.0.0.1:1/books",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    stack = start("run", **elsewhere)
    told, _ = stack.communicate(timeout=SECONDS)

    assert stack.returncode == 1
    assert told.startswith("paycore: The database does not answer: ")
    assert "127.0.0.1" in told
    assert "hunter2" not in told
    assert len(told.splitlines()) == 1
