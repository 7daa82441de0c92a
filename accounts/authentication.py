"""Who is calling? Each way to tell costs one statement.

The row of the person is read every time, so suspending somebody, taking a role or
changing a password counts from the next request on, whatever tokens are out.
When a request brings both headers, `Authorization` decides and the key is ignored.
"""

from typing import Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import services, tokens
from accounts.models import UserStatus
from accounts.selectors import Caller, find_caller_by_id, find_caller_by_key
from paycore.api.principals import Principal
from paycore.lib.errors import PermissionDenied, Unauthenticated

KEY_HEADER: Final = "HTTP_X_API_KEY"


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>`: people, from `/v1/auth/login`."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated
        caller = admit(tokens.read_access_token(token.strip()))
        return Principal(user_id=caller.user_id, role=caller.role), None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="paycore"'


class ApiKeyHeader(BaseAuthentication):
    """`X-API-Key: <key>`: servers, in the name of who made the key."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        secret = request.META.get(KEY_HEADER)
        if secret is None:
            return None
        caller = find_caller_by_key(digest=services.digest_of(secret.strip()))
        if caller is None or caller.key is None:
            raise Unauthenticated
        _refuse_unless_active(caller)
        if caller.key.is_due:
            services.note_key_use(api_key_id=caller.key.id)
        principal = Principal(
            user_id=caller.user_id,
            role=caller.role,
            scopes=caller.key.scopes,
            api_key_id=caller.key.id,
        )
        return principal, None


def admit(claims: tokens.Claims) -> Caller:
    """The person of a genuine token, if they may still act.

    Raises: `Unauthenticated` when they are gone or changed their password since;
    `PermissionDenied` when they are suspended or closed.
    """
    caller = find_caller_by_id(user_id=claims.user_id)
    if caller is None:
        raise Unauthenticated
    if tokens.password_mark_of(caller.password_hash) != claims.password_mark:
        raise Unauthenticated
    _refuse_unless_active(caller)
    return caller


def _refuse_unless_active(caller: Caller) -> None:
    if caller.status != UserStatus.ACTIVE:
        raise PermissionDenied(why=f"You are {caller.status}.")
