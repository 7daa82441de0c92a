"""The first page: the state of the books, what needs a person, what happened last.

Each app brings its own panels: `@on_first_page(Place.ATTENTION)` above a function that
makes a `Table`. Every panel is a fixed number of queries by an index.
"""

from collections import defaultdict
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from django.http import HttpRequest

from paycore.backoffice.tables import Table

Panel = Callable[[], Table]


class Place(StrEnum):
    """Where on the page, in this order."""

    BOOKS = "The books"
    ATTENTION = "What needs a person"
    POSITIONS = "What the house holds"
    LATEST = "What happened last"


_panels: Final[dict[Place, list[Panel]]] = defaultdict(list)


def on_first_page(place: Place) -> Callable[[Panel], Panel]:
    """Put the table that a function makes on the first page."""

    def decorate(make: Panel) -> Panel:
        _panels[place].append(make)
        return make

    return decorate


def add_panels(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold calls before it renders the first page.

    What has nothing to say stands side by side below what has.
    """
    places = [_place(place, [make() for make in _panels[place]]) for place in Place]
    return {**context, "title": "Overview", "places": places}


def _place(place: Place, panels: list[Table]) -> tuple[str, list[Table], list[Table]]:
    quiet = [panel for panel in panels if panel.is_quiet]
    return place.value, [panel for panel in panels if not panel.is_quiet], quiet
