"""Django's PostgreSQL backend, with a check of pooled connections that costs nothing.

Named in `DATABASES`; Django looks for `DatabaseWrapper` in a module `base`.
"""

import select
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Hands out no connection that the server has closed meanwhile.

    Django's own check asks the server by a statement, for each request. But who waits
    in a pool has nothing to read, until the server says goodbye: so looking whether
    there is something to read is enough, and no round trip.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool and not is_usable(connection):
            # Closed, so that the pool replaces it.
            connection.close()
            self.pool.putconn(connection)
            connection = super().get_new_connection(conn_params)
        return connection


def is_usable(connection: psycopg.Connection[Any]) -> bool:
    """Whether an idle connection still leads to a server."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        # It may also be a notice, or the end of a TLS handshake.
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True
