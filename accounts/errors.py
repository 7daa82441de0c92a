"""Every refusal of people, keys and accounts, in order of precedence."""

from paycore.lib.errors import DomainError, Kind


class AccountNotFound(DomainError):
    code = "account_not_found"
    kind = Kind.NOT_FOUND
    message = "There is no such account, or it is not yours to see."


class DuplicateUser(DomainError):
    code = "duplicate_user"
    kind = Kind.CONFLICT
    message = "Somebody has signed up with this email address already."


class DuplicateAccount(DomainError):
    code = "duplicate_account"
    kind = Kind.CONFLICT
    message = "The owner has an account with this external_id already."


class AccountNotEmpty(DomainError):
    code = "account_not_empty"
    kind = Kind.REFUSED
    message = "Only an account without money and without holds can be closed."
