"""Every refusal of the books, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class HoldNotOpen(DomainError):
    code = "hold_not_open"
    kind = Kind.CONFLICT
    message = "The hold is {status}; only an open hold can be captured or released."


class LimitExceeded(DomainError):
    """Also what risk raises for its limits; here: the books can count no further."""

    code = "limit_exceeded"
    kind = Kind.REFUSED
    message = "{why}"


class InsufficientBalance(DomainError):
    code = "insufficient_balance"
    kind = Kind.REFUSED
    message = "The account has {available} {currency} available; {required} is needed."
