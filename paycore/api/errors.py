"""What HTTP itself may refuse, beside the refusals of the domain.

In order of precedence. `paycore.api.problems` turns each into an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from paycore.lib.errors import DomainError, Kind

# Of several faults in one request, the first of these names the whole.
PRECEDENCE: Final = (
    "invalid_input",
    "invalid_amount",
    "unsupported_currency",
    "same_account_transfer",
    "idempotency_key_required",
)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in a body or a query; `pointer` is a JSON pointer (RFC 6901)."""

    pointer: str
    code: str
    detail: str


class ShapeErrors(Exception):
    """The request does not have the shape that was asked for: all faults at once."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__(self.detail)

    @classmethod
    def of(
        cls, pointer: str, detail: str, *, code: str = "invalid_input"
    ) -> "ShapeErrors":
        return cls([FieldError(pointer, code, detail)])

    @property
    def code(self) -> str:
        return min((error.code for error in self.errors), key=_precedence)

    @property
    def detail(self) -> str:
        first = min(self.errors, key=lambda error: _precedence(error.code))
        return f"{first.pointer}: {first.detail}" if first.pointer else first.detail


class IdempotencyKeyRequired(DomainError):
    code = "idempotency_key_required"
    kind = Kind.INVALID
    # Says of which characters, because granian hands on a header of others as empty.
    message = (
        "Send an Idempotency-Key header of 1 to 255 printable ASCII characters, so that"
        " a retry cannot happen twice."
    )


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    kind = Kind.CONFLICT
    message = "This Idempotency-Key came with another request before. Use a new one."


class IdempotencyInProgress(DomainError):
    code = "idempotency_in_progress"
    kind = Kind.CONFLICT
    message = "The first request with this Idempotency-Key is still running."
    retryable = True


class HttpError(Exception):
    """A refusal that only means something in HTTP."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(
        self, detail: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail = detail or self.message
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class MethodNotAllowed(HttpError):
    code = "method_not_allowed"
    status = 405
    message = "This resource does not know that method; the Allow header lists its own."


class NotAcceptable(HttpError):
    code = "not_acceptable"
    status = 406
    message = "The Accept header excludes every form of the answer."


class PayloadTooLarge(HttpError):
    code = "payload_too_large"
    status = 413
    message = "A request body may have at most 1 MiB."


class UnsupportedMediaType(HttpError):
    code = "unsupported_media_type"
    status = 415
    message = "Send the body as application/json in UTF-8, not compressed."


class RateLimited(HttpError):
    code = "rate_limited"
    status = 429
    message = "Too many requests; the Retry-After header says how many seconds to wait."
    retryable = True


class InternalError(HttpError):
    code = "internal_error"
    status = 500
    message = "Something went wrong here; it was recorded under the request id."
    # Whatever failed was rolled back, and the key of the request is free again.
    retryable = True


def _precedence(code: str) -> int:
    return PRECEDENCE.index(code) if code in PRECEDENCE else len(PRECEDENCE)
