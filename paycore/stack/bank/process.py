"""A sandbox bank as a process that its starter may kill, and what can be asked of it.

The kernel ends a bank with the thread that started it, so start it in the main one.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from paycore.settings.environment import ROOT
from paycore.stack import processes
from paycore.stack.bank import is_listening, url_file
from paycore.stack.bank.books import Executions
from paycore.stack.processes import StackError

SECONDS_TO_BE_READY: Final = 120
SECONDS_TO_ANSWER: Final = 30


@dataclass
class SandboxBank:
    """A bank in `home`, which may be killed and started again with the same books.

    Without a port it listens on another one each time; `url` and the home's file say
    on which.
    """

    home: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return url_file(self.home).read_text()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "The bank was not started."
        return self._process

    @property
    def log(self) -> Path:
        return self.home / "logs" / "bank.log"

    @property
    def _arguments(self) -> list[str]:
        return [f"--home={self.home}", f"--port={self.port}"]

    def start(self) -> None:
        """Return when it listens.

        Raises: `StackError` when it does not.
        """
        with processes.open_log(self.log) as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "paycore.stack.bank", *self._arguments],
                cwd=ROOT,
                env={**os.environ, "PAYCORE_HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=processes.dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        deadline = time.monotonic() + SECONDS_TO_BE_READY
        while not is_listening(self.home):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StackError("No bank:\n" + processes.end_of_log(self.log))
            time.sleep(0.02)

    def stop(self) -> None:
        """As the stack stops it. One that has ended is left as it is."""
        if self.process.poll() is None:
            processes.end([self.process])
            self.process.wait()

    def kill(self) -> None:
        """SIGKILL. Its file goes on naming the port where nobody listens any more."""
        self.process.kill()
        self.process.wait()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        seconds: float = SECONDS_TO_ANSWER,
    ) -> tuple[int, Any]:
        """One request on a connection of its own: the status and the document."""
        url = urlsplit(self.url)
        headers = {"Idempotency-Key": key} if key else {}
        content = None if body is None else orjson.dumps(body)
        with closing(HTTPConnection(url.netloc, timeout=seconds)) as connection:
            connection.request(method, url.path + path, content, headers)
            response = connection.getresponse()
            return response.status, orjson.loads(response.read())

    def payment(self, key: object) -> dict[str, Any] | None:
        """What the bank says of a payment, `executions` included; None: unknown."""
        status, document = self.ask("GET", f"/payments/{key}")
        return document if status == 200 else None

    def tell(self, key: object, status: str) -> None:
        """Decide a received payment: `executed` or `declined`."""
        answered, document = self.ask(
            "POST", f"/payments/{key}/outcome", {"status": status}
        )
        assert answered == 200, document

    def executions(self) -> Executions:
        """What it executed so far."""
        _, document = self.ask("GET", "/executions")
        return Executions(**document)

    def executed(self) -> dict[str, int]:
        """How often each key was executed, read from the file: no bank need run."""
        path = self.home / "bank" / "bank.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as books:
            rows = books.execute("SELECT key, count(*) FROM executions GROUP BY key")
            return dict(rows.fetchall())


@contextmanager
def sandbox_bank(home: Path, *, port: int = 0) -> Iterator[SandboxBank]:
    """A bank for the length of a block, however often it is killed in between."""
    bank = SandboxBank(home, port)
    try:
        bank.start()
        yield bank
    finally:
        bank.stop()
