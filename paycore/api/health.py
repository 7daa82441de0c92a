"""Whether this process can do its work: what load balancers and people on call ask."""

from collections.abc import Callable
from typing import Final

import psycopg
import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS: Final = 1.0
TIMEOUT_MILLISECONDS: Final = 1000


class _Known:
    """What need not be asked twice: migrations, once applied, stay applied."""

    are_migrations_applied = False


def check_readiness() -> dict[str, str]:
    """The state of each part this process needs: `ok`, or why it is not."""
    database = _state(_check_database)
    if database != "ok":
        return {"database": database, "migrations": "unknown", "broker": _broker()}
    return {
        "database": database,
        "migrations": _state(_check_migrations),
        "broker": _broker(),
    }


class NotReady(Exception):
    """One part is not ready; the text is for anyone to read, so it names no address."""


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except NotReady as error:
        return str(error)
    except (DatabaseError, psycopg.Error, redis.RedisError):
        return "does not answer"
    return "ok"


def _broker() -> str:
    return _state(_check_broker)


def _check_database() -> None:
    pool = getattr(connection, "pool", None)
    if pool is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return
    # Not through Django's connection, which would wait as long as a request may.
    pool.open()
    with pool.connection(timeout=TIMEOUT_SECONDS) as raw, raw.transaction():
        raw.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MILLISECONDS}")
        raw.execute("SELECT 1")


def _check_migrations() -> None:
    if _Known.are_migrations_applied:
        return
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations are not applied")
    _Known.are_migrations_applied = True


def _check_broker() -> None:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    finally:
        client.close()
