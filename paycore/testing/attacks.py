"""Going around Python: raw SQL that the database must refuse by name, and raw SQL past
every trigger, which only a proof of the books can find.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from paycore.lib.db import violated_constraint


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def refusal_of(sql: str, *parameters: Any) -> str | None:
    """The name of the rule by which the database refuses the statement."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        check_foreign_keys_at_once()
        run(sql, *parameters)
    return violated_constraint(error.value)


def check_foreign_keys_at_once() -> None:
    """Now, and from now on.

    Django's wait for the end of the transaction, which no test reaches, and while they
    wait PostgreSQL truncates and alters nothing.
    """
    run("SET CONSTRAINTS ALL IMMEDIATE")


def corrupt(sql: str, *parameters: Any) -> None:
    """One statement past every trigger, and so past every foreign key."""
    check_foreign_keys_at_once()
    run("SET LOCAL session_replication_role = replica")
    run(sql, *parameters)
    run("SET LOCAL session_replication_role = origin")


def forget_rule(table: str, constraint: str) -> None:
    """Drop a check or a unique constraint until the test rolls back."""
    check_foreign_keys_at_once()
    run(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
    run(f"DROP INDEX IF EXISTS {constraint}")


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def copy_row(table: str, row_id: UUID, **changes: Any) -> None:
    """Insert a copy of a row that differs in some columns."""
    run(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(original, %s::jsonb)).*"
        f" FROM {table} AS original WHERE id = %s",
        json.dumps(changes, default=str),
        row_id,
    )
