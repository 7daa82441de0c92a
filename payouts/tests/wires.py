"""A wire to PostgreSQL that breaks at a COMMIT, and a worker at the end of it."""

import copy
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any, Final

from django.db import connection, connections

HOST: Final = "127.0.0.1"
# A whole message: a query, and its length.
COMMIT: Final = b"Q\x00\x00\x00\x0bCOMMIT\x00"


@contextmanager
def breaking(*, at_commit: int, is_done: bool) -> Iterator[None]:
    """Inside, this thread's connection to the database is lost at that COMMIT.

    Whoever commits hears the same of both: that the connection was lost. `is_done` says
    whether PostgreSQL has committed by then, or will never hear of it.
    """
    with socket.create_server((HOST, 0)) as server:
        wire = _Wire(server, at_commit=at_commit, is_done=is_done)
        Thread(target=wire.serve, daemon=True).start()
        ours = connections["default"]
        other = _connection_to(server.getsockname()[1])
        connections["default"] = other
        try:
            yield
        finally:
            connections["default"] = ours
            other.close()
    assert wire.is_broken, "Nobody committed so often."


def _connection_to(port: int) -> Any:
    settings = copy.deepcopy(connection.settings_dict)
    settings |= {"HOST": HOST, "PORT": port}
    # The others' connections are not ours to break.
    settings["OPTIONS"].pop("pool", None)
    settings["OPTIONS"]["sslmode"] = "disable"
    wrapper = connections["default"].__class__
    return wrapper(settings, "default")


class _Wire:
    def __init__(self, server: socket.socket, *, at_commit: int, is_done: bool) -> None:
        self.is_broken = False
        self._server = server
        self._left = at_commit
        self._is_done = is_done
        self._turn = Lock()

    def serve(self) -> None:
        # The end of the test closes the socket.
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                there = _postgresql()
                for carry in (self._questions, self._answers):
                    Thread(target=carry, args=(client, there), daemon=True).start()

    def _questions(self, client: socket.socket, there: socket.socket) -> None:
        with _broken_together(client, there):
            while sent := client.recv(65536):
                if sent == COMMIT:
                    self._left -= 1
                    self.is_broken = self._left == 0
                    if self.is_broken and not self._is_done:
                        return
                there.sendall(sent)

    def _answers(self, client: socket.socket, there: socket.socket) -> None:
        with _broken_together(client, there):
            while said := there.recv(65536):
                if self.is_broken:
                    # It has committed, and nobody hears of it.
                    return
                client.sendall(said)


@contextmanager
def _broken_together(*ends: socket.socket) -> Iterator[None]:
    with suppress(OSError):
        yield
    for end in ends:
        # Closing alone would not wake whoever is reading from it.
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _postgresql() -> socket.socket:
    place = connection.settings_dict
    if place["HOST"].startswith("/"):
        there = socket.socket(socket.AF_UNIX)
        there.connect(f"{place['HOST']}/.s.PGSQL.{place['PORT']}")
        return there
    return socket.create_connection((place["HOST"], int(place["PORT"])))
