"""Lists that stay quick over millions of rows: what they count, find and offer."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import (
    build_q_object_from_lookup_parameters,
    get_fields_from_path,
)
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import (
    EmailField,
    Field,
    IntegerField,
    Max,
    Min,
    Model,
    Q,
    QuerySet,
    UUIDField,
)
from django.http import HttpRequest
from django.utils.text import capfirst

from paycore.backoffice.readonly import MOST_ROWS_COUNTED, CappedPaginator

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

Row = TypeVar("Row", bound=Model)

# What fits into a BIGINT, and a few digits to spare.
NUMBER: Final = re.compile(r"[0-9]{1,18}\Z")
NUL: Final = "\x00"
PARTS_OF_DATES: Final = ("year", "month", "day")
# Through how many of the newest rows a filter looks that no index serves.
MOST_ROWS_LOOKED_AT: Final = 50_000


class OpenEndedPaginator(CappedPaginator):
    """Says so when there are more rows than it has counted."""

    template_name = "backoffice/pagination.html"

    @property
    def is_capped(self) -> bool:
        return self.count >= MOST_ROWS_COUNTED


class DatedRows(QuerySet[Row]):
    """Rows whose periods are those between the first and the last.

    For the date hierarchy, Django asks a table for its distinct years, months or days,
    and so reads all of it. The ends of an indexed column are two look-ups, and it does
    no harm to offer a period in which nothing happened.
    """

    def datetimes(  # type: ignore[override]
        self, field_name: str, kind: str, *_: Any, **__: Any
    ) -> list[datetime]:
        ends = self.aggregate(first=Min(field_name), last=Max(field_name))
        if ends["first"] is None:
            return []
        return list(_periods(ends["first"], ends["last"], kind))


class QuickChangeList(ChangeList):
    """Filters only by what the page offers, because only that is known to be quick.

    By a rare value of what has no index, all rows would be read to find a few. So it is
    sought among the newest ones, of all or of the chosen period; the page says so.
    """

    # A `Pages`, which imports us.
    model_admin: Any
    # How many rows were looked at, if there are more.
    looked_at: int | None = None

    def __init__(self, request: HttpRequest, *args: Any, **options: Any) -> None:
        super().__init__(request, *args, **options)
        # Django would invite to "select an account to view".
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        if self.model_admin.is_quick(request, self._filters_asked()):
            return rows
        field = self.model_admin.get_ordering(request)[0].removeprefix("-")
        period = build_q_object_from_lookup_parameters(self.get_filters(request)[2])
        newest: QuerySet[Any] = (
            QuerySet(self.model).filter(period).order_by(f"-{field}")
        )
        beyond = newest.values_list(field, flat=True)[MOST_ROWS_LOOKED_AT:]
        last = beyond.first()
        if last is None:
            return rows
        self.looked_at = MOST_ROWS_LOOKED_AT
        return rows.filter(**{f"{field}__gt": last})

    def get_filters(self, request: HttpRequest) -> Any:
        if not self._is_offered():
            raise IncorrectLookupParameters
        try:
            return super().get_filters(request)
        except (ValueError, OverflowError) as error:
            # The year 9999 has no next one.
            raise IncorrectLookupParameters from error

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.model_admin.prepare(self.result_list)
        # Else the header would repeat a number that may be capped.
        self.full_result_count = self.result_count

    def get_ordering_field(self, field_name: Any) -> Any:
        # Also not by an address with `?o=`: each order needs an index.
        return super().get_ordering_field(field_name) if self.sortable_by else None

    def _filters_asked(self) -> set[str]:
        """By what it is filtered or searched, except for a period."""
        asked = {name for name, [value, *_] in self._asked().items() if value}
        if self.query:
            asked.add(SEARCH_VAR)
        return asked - self._parts_of_period()

    def _asked(self) -> dict[str, list[str]]:
        asked: dict[str, list[str]] = self.get_filters_params()  # type: ignore[no-untyped-call,unused-ignore]
        return asked

    def _parts_of_period(self) -> set[str]:
        return {f"{self.date_hierarchy}__{part}" for part in PARTS_OF_DATES}

    def _is_offered(self) -> bool:
        offered = {*self._parts_of_period(), *parameters_of(self.list_filter)}
        asked = self._asked()
        return offered.issuperset(asked) and not any(
            NUL in value for values in asked.values() for value in values
        )


class ExactFilter(SimpleListFilter):
    """A filter whose value is typed in, or comes with a link: exactly that or nothing.

    It never lists what there is to choose from, unlike Django's filters of foreign
    keys and texts, which read whole tables for it.
    """

    template = "backoffice/exact_filter.html"
    field: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return []

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        others = {
            name: values
            for name, values in changelist.filter_params.items()
            if name != self.parameter_name
        }
        yield {"value": self.value() or "", "others": others, "selected": False}

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> QuerySet[Any] | None:
        text = (self.value() or "").strip()
        if not text:
            return None
        match = self.match(queryset.model, text)
        return queryset.none() if match is None else queryset.filter(match)

    def match(self, model: type[Model], text: str) -> Q | None:
        return exact_match(model, self.field, text)


def exact_filter(
    field: str, *, title: str, parameter: str | None = None
) -> type[ExactFilter]:
    """A filter by the exact value of a field, possibly of a related row."""
    attributes = {
        "field": field,
        "title": title,
        "parameter_name": parameter or field,
    }
    return type("ExactFilterOfField", (ExactFilter,), attributes)


def exact_match(model: type[Model], path: str, text: str) -> Q | None:
    """What finds rows by the exact value of a field; None when no row can have it."""
    field = _stored_field(get_fields_from_path(model, path)[-1])
    if isinstance(field, UUIDField):
        key = _uuid_of(text)
        return None if key is None else Q(**{path: key})
    if isinstance(field, IntegerField):
        return Q(**{path: int(text)}) if NUMBER.match(text) else None
    if NUL in text or len(text) > (field.max_length or len(text)):
        return None
    # Addresses are stored in lower case, references as their author wrote them.
    return Q(**{path: text.lower() if isinstance(field, EmailField) else text})


def _stored_field(field: Any) -> Field[Any, Any]:
    while field.is_relation:
        field = field.target_field
    found: Field[Any, Any] = field
    return found


def parameters_of(list_filter: Iterable[Any]) -> Iterator[str]:
    """The names that a list's filters have in its address."""
    for entry in list_filter:
        if isinstance(entry, str):
            yield f"{entry}__exact"
        else:
            yield entry.parameter_name


def _periods(first: datetime, last: datetime, kind: str) -> Iterator[datetime]:
    last = last.astimezone(UTC)
    here = first.astimezone(UTC)
    if kind == "day":
        for day in range(here.day, last.day + 1):
            yield datetime(last.year, last.month, day, tzinfo=UTC)
    elif kind == "month":
        for month in range(here.month, last.month + 1):
            yield datetime(last.year, month, 1, tzinfo=UTC)
    else:
        for year in range(here.year, last.year + 1):
            yield datetime(year, 1, 1, tzinfo=UTC)


def _uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
