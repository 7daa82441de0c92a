"""Every refusal of the books, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class HoldNotOpen(DomainError):
    code = "hold_not_open"
    kind = Kind.CONFLICT
    message = "The hold is {status}; only an open hold can be captured or released."


class AccountNotActive(DomainError):
    code = "account_not_active"
    kind = Kind.REFUSED
    message = "The account is {status}; only an active one sends or receives money."


class InsufficientBalance(DomainError):
    code = "insufficient_balance"
    kind = Kind.REFUSED
    message = "The account has {available} {currency} available; {required} is needed."
