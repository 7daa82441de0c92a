"""Connections that the server has closed are replaced before anybody gets them."""

import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def close_quietly():
    yield
    connection.close()


def backend_id():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end_idle_connections():
    """As a restart of the server does to those that wait in the pool."""
    other = connections.create_connection("default")
    # Opened while ours is in use, so that it is not the same one.
    other.ensure_connection()
    connection.close()
    with other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            " AND backend_type = 'client backend'"
        )
    other.close()


def test_connections_are_pooled(close_quietly, settings):
    seen = set()
    for _ in range(3 * settings.DATABASE_POOL_SIZE):
        seen.add(backend_id())
        connection.close()

    assert len(seen) <= settings.DATABASE_POOL_SIZE


def test_a_connection_that_the_server_closed_is_not_handed_out(close_quietly):
    first = backend_id()
    end_idle_connections()

    assert backend_id() != first
