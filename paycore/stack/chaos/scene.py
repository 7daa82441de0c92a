"""The processes of a drill: real workers and beats, and the real sandbox bank."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import redis

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.bank.process import SandboxBank
from paycore.stack.chaos.actor import NO_SCRIPT
from paycore.stack.chaos.deaths import Death, Script
from paycore.stack.processes import StackError, describe
from paycore.stack.supervisor import Supervisor

# What every process of a drill runs with: little patience, so that much happens. A
# lease still lasts longer than the bank may take to answer.
LEASE_SECONDS: Final = 2
CONDITIONS: Final = {
    "PAYOUT_GATEWAYS": "*=sandbox",
    "PAYOUT_APPROVAL_ABOVE": "",
    "SANDBOX_BANK_URL": "",
    "PAYOUT_GATEWAY_TIMEOUT": "1",
    "PAYOUT_LEASE": str(LEASE_SECONDS),
    # Each death may cost an attempt, and none of them is the bank's fault.
    "PAYOUT_MAX_ATTEMPTS": "1000",
    # Of a worker that stands still inside a transaction.
    "IDLE_IN_TRANSACTION_TIMEOUT_MS": "2000",
    "FX_SOURCES": "",
    # Several workers cannot share one.
    "WORKER_METRICS_PORT": "0",
    "PYTHONUNBUFFERED": "1",
}
# Longer than a lease, and than a transaction may idle.
PAUSE_SECONDS: Final = LEASE_SECONDS + 1.0


@dataclass
class Actor:
    """A Celery process, leader of a group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    script: Script | None = None
    _paused_at: float | None = field(default=None, init=False)

    @property
    def is_alive(self) -> bool:
        """Raises: `StackError` when it ended, and not by SIGKILL."""
        code = self.process.poll()
        if code not in {None, -signal.SIGKILL}:
            raise StackError(
                f"{self.name} ended unexpectedly ({describe(code)})."
                f" {self.log} ends with:\n{processes.end_of_log(self.log)}"
            )
        return code is None

    @property
    def is_paused(self) -> bool:
        """Whether it stands still by itself."""
        with suppress(psutil.NoSuchProcess):
            status = psutil.Process(self.process.pid).status()
            return bool(status == psutil.STATUS_STOPPED)
        return False

    def resume_after(self, seconds: float) -> None:
        """Let it go on, if it has been standing still for so long."""
        if not self.is_paused:
            self._paused_at = None
        elif self._paused_at is None:
            self._paused_at = time.monotonic()
        elif time.monotonic() >= self._paused_at + seconds:
            self.resume()

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """All of its processes, also such as stand still."""
        self.send(signal.SIGKILL)
        self.process.wait()

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@dataclass
class Scene:
    """Where a drill takes place. `variables` make the environment of its processes."""

    home: Path
    bank: SandboxBank
    variables: Mapping[str, str]
    redis_url: str
    redis_key_prefix: str
    actors: list[Actor] = field(default_factory=list)

    def start_worker(
        self, deaths: Sequence[Death] = (), *, concurrency: int = 1
    ) -> Actor:
        """The stack's own worker, but for its fate."""
        name = f"worker-{len(self.actors)}"
        directory = self.home / "scripts" / name
        script = Script.write(directory, deaths) if deaths else None
        path = str(directory) if deaths else NO_SCRIPT
        more = [f"--concurrency={concurrency}", f"--hostname={name}@%h"]
        return self._start(name, path, [*self._celery("worker"), *more], script)

    def start_beat(self) -> Actor:
        """The stack's own beat. There may be several."""
        name = f"beat-{len(self.actors)}"
        more = [f"--schedule={self.home / name}"]
        return self._start(name, NO_SCRIPT, [*self._celery("beat"), *more], None)

    def forget_messages(self) -> None:
        """As when the broker is flushed, but for what others keep there."""
        with redis.Redis.from_url(self.redis_url) as client:
            for key in client.scan_iter(match=f"{self.redis_key_prefix}*"):
                client.delete(key)

    def end(self) -> None:
        """Leave nothing running."""
        for actor in self.actors:
            actor.kill()

    def _celery(self, name: str) -> list[str]:
        stack = _Stack(home=self.home, port=0, embedded=False, say=print)
        return stack.celery(name)

    def _start(
        self,
        name: str,
        script_path: str,
        arguments: Sequence[str],
        script: Script | None,
    ) -> Actor:
        path = self.home / "logs" / f"{name}.log"
        with processes.open_log(path) as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "paycore.stack.chaos.actor",
                    script_path,
                    *arguments,
                ],
                cwd=ROOT,
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Not SIGTERM, which one that stands still would not hear.
                preexec_fn=processes.dies_with_parent(  # noqa: PLW1509
                    signal.SIGKILL
                ),
            )
        actor = Actor(name, process, path, script)
        self.actors.append(actor)
        return actor


class _Stack(Supervisor):
    """Only asked how it starts its processes."""

    def celery(self, name: str) -> list[str]:
        _, *arguments = self._commands()[name]
        return arguments
