"""Where PostgreSQL and Valkey are: what the environment says, else the embedded ones.

Reading never starts anything: addresses of the embedded servers are computed here, and
`paycore.stack` starts the servers that listen there.
"""

import hashlib
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from django.core.exceptions import ImproperlyConfigured

from .environment import ROOT, env

# A socket's path is at most 103 bytes on macOS and 107 on Linux; PostgreSQL also
# makes a lock file beside it.
LONGEST_SOCKET_PATH: Final = 90
POSTGRESQL_PORT: Final = 5432
POOL: Final = {
    "min_size": 1,
    # Threads are fewer than connections, so who waits waits for a server that is down.
    "timeout": 2,
    # Else each try comes twice as late as the one before: after an outage of a minute
    # it took half a minute more to find that it was over.
    "reconnect_timeout": 2,
}
# Django's own, but for a cheaper check of the connections that wait in the pool.
ENGINE: Final = "paycore.lib.postgresql"


def home_directory() -> Path:
    """Where this installation keeps its data, logs and sockets (`PAYCORE_HOME`)."""
    home = Path(env.str("PAYCORE_HOME", default="") or ".paycore")
    return (ROOT / home.expanduser()).resolve()


def socket_directory(home: Path) -> Path:
    """Where the sockets of a home's servers are: in it, unless its path is too long."""
    inside = home / "run"
    longest = inside / "postgresql" / f".s.PGSQL.{POSTGRESQL_PORT}"
    if len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"paycore-{os.getuid()}-{name}"  # noqa: S108


def are_embedded() -> bool:
    """Whether the environment leaves a server to us."""
    names = ("DATABASE_URL", "REDIS_URL")
    return not all(env.str(name, default="") for name in names)


def database(home: Path, *, options: dict[str, Any]) -> dict[str, Any]:
    """The server of `DATABASE_URL`, else the one that the stack runs for this home."""
    url = env.str("DATABASE_URL", default="")
    if not url:
        return {
            "ENGINE": ENGINE,
            "HOST": str(socket_directory(home) / "postgresql"),
            "PORT": str(POSTGRESQL_PORT),
            "USER": "postgres",
            "NAME": "paycore",
            "OPTIONS": options,
        }
    config: dict[str, Any] = env.db_url_config(url)
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL server, as in"
            " postgres://user:password@host:5432/paycore."
        )
    config["ENGINE"] = ENGINE
    # A directory of sockets is written %2Fvar%2Frun%2Fpostgresql.
    config["HOST"] = unquote(config["HOST"])
    config["OPTIONS"] = options | config.get("OPTIONS", {})
    return config


def session_bounds(*, lock: int, statement: int, idle: int) -> str:
    """Options of a session that neither waits nor keeps others waiting for ever.

    Milliseconds: for a lock, for a statement, and of a transaction that does nothing.
    """
    return (
        f"-c lock_timeout={lock} -c statement_timeout={statement}"
        f" -c idle_in_transaction_session_timeout={idle}"
    )


def redis_url(home: Path) -> str:
    """The server of `REDIS_URL`, else the one that the stack runs for this home."""
    url: str = env.str("REDIS_URL", default="")
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(
            "REDIS_URL must name a Valkey or Redis server, as in"
            " redis://:password@host:6379/0."
        )
    return url or embedded_redis_url(home)


def embedded_redis_url(home: Path) -> str:
    """The address of the Valkey that the stack runs for this home."""
    return f"unix://{socket_directory(home) / 'valkey.sock'}?db=0"


def broker_url(redis_url: str) -> str:
    """The same server as Celery writes it: its sockets have another scheme."""
    path, _, database = redis_url.partition("?db=")
    if path.startswith("unix://"):
        socket = path.removeprefix("unix://")
        return f"redis+socket://{socket}?virtual_host={database or 0}"
    return redis_url
