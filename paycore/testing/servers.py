"""A pytest plugin: the servers that the tests need run while pytest does.

They are real and embedded, in a home inside the home, unless the environment names
others. Two test runs in one home take turns, because their databases have one name.
"""

import os
import sys
from contextlib import ExitStack

import pytest

from paycore.settings.servers import are_embedded
from paycore.stack import embedded
from paycore.stack.keeper import locks
from paycore.stack.locks import FileLock

_open = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    stack = config.stash.setdefault(_open, ExitStack())
    # The processes that xdist starts run inside the turn of the one that started them.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        turn = FileLock(locks(settings.HOME) / "tests.lock")
        stack.callback(turn.close)
        if not turn.try_to_take():
            # Not `sys.stderr`, which pytest may already capture.
            print(
                "Waiting for another test run in this home to end.",
                file=sys.__stderr__,
                flush=True,
            )
            turn.take()
    if are_embedded():
        stack.enter_context(embedded.servers(settings.HOME, durable=settings.DURABLE))


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_open].close()
