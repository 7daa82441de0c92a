"""What dies is started again: at once, then later and later, and if killed, always."""

import time

import pytest

from paycore.stack import processes
from paycore.stack.processes import Deaths
from paycore.stack.supervisor import ProcessEnded, Supervisor

SECONDS = 120


class Simple(Supervisor):
    """A stack of one process or more, each a module of Python's own."""

    names = ("one",)
    command = ["timeit", "--number=1", "--repeat=1", "import time; time.sleep(600)"]

    def _commands(self):
        return dict.fromkeys(self.names, self.command)

    def start(self):
        self.directory.mkdir(parents=True)
        self._start(*self.names)

    def look_until(self, is_so):
        deadline = time.monotonic() + SECONDS
        while not is_so():
            assert time.monotonic() < deadline, "Waited too long."
            self._look_after(is_ready=True)


@pytest.fixture
def stack(tmp_path):
    stack = Simple(home=tmp_path, port=1, embedded=False, say=lambda _: None)
    # Nobody needs to wait for it here.
    stack.deaths["one"] = Deaths(longest_pause=0)
    yield stack
    processes.end(list(stack.children.values()))
    for child in stack.children.values():
        child.wait()


@pytest.fixture
def clock(monkeypatch):
    """The moment, in seconds; a test may set it."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_pauses_grow_to_ten_seconds(clock):
    deaths = Deaths()
    pauses = []
    for _ in range(8):
        deaths.note()
        pauses.append(deaths.pause())

    assert pauses == [0, 0, 1, 2, 4, 8, 10, 10]


def test_what_was_long_ago_is_forgotten(clock):
    deaths = Deaths()
    for _ in range(6):
        deaths.note()
    assert deaths.are_too_many()

    clock[0] += 60
    deaths.note()

    assert not deaths.are_too_many()
    assert deaths.pause() == 0


def test_one_that_is_killed_is_started_again_however_often(stack):
    stack.start()
    pids = set()
    for _ in range(12):
        child = stack.children["one"]
        pids.add(child.pid)
        child.kill()
        stack.look_until(lambda child=child: stack.children["one"] is not child)

    assert len(pids) == 12
    assert stack.children["one"].poll() is None


def test_of_two_that_are_killed_at_once_both_are_started_again(stack):
    stack.names = ("one", "two")
    stack.start()
    first = dict(stack.children)
    for child in first.values():
        child.kill()
        child.wait()

    stack.look_until(lambda: not set(first.values()) & set(stack.children.values()))

    assert [child.poll() for child in stack.children.values()] == [None, None]


def test_one_that_ends_by_itself_again_and_again_ends_the_stack(stack):
    stack.command = ["this"]
    stack.start()

    with pytest.raises(ProcessEnded) as ended:
        stack.look_until(lambda: False)

    assert ended.value.summary == "one ended unexpectedly (exit code 0)."
    assert len(stack.deaths["one"].moments) == 6


def test_one_that_ends_because_a_server_did_is_started_again_however_often(
    stack, monkeypatch
):
    stack.command, stack.embedded = ["this"], True
    monkeypatch.setattr("paycore.stack.embedded.are_kept", lambda _: True)
    asked = []

    def have_failed(home, *, since):
        asked.append(since)
        return len(asked) < 12

    monkeypatch.setattr("paycore.stack.embedded.have_failed", have_failed)
    stack.start()

    with pytest.raises(ProcessEnded):
        stack.look_until(lambda: False)

    # Each time for the process that ended.
    assert len(set(asked)) == 12
    assert asked == sorted(asked)


def test_one_that_ends_by_itself_at_its_start_ends_the_stack(stack):
    stack.command = ["this"]
    stack.start()
    stack.children["one"].wait()

    with pytest.raises(ProcessEnded):
        stack._look_after(is_ready=False)


def test_a_pause_is_waited_for(stack):
    stack.deaths["one"] = Deaths(most=0, longest_pause=SECONDS)
    stack.start()
    child = stack.children["one"]
    child.kill()
    child.wait()

    for _ in range(3):
        stack._look_after(is_ready=True)

    assert stack.children["one"] is child
    assert len(stack.deaths["one"].moments) == 1
