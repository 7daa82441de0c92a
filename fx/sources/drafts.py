"""A rate as a document says it, and the reading of its parts."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from fx.errors import SourceFault
from paycore.lib.errors import UnsupportedCurrency
from paycore.lib.money import CURRENCIES

# As many digits as `fx.models.Rate.rate` stores, so that nothing is rounded.
RATE: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?\Z")


@dataclass(frozen=True, slots=True)
class RateDraft:
    """What one unit of `base` is worth in `quote`."""

    base: str
    quote: str
    rate: Decimal
    as_of: datetime

    @property
    def pair(self) -> tuple[str, str]:
        """Both currencies in the order of the alphabet, whichever way it was said."""
        low, high = sorted((self.base, self.quote))
        return low, high


def read_currency(text: str, *, where: str) -> str:
    """Raises: `SourceFault`."""
    try:
        return CURRENCIES.get(text).code
    except UnsupportedCurrency:
        raise SourceFault(
            f"{where}: {text[:20]!r} is no currency of this server."
        ) from None


def read_rate(text: str, *, where: str) -> Decimal:
    """Raises: `SourceFault`."""
    if not RATE.match(text) or not text.strip("0."):
        raise SourceFault(
            f"{where}: {text[:50]!r} is no rate. A rate is a decimal number above zero"
            " with at most 18 digits before and 18 after the point."
        )
    return Decimal(text)


def read_moment(text: str, *, where: str) -> datetime:
    """An instant with its offset; a date alone means that it began, in UTC.

    Raises: `SourceFault`.
    """
    with suppress(ValueError, OverflowError):
        if len(text) == len("2026-01-31"):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise SourceFault(
        f"{where}: {text[:50]!r} is neither a date (2026-01-31) nor an instant with an"
        " offset (2026-01-31T16:00:00Z)."
    )
