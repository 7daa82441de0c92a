"""HTTP connections that wait for the whole of an answer, and only so long.

A timeout of urllib3 is for each byte: a bank that sends one now and then would keep its
worker for ever, and the payouts that wait behind it.
"""

import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection


def keep_connections(*, at_once: int) -> PoolManager:
    """Connections to as many servers as need be, `at_once` of which are kept for each.

    The timeout for reading is for the whole answer, from its first line to its end.
    """
    manager = PoolManager(maxsize=at_once)
    manager.pool_classes_by_scheme = {
        **manager.pool_classes_by_scheme,
        "http": _Pool,
    }
    return manager


class _Socket(socket.socket):
    """All that is read after its timeout was set must have come within it."""

    _ends_at = 0.0

    def settimeout(self, value: float | None) -> None:
        # urllib3 sets it before it reads an answer, and not again before the next one.
        assert value is not None, "Nothing is waited for without end."
        super().settimeout(value)
        self._ends_at = time.monotonic() + value

    def recv_into(self, *arguments: Any) -> int:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("The answer did not end in time.")
        super().settimeout(left)
        return super().recv_into(*arguments)


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _Socket(fileno=self.sock.detach())
        self.sock.settimeout(self.timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
