"""The two kinds of failure.

A *refusal* (`DomainError`) is anticipated, has a stable code and tells the caller what
to do. Every other exception is a *bug*: nobody catches it, and it pages someone.
"""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What sort of refusal this is. Only `paycore.api.problems` turns it into HTTP."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """An anticipated refusal.

    `code` is for machines and never changes. `message` is for people and may name the
    facts in braces: `InsufficientBalance(available="1.00", ...)`. `pointer` is the
    JSON pointer of the field at fault, where one field is.
    """

    code: ClassVar[str]
    kind: ClassVar[Kind]
    message: ClassVar[str]
    # Whether the very same request may succeed later without being changed.
    retryable: ClassVar[bool] = False

    def __init__(self, *, pointer: str | None = None, **facts: Any) -> None:
        self.pointer = pointer
        self.facts = facts
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        return self.message.format(**self.facts)


class InvalidInput(DomainError):
    code = "invalid_input"
    kind = Kind.INVALID
    message = "{why}"


class InvalidAmount(DomainError):
    code = "invalid_amount"
    kind = Kind.INVALID
    message = "{why}"


class UnsupportedCurrency(DomainError):
    code = "unsupported_currency"
    kind = Kind.INVALID
    message = "The currency {currency} is not one that this server keeps books in."


class Unauthenticated(DomainError):
    code = "unauthenticated"
    kind = Kind.UNAUTHENTICATED
    message = "{why}"

    def __init__(
        self,
        *,
        why: str = "Send a valid bearer token or API key.",
        pointer: str | None = None,
    ) -> None:
        super().__init__(pointer=pointer, why=why)


class PermissionDenied(DomainError):
    code = "permission_denied"
    kind = Kind.FORBIDDEN
    message = "{why}"


class NotFound(DomainError):
    code = "not_found"
    kind = Kind.NOT_FOUND
    message = "There is nothing here, or it is not yours to see."


class DuplicateReference(DomainError):
    code = "duplicate_reference"
    kind = Kind.CONFLICT
    message = "The reference {reference} stands for something else already."


class InvalidState(DomainError):
    code = "invalid_state"
    kind = Kind.CONFLICT
    message = "{why}"


class CurrencyMismatch(DomainError):
    code = "currency_mismatch"
    kind = Kind.REFUSED
    message = "{why}"


class LimitExceeded(DomainError):
    """More than is allowed, or more than the books can count."""

    code = "limit_exceeded"
    kind = Kind.REFUSED
    message = "{why}"


class ServiceUnavailable(DomainError):
    """Something this request depends on did not answer; nothing was changed."""

    code = "service_unavailable"
    kind = Kind.UNAVAILABLE
    message = "{why}"
    retryable = True
