"""The database's clock, for the times of rows."""

from typing import Any

from django.db.models.functions import Now


class StatementTime(Now):
    """When this statement reached the database: one clock for all servers.

    Unlike `now()`, which is the start of the transaction, it is read after the locks
    that earlier statements took. So in one account later postings have later times.
    """

    def as_postgresql(
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, Any]:
        return self.as_sql(
            compiler, connection, template="statement_timestamp()", **extra
        )
