"""Pages to browse: from each row on to what belongs to it, quick at any size."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib.admin import ShowFacets, display
from django.db.models import Model, QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from paycore.backoffice.lists import (
    DatedRows,
    OpenEndedPaginator,
    QuickChangeList,
    exact_match,
)
from paycore.backoffice.readonly import ReadOnly
from paycore.backoffice.tables import Table, short_id, status_cell, tables_of

Row = TypeVar("Row", bound=Model)


class Pages(ReadOnly[Row]):
    """A list, newest first, and a page per row with tables of what belongs to it.

    Nothing is sorted, counted or searched but by an index: `search_fields` may also
    name fields of related rows (`"=owner__email"`), and each is looked up on its own.
    """

    paginator = OpenEndedPaginator
    # Sorting by a click would sort millions of rows; `ordering` follows an index.
    sortable_by = ()
    show_facets = ShowFacets.NEVER
    list_select_related: ClassVar[Any] = ()
    actions_detail: ClassVar[tuple[str, ...]] = ()
    # Filters that no index serves; see `QuickChangeList`.
    slow_filters: ClassVar[frozenset[str]] = frozenset()
    # Statuses of so few rows that they have an index: what is still to be done.
    indexed_statuses: ClassVar[frozenset[str]] = frozenset()
    # What an empty list says, where it is not by a filter.
    nothing: ClassVar[str] = "There is nothing here yet."
    change_list_template = "backoffice/list.html"
    change_form_template = "backoffice/page.html"
    list_before_template = "backoffice/above_list.html"
    # How events and holds call these rows, if not by the name of the model.
    kind_of_subject: ClassVar[str | None] = None

    class Media:
        css = {"all": ["backoffice/backoffice.css"]}
        js = [Script("backoffice/keys.js", defer=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows: QuerySet[Row] = DatedRows(self.model)
        if self.list_select_related:
            # Called without names, it would read all that is related.
            rows = rows.select_related(*self.list_select_related)
        return rows.order_by(*self.get_ordering(request))

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[QuickChangeList]:
        return QuickChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        arms = self._arms(term)
        if not arms:
            return queryset.none(), False
        # A union, not OR: over several tables only a union uses the index of each.
        found = arms[0].union(*arms[1:]) if len(arms) > 1 else arms[0]
        return queryset.filter(pk__in=found), False

    @display(description="id")
    def shown_id(self, row: Row) -> SafeString:
        return short_id(row.pk)

    @display(description="status")
    def shown_status(self, row: Any) -> SafeString:
        return status_cell(row.status)

    def is_quick(self, request: HttpRequest, filters: Collection[str]) -> bool:
        """Whether rows are found by an index, given by what they are filtered."""
        if request.GET.get("status__exact") in self.indexed_statuses:
            return True
        return not filters or not self.slow_filters.issuperset(filters)

    def prepare(self, rows: Sequence[Row]) -> None:
        """Find what all rows of a list need at once."""

    def tables(self, row: Row) -> list[Table]:
        """What of this app belongs to the row; other apps bring theirs themselves."""
        return []

    def tables_above(self, request: HttpRequest) -> list[Table]:
        """What stands above the list."""
        return []

    def buttons_for(self, row: Row) -> Collection[str]:
        """The buttons that make sense for the row as it is."""
        return self.actions_detail

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"tables": self.tables_above(request), **(extra_context or {})}
        response = super().changelist_view(request, context)
        shown = getattr(response, "context_data", None) or {}
        self._let_keep_filters(request, shown.get("actions_list", ()))
        return response

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,  # noqa: FBT002
        change: bool = False,  # noqa: FBT002
        form_url: str = "",
        obj: Row | None = None,
    ) -> HttpResponse:
        if obj is not None:
            self.prepare([obj])
            context["tables"] = [*self.tables(obj), *tables_of(obj)]
            offered = self.buttons_for(obj)
            context["actions_detail"] = [
                button
                for button in context.get("actions_detail", ())
                if _name_of(button) in offered
            ]
            self._let_keep_filters(request, context["actions_detail"])
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _let_keep_filters(
        self, request: HttpRequest, buttons: Sequence[dict[str, Any]]
    ) -> None:
        """So that whoever works through a filtered list stays in it."""
        kept = self.get_preserved_filters(request)
        for button in buttons:
            button["path"] += f"?{kept}" if kept else ""

    def _arms(self, term: str) -> list[QuerySet[Any, Any]]:
        matches = [
            exact_match(self.model, name.removeprefix("="), term)
            for name in self.search_fields
        ]
        rows: QuerySet[Row] = QuerySet(self.model)
        return [
            rows.filter(match).values("pk") for match in matches if match is not None
        ]


def _name_of(button: dict[str, Any]) -> str:
    # unfold tells templates no more than its address, `.../<id>/<name>/`.
    name: str = button["path"].rstrip("/").rpartition("/")[2]
    return name
