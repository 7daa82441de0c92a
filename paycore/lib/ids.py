"""Identifiers: UUIDv7 (RFC 9562), so that ids made later sort later."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7: rising in one process, by the millisecond across processes."""
    return uuid7()
