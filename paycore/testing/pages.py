"""Reading lists page by page, as a client does."""

from collections.abc import Callable
from typing import Any

from paycore.testing.cast import Caller

MOST_PAGES = 200


def ids_by_page(
    caller: Caller,
    path: str,
    *,
    meanwhile: Callable[[], object] = lambda: None,
    **query: Any,
) -> list[list[Any]]:
    """The ids of the items on each page of a list, doing something in between."""
    pages: list[list[Any]] = []
    cursor: dict[str, str] = {}
    while len(pages) < MOST_PAGES:
        answer = caller.get(path, **query, **cursor).json()
        pages.append([item["id"] for item in answer["items"]])
        if answer["next_cursor"] is None:
            return pages
        cursor = {"cursor": answer["next_cursor"]}
        meanwhile()
    raise AssertionError("The list does not end.")
