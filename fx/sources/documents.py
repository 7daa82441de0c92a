"""Documents of rates: which format it is, and what holds in every format."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from fx.errors import SourceFault
from fx.sources.drafts import RateDraft
from fx.sources.ecb import read_ecb
from fx.sources.table import read_table

# How far the clock of a source may be ahead of ours.
CLOCK_SKEW: Final = timedelta(days=1)


def read_document(document: bytes, *, at: datetime) -> list[RateDraft]:
    """The rates in a document: the XML of the European Central Bank, or CSV.

    All or none: half a document is no news.

    Raises: `SourceFault`, naming the line.
    """
    is_xml = document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    drafts = read_ecb(document) if is_xml else read_table(document)
    if not drafts:
        raise SourceFault("There is no rate in it.")
    _refuse_the_future(drafts, at)
    return drafts


def _refuse_the_future(drafts: Sequence[RateDraft], at: datetime) -> None:
    # A year mistyped would outlast every rate to come.
    latest = max(draft.as_of for draft in drafts)
    if latest > at + CLOCK_SKEW:
        raise SourceFault(f"It has rates of {latest:%Y-%m-%d %H:%M}, in the future.")
