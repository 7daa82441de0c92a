"""People, their keys, and the accounts they hold."""

from accounts.models.account import (
    ACCOUNT_MOVES,
    Account,
    AccountKind,
    AccountStatus,
)
from accounts.models.keys import ApiKey
from accounts.models.people import (
    STAFF_GROUPS,
    USER_MOVES,
    User,
    UserManager,
    UserStatus,
    role_of,
)

__all__ = [
    "ACCOUNT_MOVES",
    "STAFF_GROUPS",
    "USER_MOVES",
    "Account",
    "AccountKind",
    "AccountStatus",
    "ApiKey",
    "User",
    "UserManager",
    "UserStatus",
    "role_of",
]
