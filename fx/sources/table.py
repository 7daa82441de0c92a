"""Rates as CSV, with a line of headings: base,quote,rate,as_of."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from fx.errors import SourceFault
from fx.sources.drafts import RateDraft, read_currency, read_moment, read_rate

COLUMNS: Final = ("base", "quote", "rate", "as_of")


def read_table(document: bytes) -> list[RateDraft]:
    """Raises: `SourceFault`, naming line and column."""
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceFault("It is neither XML nor text in UTF-8.") from None
    said: dict[object, tuple[int, RateDraft]] = {}
    for number, draft in _drafts(text):
        key = (draft.pair, draft.as_of)
        earlier, other = said.setdefault(key, (number, draft))
        if other != draft:
            raise SourceFault(
                f"line {number}, column rate: line {earlier} says something else about"
                " this pair at this time."
            )
    return [draft for _, draft in said.values()]


def _drafts(text: str) -> Iterator[tuple[int, RateDraft]]:
    rows = csv.DictReader(StringIO(text, newline=""), strict=True)
    try:
        headings = [heading.strip().lower() for heading in rows.fieldnames or ()]
        if sorted(headings) != sorted(COLUMNS):
            raise SourceFault(f"line 1: the columns must be {','.join(COLUMNS)}.")
        rows.fieldnames = headings
        for row in rows:
            yield rows.line_num, _draft(row, line=rows.line_num)
    except csv.Error as error:
        raise SourceFault(f"line {rows.reader.line_num}: {error}.") from None


def _draft(row: dict[str | None, str | None], *, line: int) -> RateDraft:
    if None in row:
        raise SourceFault(f"line {line}: it has more than {len(COLUMNS)} columns.")
    cells: dict[str, str] = {}
    for column in COLUMNS:
        text = (row[column] or "").strip()
        if not text:
            raise SourceFault(f"line {line}, column {column}: it is empty.")
        cells[column] = text
    draft = RateDraft(
        base=read_currency(cells["base"], where=f"line {line}, column base"),
        quote=read_currency(cells["quote"], where=f"line {line}, column quote"),
        rate=read_rate(cells["rate"], where=f"line {line}, column rate"),
        as_of=read_moment(cells["as_of"], where=f"line {line}, column as_of"),
    )
    if draft.base == draft.quote:
        raise SourceFault(f"line {line}, column quote: it is the same as base.")
    return draft
