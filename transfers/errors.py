"""Every refusal of movements, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class SameAccountTransfer(DomainError):
    code = "same_account_transfer"
    kind = Kind.INVALID
    message = "Source and destination are the same account."


class InvalidSignature(DomainError):
    code = "invalid_signature"
    kind = Kind.UNAUTHENTICATED
    message = "The message is not signed with a secret of ours, or it is stale."


class RefundExceedsOriginal(DomainError):
    code = "refund_exceeds_original"
    kind = Kind.REFUSED
    message = "{left} {currency} of the transfer is left to refund; {asked} was asked."


class BatchRefused(DomainError):
    """`items` says of each transfer why it failed, or that it was not executed."""

    code = "batch_refused"
    kind = Kind.REFUSED
    message = "{refused} of {total} transfers were refused, so none was made."
