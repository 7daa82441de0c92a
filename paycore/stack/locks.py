"""Locks between processes that the kernel gives back, however their holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """An advisory lock on a file: shared by many, or held by one alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        # Not inherited by programs that we start: they would keep it after our end.
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> None:
        """Wait for whoever holds it alone, then hold it with others."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def take(self) -> None:
        """Wait until nobody holds it, then hold it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def try_to_take(self) -> bool:
        """Hold it alone if nobody else holds it; a share of ours is given up."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def is_on_disk(self) -> bool:
        """Whether the file is still the one at its path, or was deleted under us."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return found.st_ino == os.fstat(self._descriptor).st_ino

    def close(self) -> None:
        """Give it up. The object is of no use afterwards."""
        os.close(self._descriptor)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock alone for the length of a block."""
    lock = FileLock(path)
    try:
        lock.take()
        yield
    finally:
        lock.close()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock alone right now."""
    lock = FileLock(path)
    try:
        return not lock.try_to_take()
    finally:
        lock.close()
