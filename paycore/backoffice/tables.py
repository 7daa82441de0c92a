"""Tables of rows that belong to something: its newest, and a way to all of them.

They stand below the page of a row. An app below cannot know what belongs to its rows in
an app above, so the app above brings the table: `@table_of("ledger.journalentry")`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

from django.contrib.admin import site
from django.db.models import Model, QuerySet
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paycore.backoffice.columns import STATUS_COLORS, link_to, shown_value

NEWEST: Final = 10
# The last group of a UUID. In a UUIDv7 it is random; the first tells only the time.
ID_END: Final = 12
UUID_LENGTH: Final = len(str(UUID(int=0)))
UUID_TEXT: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NO_NAMES: Final[Mapping[str, str]] = {}
_Row = TypeVar("_Row", bound=Model)
Maker = Callable[[Any], "Table"]

Namer = Callable[[Collection[UUID]], Mapping[UUID, str]]

_namers: Final[dict[str, Namer]] = {}
_makers: Final[dict[str, list[Maker]]] = defaultdict(list)


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and what stands below it for each row. Numbers stand to the right."""

    title: str
    value: Callable[[Any], object]
    is_number: bool = False
    # Whether it may be a sentence, and so needs more than one line.
    is_prose: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    content: object
    column: Column

    @property
    def shown(self) -> object:
        return shown_value(self.content)


@dataclass(frozen=True, slots=True)
class Table:
    """A title, rows, and links to where there is more. `note` says what to think."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Any]
    links: Sequence[SafeString] = ()
    note: str = ""
    empty: str = "None."
    # How many there are, as words, where that is more than the rows shown.
    count: str = ""
    # A word with a color beside the title.
    badge: SafeString | str = ""
    cells: list[list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        cells = [
            [Cell(column.value(row), column) for column in self.columns]
            for row in self.rows
        ]
        object.__setattr__(self, "cells", cells)

    @property
    def is_quiet(self) -> bool:
        """Whether it says no more than that there is nothing."""
        return not (self.cells or self.note or self.badge)


def newest(rows: QuerySet[_Row]) -> list[_Row]:
    """The first few of ordered rows, by one query."""
    return list(rows[:NEWEST])


def table_of(label: str) -> Callable[[Maker], Maker]:
    """Put the table that a function makes of a row on the pages of `<app>.<model>`."""

    def decorate(make: Maker) -> Maker:
        _makers[label].append(make)
        return make

    return decorate


def tables_of(row: Model) -> list[Table]:
    """The tables that apps bring to a row's page, in the order of the apps."""
    return [make(row) for make in _makers[row._meta.label_lower]]


def names_for(kind: str) -> Callable[[Namer], Namer]:
    """Let a function say what things of this kind are called, given their keys."""

    def decorate(find: Namer) -> Namer:
        _namers[kind] = find
        return find

    return decorate


def find_names(subjects: Iterable[str]) -> dict[str, str]:
    """What to call things that are written as `user:<uuid>`: one query per kind."""
    names: dict[str, str] = {}
    wanted = set(subjects)
    for kind, find in _namers.items():
        keys = {
            subject: UUID(subject.removeprefix(f"{kind}:"))
            for subject in wanted
            if re.fullmatch(f"{kind}:{UUID_TEXT}", subject)
        }
        found = find(keys.values())
        names |= {subject: found[key] for subject, key in keys.items() if key in found}
    return names


def status_cell(status: str, *, color: str | None = None) -> SafeString:
    """A status as a word with its color."""
    context = {"text": status, "type": color or STATUS_COLORS.get(status, "")}
    return render_to_string("unfold/helpers/label.html", context)


def number_cell(number: object) -> SafeString:
    """A number or an amount that stands to the right, in a list."""
    return format_html(
        '<span class="block backoffice-number">{}</span>', shown_value(number)
    )


def subject_cell(kind: str, key: object, *, text: object = None) -> SafeString:
    """A link to the thing that an event or a hold names, e.g. `transfer`, `<uuid>`.

    Whatever has a page here is found by the name of its model, or by the
    `kind_of_subject` of its pages.
    """
    shown = key if text is None else text
    name = kind.replace("_", "")
    for model, pages in site._registry.items():  # noqa: SLF001
        names = {model._meta.model_name, getattr(pages, "kind_of_subject", None)}
        if name in names:
            page = f"{model._meta.app_label}_{model._meta.model_name}"
            return link_to(page, key, shown)
    return format_html("{}", shown)


def named_subject_cell(name: str, names: Mapping[str, str] = NO_NAMES) -> SafeString:
    """The same for what is written as `transfer:<uuid>`; other names stay text.

    `names` is what `find_names` found.
    """
    kind, _, key = name.partition(":")
    if len(key) != UUID_LENGTH:
        return format_html("{}", name)
    return subject_cell(kind, key, text=names.get(name) or short_name(name))


def short_name(name: str) -> SafeString:
    """What is written as `transfer:<uuid>`, with the end of the id; else the name."""
    kind, _, key = name.partition(":")
    if len(key) != UUID_LENGTH:
        return format_html("{}", name)
    return format_html("{} {}", kind, short_id(key))


def short_id(key: object) -> SafeString:
    """The end of an id, which tells it from others; the whole where one points."""
    text = str(key)
    return format_html('<span title="{}">…{}</span>', text, text[-ID_END:])


def count_up_to(rows: QuerySet[Any], *, most: int = 1000) -> str:
    """How many rows there are, without counting for long."""
    count = rows.order_by()[: most + 1].count()
    return f"more than {most}" if count > most else str(count)
