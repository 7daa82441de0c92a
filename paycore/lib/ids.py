"""Identifiers: UUIDv7 (RFC 9562), so that ids made later sort later."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    """A fresh UUIDv7: rising in one process, by the millisecond across processes."""
    return uuid7()


def numbered_id(number: int, *, at: datetime) -> UUID:
    """The UUIDv7 of what was counted at a moment: always the same, rising with both.

    The count stands where the random bits would: RFC 9562, section 6.2, allows it.
    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | number)
