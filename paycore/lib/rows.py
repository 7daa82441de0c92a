"""Writing many rows by one statement.

`bulk_create` would do, but it makes a model of each row and prepares each value by
itself: for a batch of a thousand transfers that took 0.22 s, this takes 0.05 s.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any, Final
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg.types.numeric import Int8

Column = models.Field[Any, Any]

# Up to so many rows travel value by value: a driver packs scalars faster than arrays.
FEW: Final = 6


def insert_rows(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows, given as one sequence of values for each named field.

    Columns left out get their database default. One row or ten thousand are one
    statement; its text depends on the number only while that is small, so PostgreSQL
    can keep its plan.
    """
    names = tuple(columns)
    fields = [_column(model, name) for name in names]
    count = len(next(iter(columns.values())))
    is_few = count <= FEW
    values = [
        _packed(field, column, is_few=is_few)
        for field, column in zip(fields, columns.values(), strict=True)
    ]
    with connection.cursor() as cursor:
        if not is_few:
            cursor.execute(_insert_arrays(model, names), values)
        elif count:
            rows = zip(*values, strict=True)
            cursor.execute(
                _insert_values(model, names, count), list(chain.from_iterable(rows))
            )


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Store these fields of rows that the transaction has locked, by one statement."""
    if not rows:
        return
    model = type(rows[0])
    columns = {
        field.column or "": (
            _array_type(field),
            [getattr(row, field.attname) for row in rows],
        )
        for field in (_column(model, name) for name in ["pk", *names])
    }
    key, *changed = columns
    values, parameters = given(columns)
    assignments = ", ".join(f"{column} = given.{column}" for column in changed)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} AS stored SET {assignments}"  # noqa: S608
            f" FROM {values} WHERE stored.{key} = given.{key}",
            parameters,
        )


def one_of(values: Collection[UUID]) -> tuple[str, list[Any]]:
    """`IN (...)` for few values and `= ANY (...)` for many, with its parameters.

    For few it is not just the driver that is faster: of an array PostgreSQL does not
    know how many there will be, so it makes a new plan each time.
    """
    if 0 < len(values) <= FEW:
        return f"IN ({', '.join(['%s'] * len(values))})", list(values)
    return "= ANY (%s::uuid[])", [list(values)]


def given(
    columns: Mapping[str, tuple[str, Sequence[Any]]],
) -> tuple[str, list[Any]]:
    """Rows to join with, for a FROM: `name: (type, values)`; and its parameters."""
    kinds = [kind for kind, _ in columns.values()]
    values = [column for _, column in columns.values()]
    count = len(values[0])
    names = ", ".join(columns)
    if count <= FEW:
        row = ", ".join(f"%s::{kind}" for kind in kinds)
        rows = ", ".join([f"({row})"] * count)
        parameters = list(chain.from_iterable(zip(*values, strict=True)))
        return f"(VALUES {rows}) AS given ({names})", parameters
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    return f"unnest({arrays}) AS given ({names})", values


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements of the block without waiting for each one's answer.

    For writes whose answers nobody reads: they cost one round trip together. The first
    one that fails raises when the block ends, and the rest is not executed.
    """
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


# Values are sent as binary (%b): thousands of them would take longer to quote than to
# store. Every name in these statements comes from a model.


@cache
def _insert_values(
    model: type[models.Model], names: tuple[str, ...], count: int
) -> str:
    fields = [_column(model, name) for name in names]
    row = ", ".join(f"%b{_cast(field)}" for field in fields)
    rows = ", ".join([f"({row})"] * count)
    return f"INSERT INTO {_target(model, fields)} VALUES {rows}"  # noqa: S608


@cache
def _insert_arrays(model: type[models.Model], names: tuple[str, ...]) -> str:
    fields = [_column(model, name) for name in names]
    aliases = [f"field_{index}" for index in range(len(fields))]
    selected = ", ".join(
        alias + _cast(field) for alias, field in zip(aliases, fields, strict=True)
    )
    arrays = ", ".join(f"%b::{_array_type(field)}[]" for field in fields)
    return (
        f"INSERT INTO {_target(model, fields)} SELECT {selected}"  # noqa: S608
        f" FROM unnest({arrays}) AS given ({', '.join(aliases)})"
    )


def _target(model: type[models.Model], fields: Sequence[Column]) -> str:
    columns = ", ".join(field.column or "" for field in fields)
    return f"{model._meta.db_table} ({columns})"


def _cast(field: Column) -> str:
    # Only what travels as text is cast: a cast to varchar(n) would cut text short
    # where a plain assignment refuses it.
    return f"::{field.db_type(connection)}" if _is_nested(field) else ""


def _array_type(field: Column) -> str:
    kind = "text" if _is_nested(field) else field.rel_db_type(connection) or ""
    return "text" if kind.startswith("varchar") else kind


def _packed(field: Column, column: Sequence[Any], *, is_few: bool) -> list[Any]:
    if _is_nested(field):
        return [None if value is None else _as_text(field, value) for value in column]
    if is_few and isinstance(field, models.IntegerField):
        # Else the driver picks a type by the size of each number, and PostgreSQL plans
        # the statement anew for each mixture. An array has one type anyhow.
        return [None if value is None else Int8(value) for value in column]
    return list(column)


def _is_nested(field: Column) -> bool:
    # An array of arrays would be unnested to the bottom, and one of documents would be
    # quoted twice: both travel as text and are read by PostgreSQL.
    return isinstance(field, models.JSONField | ArrayField)


@cache
def _column(model: type[models.Model], name: str) -> Column:
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _as_text(field: Column, value: Any) -> str:
    # A list may also be a document.
    if isinstance(field, ArrayField):
        return "{" + ",".join(str(item) for item in value) + "}"
    return orjson.dumps(value).decode()
