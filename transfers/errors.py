"""Every refusal of movements, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class SameAccountTransfer(DomainError):
    code = "same_account_transfer"
    kind = Kind.INVALID
    message = "Source and destination are the same account."


class DuplicateReference(DomainError):
    code = "duplicate_reference"
    kind = Kind.CONFLICT
    message = "You have made a transfer with the reference {reference} already."


class CurrencyMismatch(DomainError):
    code = "currency_mismatch"
    kind = Kind.REFUSED
    message = "{why}"


class BatchRefused(DomainError):
    """`items` says of each transfer why it failed, or that it was not executed."""

    code = "batch_refused"
    kind = Kind.REFUSED
    message = "{refused} of {total} transfers were refused, so none was made."
