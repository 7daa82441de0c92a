"""Shapes of requests and resources of people, keys and accounts."""

from accounts.serializers.account import (
    AccountListQuery,
    AccountResource,
    BalanceQuery,
    BalanceResource,
    EntryListQuery,
    EntryResource,
    StatementQuery,
    StatementResource,
)
from accounts.serializers.keys import (
    ApiKeyRequest,
    ApiKeyResource,
    NewApiKeyResource,
)
from accounts.serializers.people import (
    LoginRequest,
    ReasonRequest,
    RefreshedResource,
    RefreshRequest,
    SessionResource,
    SignUpRequest,
    UserResource,
)

__all__ = [
    "AccountListQuery",
    "AccountResource",
    "ApiKeyRequest",
    "ApiKeyResource",
    "BalanceQuery",
    "BalanceResource",
    "EntryListQuery",
    "EntryResource",
    "LoginRequest",
    "NewApiKeyResource",
    "ReasonRequest",
    "RefreshRequest",
    "RefreshedResource",
    "SessionResource",
    "SignUpRequest",
    "StatementQuery",
    "StatementResource",
    "UserResource",
]
