"""Reading people, their keys, and the accounts they hold."""

from accounts.selectors.account import (
    AccountParty,
    Balance,
    Statement,
    get_account,
    get_balance,
    get_parties,
    get_statement,
    list_accounts,
)
from accounts.selectors.callers import (
    LAST_USED_PRECISION_SECONDS,
    Caller,
    KeyInUse,
    find_caller_by_id,
    find_caller_by_key,
)
from accounts.selectors.keys import list_api_keys
from accounts.selectors.people import find_user_by_email, get_user, list_users

__all__ = [
    "LAST_USED_PRECISION_SECONDS",
    "AccountParty",
    "Balance",
    "Caller",
    "KeyInUse",
    "Statement",
    "find_caller_by_id",
    "find_caller_by_key",
    "find_user_by_email",
    "get_account",
    "get_balance",
    "get_parties",
    "get_statement",
    "get_user",
    "list_accounts",
    "list_api_keys",
    "list_users",
]
