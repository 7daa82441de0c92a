"""Where it was measured: a number means little without it."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil
from django.db import connection

from paycore.stack.supervisor import WEB_THREADS, WEB_WORKERS

PACKAGES: Final = ("Django", "djangorestframework", "pydantic", "psycopg", "granian")
SETTINGS: Final = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "commit_delay",
    "shared_buffers",
    "max_wal_size",
    "jit",
)


def facts() -> Iterator[tuple[str, str]]:
    """What a reader must know, as pairs of a name and a value."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    memory = psutil.virtual_memory().total / 2**30
    yield "cores", f"{usable or os.cpu_count()} ({processor()})"
    yield "memory", f"{memory:.0f} GiB"
    yield "system", platform.platform(terse=True)
    yield "load before", f"{os.getloadavg()[0]:.1f}"
    yield "Python", platform.python_version()
    yield "packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield "web server", f"{WEB_WORKERS} processes of {WEB_THREADS} threads"
    yield "PostgreSQL", _setting("server_version")
    yield "settings", ", ".join(f"{name}={_setting(name)}" for name in SETTINGS)


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])
