"""`make run` and `make demo`, as a person starts them: at first, and after a kill."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.bank import is_listening, url_file

SECONDS = 120


@pytest.fixture
def environment(new_home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = {"PORT": str(port), "PAYCORE_HOME": str(new_home)}
    # Never the servers of whoever runs the tests: this seeds people.
    hidden = {"DATABASE_URL", "REDIS_URL", "DEMO_PASSWORD", "MAKELEVEL"}
    # Nor another bank.
    hidden |= {"PAYOUT_GATEWAYS", "SANDBOX_BANK_URL"}
    return {key: value for key, value in os.environ.items() if key not in hidden} | ours


def start(command, environment, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "paycore.stack", command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )


def wait_until_ready(stack, environment):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        assert stack.poll() is None, stack.stdout.read()
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection(
                "127.0.0.1", int(environment["PORT"]), timeout=5
            )
            connection.request("GET", "/health/ready")
            status = connection.getresponse().status
            connection.close()
            if status == 200:
                return
        time.sleep(0.1)
    raise AssertionError("The stack is not ready.")


def wait_until(is_so):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "Waited too long."
        time.sleep(0.1)


def processes_of(environment):
    """All that was started for this home."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PAYCORE_HOME") == environment["PAYCORE_HOME"]:
                found.append(process)
    return found


def test_a_killed_stack_leaves_nothing_that_blocks_the_next(environment):
    killed = start("run", environment)
    wait_until_ready(killed, environment)
    running = processes_of(environment)

    killed.kill()
    killed.communicate()

    assert len(running) >= 6
    _, alive = psutil.wait_procs(running, timeout=30)
    assert alive == []

    demo = start("demo", environment)
    told, _ = demo.communicate(timeout=SECONDS)

    assert demo.returncode == 0, told
    assert "steps went as expected, and the books are right." in told
    assert processes_of(environment) == []


def test_told_to_stop_it_stops_everything(environment):
    stack = start("run", environment)
    told = ""
    while "Ctrl-C stops everything" not in told:
        told += stack.stdout.readline() or pytest.fail(told)

    stack.send_signal(signal.SIGTERM)
    last_words, _ = stack.communicate(timeout=60)

    assert stack.returncode == 0, last_words
    assert f"http://127.0.0.1:{environment['PORT']}/admin/" in told
    assert "ada@paycore.example" in told
    assert f"signed by {environment['PAYCORE_HOME']}/deposit_webhook_secret" in told
    assert processes_of(environment) == []


def test_a_killed_process_is_started_again(environment):
    stack = start("run", environment)
    wait_until_ready(stack, environment)
    memory = Path(environment["PAYCORE_HOME"], "run", "stacks", environment["PORT"])
    web = processes.recall(memory / "processes.json")["web"].find()
    children = web.children()

    web.kill()

    # Its children hold the port until they are ended too.
    assert processes.wait_for_end([web, *children], seconds=30) == []
    wait_until_ready(stack, environment)
    stack.send_signal(signal.SIGTERM)
    told, _ = stack.communicate(timeout=60)
    assert stack.returncode == 0
    assert "web ended unexpectedly (signal SIGKILL). Starting it again" in told


def test_the_bank_is_started_again_when_it_is_killed(environment):
    home = Path(environment["PAYCORE_HOME"])
    stack = start("run", environment)
    wait_until_ready(stack, environment)
    memory = home / "run" / "stacks" / environment["PORT"] / "processes.json"
    wait_until(lambda: is_listening(home))
    bank = processes.recall(memory)["bank"].find()

    bank.kill()

    assert processes.wait_for_end([bank], seconds=30) == []
    wait_until(lambda: is_listening(home))
    stack.send_signal(signal.SIGTERM)
    told, _ = stack.communicate(timeout=60)
    assert stack.returncode == 0
    assert "bank ended unexpectedly (signal SIGKILL). Starting it again" in told
    assert not url_file(home).exists()


def test_a_bank_that_runs_elsewhere_is_not_started_here(environment):
    environment["SANDBOX_BANK_URL"] = "http://127.0.0.1:1"
    stack = start("run", environment)
    wait_until_ready(stack, environment)

    stack.send_signal(signal.SIGTERM)
    told, _ = stack.communicate(timeout=60)

    assert "Starting web, worker, beat" in told
    assert not Path(environment["PAYCORE_HOME"], "bank").exists()


def test_a_taken_port_is_told_in_a_sentence(environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment["PORT"])))
        other.listen()

        stack = start("run", environment)
        told, _ = stack.communicate(timeout=60)

    assert stack.returncode == 1
    assert told.startswith(f"paycore: Port {environment['PORT']} of 127.0.0.1 cannot")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "70000"), ("RATE_LIMIT_ANONYMOUS", "many")],
)
def test_a_senseless_variable_is_told_in_a_sentence(environment, name, value):
    stack = start("run", environment | {name: value})
    told, _ = stack.communicate(timeout=60)

    assert stack.returncode == 1
    assert told.startswith(f"paycore: {name} must")
    assert len(told.splitlines()) == 1
