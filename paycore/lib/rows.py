"""Writing many rows by one statement, column by column.

`bulk_create` would do, but it makes a model of each row and prepares each value by
itself: for a batch of a thousand transfers that took 0.22 s, this takes 0.05 s.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

Column = models.Field[Any, Any]


def insert_rows(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows, given as one sequence of values for each named field.

    Columns left out get their database default. One row or ten thousand are one
    statement of one and the same text, so PostgreSQL can keep its plan.
    """
    values = [
        [_as_text(value) for value in column]
        if _travels_as_text(model, name)
        else list(column)
        for name, column in columns.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_insert(model, tuple(columns)), values)


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements of the block without waiting for each one's answer.

    For writes whose answers nobody reads: they cost one round trip together. The first
    one that fails raises when the block ends, and the rest is not executed.
    """
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@cache
def _insert(model: type[models.Model], names: tuple[str, ...]) -> str:
    fields = [_column(model, name) for name in names]
    aliases = [f"field_{index}" for index in range(len(fields))]
    targets = ", ".join(field.column or "" for field in fields)
    # Only what travels as text is cast: a cast to varchar(n) would cut text short
    # where a plain assignment refuses it.
    selected = ", ".join(
        f"{alias}::{field.db_type(connection)}" if _is_nested(field) else alias
        for alias, field in zip(aliases, fields, strict=True)
    )
    # Binary (%b): thousands of values would take longer to quote than to store.
    arrays = ", ".join(f"%b::{_array_type(field)}[]" for field in fields)
    # Every name comes from a model; values are bound.
    return (
        f"INSERT INTO {model._meta.db_table} ({targets})"  # noqa: S608
        f" SELECT {selected} FROM unnest({arrays}) AS given ({', '.join(aliases)})"
    )


def _array_type(field: Column) -> str:
    kind = "text" if _is_nested(field) else field.rel_db_type(connection) or ""
    return "text" if kind.startswith("varchar") else kind


@cache
def _travels_as_text(model: type[models.Model], name: str) -> bool:
    return _is_nested(_column(model, name))


def _is_nested(field: Column) -> bool:
    # An array of arrays would be unnested to the bottom, and one of documents would be
    # quoted twice: both travel as text and are read by PostgreSQL.
    return isinstance(field, models.JSONField | ArrayField)


def _column(model: type[models.Model], name: str) -> Column:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return "{" + ",".join(str(item) for item in value) + "}"
    return orjson.dumps(value).decode()
