"""`python -m paycore.stack.chaos.actor SCRIPT ...`: a Celery process with a fate.

It is the real one (`...` is what follows `celery`), but it meets with trouble: it dies
as its script says, and every message that it publishes arrives twice, once more later
if it was not acknowledged in a moment.
"""

import copy
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, Final
from uuid import uuid4

import django
from celery.__main__ import main as celery
from celery.signals import worker_process_init
from kombu.transport.redis import Channel

from paycore.stack import processes
from paycore.stack.chaos.deaths import Boundary, Script, Way

NO_SCRIPT: Final = "-"
# Messages of the dead, and of the slow, are handed out again after so long.
VISIBILITY_TIMEOUT_SECONDS: Final = 2


def main() -> None:
    script, *arguments = sys.argv[1:]
    if os.getpgrp() != os.getpid():
        # It will kill its group, which must be its own.
        sys.exit("An actor must be the leader of a group of processes.")
    django.setup()
    deliver_twice()
    if script != NO_SCRIPT:
        from paycore.stack.chaos.hooks import watch

        watch(Fate(Script(Path(script))).reached)
    sys.argv = ["celery", *arguments]
    celery()


class Fate:
    """Counts the boundaries that this process passes, and dies when it is time."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._turn = Lock()
        self._passed: Counter[int] = Counter()

    def reached(self, boundary: Boundary) -> None:
        # One at a time: while one thread dies, no other one gets any further.
        with self._turn:
            number = len(self._script.died)
            if self._script.is_over:
                return
            death = self._script.deaths[number]
            if death.boundary is not boundary:
                return
            self._passed[number] += 1
            if self._passed[number] >= death.passes and self._script.take(number):
                meet(death.way)


def meet(way: Way) -> None:
    """Returns only from a pause."""
    if way is Way.MACHINE:
        os.killpg(0, signal.SIGKILL)
    elif way is Way.PROCESS:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        os.killpg(0, signal.SIGSTOP)


def deliver_twice() -> None:
    """No message comes once: the worst that a broker may do, all the time."""
    from paycore.celery import app

    options: dict[str, Any] = app.conf.broker_transport_options
    options["visibility_timeout"] = VISIBILITY_TIMEOUT_SECONDS
    put: Callable[..., None] = Channel._put  # noqa: SLF001  # Where all of them pass.

    def put_twice(
        channel: Channel, queue: str, message: dict[str, Any], **more: Any
    ) -> None:
        put(channel, queue, message, **more)
        again = copy.deepcopy(message)
        # The same task, but a delivery of its own.
        again["properties"]["delivery_tag"] = str(uuid4())
        put(channel, queue, again, **more)

    setattr(Channel, put.__name__, put_twice)


@worker_process_init.connect
def die_with_the_main_process(**_: Any) -> None:
    """Else a pool process outlives a main process that a person kills by hand."""
    ask_the_kernel = processes.dies_with_parent(signal.SIGKILL, parent=os.getppid())
    if ask_the_kernel is not None:
        ask_the_kernel()


if __name__ == "__main__":
    main()
