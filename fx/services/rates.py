"""Writing down what sources say. Nothing is ever overwritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from fx.errors import SourceFault
from fx.models import SEED, Rate
from fx.sources import RateDraft, fetch, read_document

LONGEST_NAME: Final = 50
# Earlier than anything that a real source says, so that any real rate takes over.
SEEDED_AS_OF: Final = datetime(2000, 1, 1, tzinfo=UTC)
SEEDS: Final = tuple(
    RateDraft(base, quote, Decimal(rate), SEEDED_AS_OF)
    for base, quote, rate in (
        ("USD", "EUR", "0.92"),
        ("USD", "GBP", "0.79"),
        ("USD", "MYR", "4.70"),
        ("SGD", "MYR", "3.50"),
    )
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rates a document had, of when the latest is, how many were news."""

    count: int
    latest: datetime
    new: int


def load_rates(*, address: str, source: str, at: datetime) -> Loaded:
    """Read a document and record the rates in it, all or none.

    Asks the network, so never call it inside a transaction.

    Raises: `SourceFault`.
    """
    _require_usable(source)
    drafts = read_document(fetch(address), at=at)
    return Loaded(
        count=len(drafts),
        latest=max(draft.as_of for draft in drafts),
        new=record_rates(drafts=drafts, source=source),
    )


def _require_usable(source: str) -> None:
    if source == SEED:
        raise SourceFault(f"The name {SEED} is kept for rates that do not age.")
    if not (source.isprintable() and 0 < len(source) <= LONGEST_NAME):
        raise SourceFault(f"A source's name has 1 to {LONGEST_NAME} characters.")


def record_rates(*, drafts: Sequence[RateDraft], source: str) -> int:
    """Write down what a source says, by one statement; returns how much was news.

    What the source has said before, word for word, is written once.
    """
    columns: list[Any] = [
        [draft.base for draft in drafts],
        [draft.quote for draft in drafts],
        [draft.rate for draft in drafts],
        [source] * len(drafts),
        [draft.as_of for draft in drafts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, columns)
        new: int = cursor.rowcount
    return new


def seed_rates() -> None:
    """Record the rates of a fresh installation; may be repeated."""
    record_rates(drafts=SEEDS, source=SEED)


# `bulk_create(ignore_conflicts=True)` would not tell how many rows it has written.
_RECORD: Final = f"""
    INSERT INTO {Rate._meta.db_table} (base, quote, rate, source, as_of)
    SELECT * FROM unnest(
        %s::text[], %s::text[], %s::numeric[], %s::text[], %s::timestamptz[]
    )
    ON CONFLICT DO NOTHING
"""  # noqa: S608
