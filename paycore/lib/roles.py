"""Who may do what: the roles of people and the scopes of API keys.

Plain words that services and views share; `paycore.api` decides with them.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is here. Each role may do all that the one before it may."""

    USER = "user"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def is_staff(self) -> bool:
        return self is not Role.USER


class Scope(StrEnum):
    """What an API key may be used for. People with a token have no such limit."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    TRANSFERS_WRITE = "transfers:write"
    PAYOUTS_WRITE = "payouts:write"
    DEPOSITS_WRITE = "deposits:write"
    REVIEWS_WRITE = "reviews:write"
    REPORTS_READ = "reports:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


# Scopes that only staff can give to a key.
STAFF_SCOPES: Final = frozenset(
    {Scope.DEPOSITS_WRITE, Scope.REVIEWS_WRITE, Scope.ADMIN}
)
