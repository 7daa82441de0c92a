"""What staff see of people, their keys, and the accounts they hold."""

from accounts.admin.account import AccountPages
from accounts.admin.keys import ApiKeyPages
from accounts.admin.people import UserPages
from accounts.admin.tables import (
    account_named,
    account_of_books,
    accounts_of_user,
    emails_of_owners,
    frozen_accounts,
    suspended_people,
)

__all__ = [
    "AccountPages",
    "ApiKeyPages",
    "UserPages",
    "account_named",
    "account_of_books",
    "accounts_of_user",
    "emails_of_owners",
    "frozen_accounts",
    "suspended_people",
]
