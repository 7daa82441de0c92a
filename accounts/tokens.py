"""JSON web tokens: how people prove that they signed in.

A token names a person and carries a fingerprint of their password, so a changed
password ends every token. Status and role are not in it: they are read at each request.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from paycore.lib.errors import Unauthenticated

REMEMBERED_TOKENS: Final = 4096
PERSON_CLAIM = "sub"
PASSWORD_CLAIM = "pwd"  # noqa: S105  # The claim's name.


@dataclass(frozen=True, slots=True)
class Claims:
    """What a genuine token says. `expires_at` is Unix time."""

    user_id: UUID
    password_mark: str
    expires_at: int


def issue_access_token(*, user_id: UUID, password_hash: str) -> str:
    """A token that opens the API for `settings.ACCESS_TOKEN_LIFETIME` seconds."""
    seconds = settings.ACCESS_TOKEN_LIFETIME
    return _sign(AccessToken(), seconds, user_id, password_hash)


def issue_refresh_token(*, user_id: UUID, password_hash: str) -> str:
    """A token that is good for nothing but new access tokens."""
    seconds = settings.REFRESH_TOKEN_LIFETIME
    return _sign(RefreshToken(), seconds, user_id, password_hash)


def read_access_token(text: str) -> Claims:
    """Raises: `Unauthenticated`."""
    claims = _genuine_access(text)
    # What is remembered was in time only when it was read first.
    if claims.expires_at <= time.time():
        raise Unauthenticated
    return claims


def read_refresh_token(text: str) -> Claims:
    """Raises: `Unauthenticated`."""
    return _genuine(RefreshToken, text)


def password_mark_of(password_hash: str) -> str:
    """A fingerprint of a salted hash: it tells nothing of the password."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def _sign(token: Token, seconds: int, user_id: UUID, password_hash: str) -> str:
    token.set_exp(lifetime=timedelta(seconds=seconds))
    token[PERSON_CLAIM] = str(user_id)
    token[PASSWORD_CLAIM] = password_mark_of(password_hash)
    return str(token)


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _genuine_access(text: str) -> Claims:
    # A token comes with each request, and its signature stays true: taking it apart
    # again took an eighth of a transfer's time. Refusals are not remembered.
    return _genuine(AccessToken, text)


def _genuine(kind: type[Token], text: str) -> Claims:
    try:
        token = kind(text)  # type: ignore[arg-type]  # Its annotation is wrong.
        return Claims(
            UUID(token[PERSON_CLAIM]), token[PASSWORD_CLAIM], int(token["exp"])
        )
    except (TokenError, KeyError, ValueError, AttributeError) as error:
        # The last three: signed with our key, but not by this code.
        raise Unauthenticated from error
