"""Lists in pages: the next page starts after the last row of this one.

A cursor holds that row's values of the columns ordered by, so rows that arrive
meanwhile neither shift a page nor repeat a row. It is signed over the path, the
filters and the order: a cursor that was changed, or is used elsewhere, is refused
before any of it reaches the database.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

import orjson
from django.conf import settings
from django.db.models import BooleanField, F, Field, Func, Model, QuerySet, Value
from pydantic import AfterValidator, PrivateAttr
from pydantic import Field as Described

from paycore.api.errors import ShapeErrors
from paycore.api.shapes import QueryNumber, Request, refuse

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
Shown = TypeVar("Shown")

LARGEST_PAGE: Final = 100
USUAL_PAGE: Final = 50
SIGNATURE_BYTES: Final = 12
LONGEST_CURSOR: Final = 500


def _limit(number: int) -> int:
    if not 1 <= number <= LARGEST_PAGE:
        raise refuse(f"A page has 1 to {LARGEST_PAGE} items.")
    return number


class PageQuery(Request):
    """The query of a list. Subclasses add their filters."""

    limit: Annotated[
        QueryNumber,
        AfterValidator(_limit),
        Described(json_schema_extra={"minimum": 1, "maximum": LARGEST_PAGE}),
    ] = USUAL_PAGE
    cursor: Annotated[
        str | None,
        Described(description="next_cursor of the page before; without it, the first."),
    ] = None

    # What a cursor of this list is bound to, beside its order; `read_query` sets it.
    _scope: str = PrivateAttr(default="")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and where the next ones start."""

    items: Sequence[Item]
    next_cursor: str | None

    def map(self, show: Callable[[Item], Shown]) -> "Page[Shown]":
        """The same page with each item as `show` shows it."""
        return Page([show(item) for item in self.items], self.next_cursor)


def read_page(
    rows: QuerySet[Row] | Sequence[QuerySet[Row]],
    *,
    query: PageQuery,
    order: tuple[str, ...] = ("created_at", "pk"),
    descending: bool = True,
) -> Page[Row]:
    """One page of a list, in one statement.

    `order` names columns that are never null; the last one must be unique. Several
    querysets of one model are read as one list, each row once: give the arms of an OR
    that PostgreSQL could not answer from an index.

    Raises: `ShapeErrors` at /cursor.
    """
    arms = [rows] if isinstance(rows, QuerySet) else list(rows)
    keys = _Keyset(arms[0].model, order, descending=descending)
    after = None if query.cursor is None else keys.read_cursor(query)
    wanted = query.limit + 1
    found = _fetch([keys.start(arm, after)[:wanted] for arm in arms], keys, wanted)
    page = found[: query.limit]
    has_more = len(found) > query.limit
    return Page(page, keys.make_cursor(query, page[-1]) if has_more else None)


def scope_of(path: str, filters: dict[str, str]) -> str:
    """What binds a cursor to one list: its path and filters, not the size of pages."""
    kept = sorted(
        item for item in filters.items() if item[0] not in {"limit", "cursor"}
    )
    return orjson.dumps([path, kept]).decode()


def _fetch(arms: Sequence[QuerySet[Row]], keys: "_Keyset", wanted: int) -> list[Row]:
    if len(arms) == 1:
        return list(arms[0])
    # A row can come from each arm, so this many hold enough different ones.
    merged = arms[0].union(*arms[1:], all=True).order_by(*keys.ordering)
    distinct = {row.pk: row for row in merged[: wanted * len(arms)]}
    return list(distinct.values())[:wanted]


class _Keyset:
    """The columns a list is ordered by, as SQL and as text."""

    def __init__(
        self, model: type[Model], order: tuple[str, ...], *, descending: bool
    ) -> None:
        self.fields = [_field(model, name) for name in order]
        self.sign = "-" if descending else ""
        self.operator = "<" if descending else ">"

    @property
    def ordering(self) -> list[str]:
        return [f"{self.sign}{field.attname}" for field in self.fields]

    def start(
        self, rows: QuerySet[Row], after: Sequence[object] | None
    ) -> QuerySet[Row]:
        if after is not None:
            rows = rows.filter(_is_beyond(self.fields, self.operator, after))
        return rows.order_by(*self.ordering)

    def make_cursor(self, query: PageQuery, row: Model) -> str:
        values = orjson.dumps(
            [field.value_to_string(row) for field in self.fields], default=str
        )
        return (
            urlsafe_b64encode(self._sign(query, values) + values).decode().rstrip("=")
        )

    def read_cursor(self, query: PageQuery) -> list[object]:
        text = query.cursor or ""
        try:
            raw = urlsafe_b64decode(text[:LONGEST_CURSOR] + "=" * (-len(text) % 4))
        except (Base64Error, ValueError):
            raw = b""
        signature, values = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(query, values)):
            raise ShapeErrors.of("/cursor", "This is not a cursor of this list.")
        return [
            field.to_python(value)
            for field, value in zip(self.fields, orjson.loads(values), strict=True)
        ]

    def _sign(self, query: PageQuery, values: bytes) -> bytes:
        message = "\n".join((query._scope, self.operator, *self.ordering)).encode()  # noqa: SLF001
        digest = hmac.digest(
            settings.SECRET_KEY.encode(), message + b"\n" + values, hashlib.sha256
        )
        return digest[:SIGNATURE_BYTES]


class _RowComparison(Func):
    """`(a, b) < (x, y)`.

    Not `a < x OR (a = x AND b < y)`: only the row comparison is a range of an index.
    """

    output_field = BooleanField()

    def __init__(
        self, columns: Sequence[F], bounds: Sequence[Value], operator: str
    ) -> None:
        super().__init__(*columns, *bounds)
        self.operator = operator
        self.width = len(columns)

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_: Any
    ) -> tuple[str, list[Any]]:
        texts, parameters = [], []
        for expression in self.get_source_expressions():
            text, values = compiler.compile(expression)
            texts.append(text)
            parameters.extend(values)
        columns = ", ".join(texts[: self.width])
        bounds = ", ".join(texts[self.width :])
        return f"({columns}) {self.operator} ({bounds})", parameters


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    options = model._meta
    return options.pk if name == "pk" else options.get_field(name)  # type: ignore[return-value]


def _is_beyond(
    fields: Sequence["Field[Any, Any]"], operator: str, values: Sequence[object]
) -> _RowComparison:
    return _RowComparison(
        [F(field.attname) for field in fields],
        [
            Value(value, output_field=field)
            for field, value in zip(fields, values, strict=True)
        ],
        operator,
    )
