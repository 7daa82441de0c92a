"""Pages that show and never edit: the default for everything about money."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet, UUIDField
from django.http import HttpRequest

from paycore.backoffice.orders import may_press

if TYPE_CHECKING:
    # unfold has no types, but its classes take the place of Django's.
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

Row = TypeVar("Row", bound=Model)

# Enough pages to look through; counting a whole journal would read all of it.
MOST_ROWS_COUNTED: Final = 10_000
INLINE_ROWS: Final = 20


class CappedPaginator(Paginator[Any]):
    """Counts no further than anybody would turn pages."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:MOST_ROWS_COUNTED].count()


class _NeverEdited(Generic[Row]):
    def has_add_permission(
        self,
        request: HttpRequest,
        obj: Model | None = None,
    ) -> bool:
        return False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: Row | None = None,
    ) -> bool:
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,
        obj: Row | None = None,
    ) -> bool:
        return False


class ReadOnly(_NeverEdited[Row], ModelAdmin[Row]):
    """A page per row and a list of rows; buttons are made with `with_reason`.

    `search_fields` are exact and say so: `("=id", "=email")`. They are looked up as
    they are stored, by their index, unlike Django's own `=`, which ignores case and
    reads the whole table.
    """

    actions = None
    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    list_select_related: ClassVar[Any] = True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        buttons = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        return [button for button in buttons if may_press(button.method, request)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        matches = Q(pk__in=[])
        for name in self.get_search_fields(request):
            assert name.startswith("="), "Search is exact in the back office."
            matches |= self._matches(name[1:], term)
        return queryset.filter(matches), False

    def _matches(self, name: str, term: str) -> Q:
        if isinstance(self.opts.get_field(name), UUIDField):
            wanted = _uuid_of(term)
            return Q(pk__in=[]) if wanted is None else Q(**{name: wanted})
        # Addresses are stored in lower case, references as their author wrote them.
        return Q(**{f"{name}__in": {term, term.lower()}})


class ReadOnlyRows(_NeverEdited[Any], TabularInline[Any, Any]):
    """Rows that belong to the thing on the page: the newest, each with its link."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = True
    per_page = INLINE_ROWS


def _uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
