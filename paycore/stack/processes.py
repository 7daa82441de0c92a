"""Starting, remembering and ending the processes of the stack."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Self

import psutil

_PR_SET_PDEATHSIG: Final = 1
LARGEST_LOG_BYTES: Final = 20 * 1024 * 1024


class StackError(Exception):
    """Something a person must do, in a sentence. Shown without a traceback."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A process by its number and its start: numbers are used again, pairs are not."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid=pid, started=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process itself, if it still runs."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            if same and is_alive(process):
                return process
        return None


@dataclass
class Deaths:
    """How often something died lately: how soon it is started again, and whether."""

    most: int = 5
    seconds: float = 60
    longest_pause: float = 10
    moments: list[float] = field(default_factory=list)

    def note(self) -> None:
        """Count one more."""
        now = time.monotonic()
        self.moments = [when for when in self.moments if now - when < self.seconds]
        self.moments.append(now)

    def are_too_many(self) -> bool:
        """Whether it is no use to start it again, if it ends by itself."""
        return len(self.moments) > self.most

    def pause(self) -> float:
        """Seconds before it is started again: none at first, then more each time."""
        many = len(self.moments) - self.most // 2
        return min(2.0**many / 2, self.longest_pause) if many > 0 else 0


def alive(processes: Mapping[str, subprocess.Popen[bytes]]) -> dict[str, int]:
    """The numbers of those that run. A number that was given back says nothing."""
    return {
        name: process.pid
        for name, process in processes.items()
        if process.poll() is None
    }


def remember(path: Path, processes: Mapping[str, int]) -> None:
    """Write down who runs, for whoever has to clean up after us."""
    rows = {name: Remembered.of(pid) for name, pid in processes.items()}
    text = json.dumps({name: [row.pid, row.started] for name, row in rows.items()})
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


def recall(path: Path) -> dict[str, Remembered]:
    """What `remember` wrote; nothing when there is no such file, or half of one."""
    try:
        rows = json.loads(path.read_text())
        return {name: Remembered(*row) for name, row in rows.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def dies_with_parent(
    ending: signal.Signals, *, parent: int | None = None
) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `ending` when the starting process is gone.

    Only Linux can; elsewhere the next start ends what was left running.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    expected = parent or os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(ending))
        # The parent may have died before the kernel was asked.
        if os.getppid() != expected:
            os.kill(os.getpid(), ending)

    return ask_the_kernel


def open_log(path: Path) -> IO[bytes]:
    """The log to append to; one that has grown large is first put aside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def end_of_log(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log, for an error message."""
    with suppress(FileNotFoundError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""


def working_in(directory: Path) -> list[psutil.Process]:
    """The processes whose current directory this is."""
    found = []
    for process in psutil.process_iter():
        # Those of other people cannot be asked, and are not ours.
        with suppress(psutil.Error):
            if process.cwd() == str(directory):
                found.append(process)
    return found


def end(
    processes: Sequence[psutil.Process | subprocess.Popen[bytes]],
    *,
    ending: signal.Signals = signal.SIGTERM,
    seconds: float = 10,
) -> None:
    """Ask all of them to end, wait, and kill those that did not."""
    found: list[psutil.Process] = []
    for process in processes:
        if isinstance(process, subprocess.Popen) and process.poll() is not None:
            # Its number may be somebody else's by now.
            continue
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(process.pid))
    _send(ending, found)
    alive = wait_for_end(found, seconds=seconds)
    _send(signal.SIGKILL, alive)
    wait_for_end(alive, seconds=5)


def was_killed(process: subprocess.Popen[bytes]) -> bool:
    """Whether a signal ended it: it did not give up by itself."""
    return (process.poll() or 0) < 0


def describe(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    return f"signal {signal.Signals(-returncode).name}"


def wait_for_end(
    processes: Sequence[psutil.Process], *, seconds: float
) -> list[psutil.Process]:
    """Those that still run when the time is up."""
    deadline = time.monotonic() + seconds
    alive = [process for process in processes if is_alive(process)]
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if is_alive(process)]
    return alive


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs. A zombie does not: it only waits for its parent to look."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    return False


def _send(number: signal.Signals, processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def end_with_parent() -> None:
    """Be told to stop when whoever started this process is gone."""
    if ask_the_kernel := dies_with_parent(signal.SIGTERM, parent=os.getppid()):
        ask_the_kernel()
