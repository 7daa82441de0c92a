"""People, their keys and their accounts over HTTP."""

from accounts.views.account import (
    AccountBalance,
    AccountClosing,
    AccountDetail,
    AccountEntries,
    AccountFreeze,
    AccountList,
    AccountStatement,
    AccountUnfreeze,
)
from accounts.views.keys import ApiKeyDetail, ApiKeys
from accounts.views.people import Me, Reactivation, Suspension, Users
from accounts.views.sessions import Login, Refresh

__all__ = [
    "AccountBalance",
    "AccountClosing",
    "AccountDetail",
    "AccountEntries",
    "AccountFreeze",
    "AccountList",
    "AccountStatement",
    "AccountUnfreeze",
    "ApiKeyDetail",
    "ApiKeys",
    "Login",
    "Me",
    "Reactivation",
    "Refresh",
    "Suspension",
    "Users",
]
