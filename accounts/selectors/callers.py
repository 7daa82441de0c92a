"""Who a token or a key speaks for: the one question of every request.

Plain SQL, because building and compiling these querysets would take longer than
PostgreSQL takes to answer them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from accounts.models import UserStatus, role_of
from paycore.lib.roles import Role

# How stale "last used" may be. Noting every use would be a write per request.
LAST_USED_PRECISION_SECONDS: Final = 60

# The groups come as an array: one row, one statement.
_PERSON_BY_ID: Final = """
    SELECT person.id, person.status, person.password, person.is_superuser, ARRAY(
        SELECT name FROM auth_group
        JOIN accounts_user_groups AS membership ON membership.group_id = auth_group.id
        WHERE membership.user_id = person.id
    )
    FROM accounts_user AS person
    WHERE person.id = %s
"""
# The database compares the times: its clock is the one that all servers share.
_PERSON_BY_KEY: Final = """
    SELECT person.id, person.status, person.password, person.is_superuser, ARRAY(
        SELECT name FROM auth_group
        JOIN accounts_user_groups AS membership ON membership.group_id = auth_group.id
        WHERE membership.user_id = person.id
    ),
    api_key.id, api_key.scopes,
    coalesce(
        api_key.last_used_at < statement_timestamp() - make_interval(secs => %s), TRUE
    )
    FROM accounts_apikey AS api_key
    JOIN accounts_user AS person ON person.id = api_key.user_id
    WHERE api_key.digest = %s
        AND api_key.revoked_at IS NULL
        AND (api_key.expires_at IS NULL OR api_key.expires_at > statement_timestamp())
"""


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """An API key that is good. `is_due`: nobody noted its use for a while."""

    id: UUID
    scopes: frozenset[str]
    is_due: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """A person as authentication sees them; `key` when one speaks for them."""

    user_id: UUID
    status: UserStatus
    role: Role
    password_hash: str
    key: KeyInUse | None = None


def find_caller_by_id(*, user_id: UUID) -> Caller | None:
    row = _first_row(_PERSON_BY_ID, [user_id])
    return None if row is None else _caller(row)


def find_caller_by_key(*, digest: bytes) -> Caller | None:
    """Nobody when the key is unknown, revoked or expired."""
    row = _first_row(_PERSON_BY_KEY, [LAST_USED_PRECISION_SECONDS, digest])
    if row is None:
        return None
    *person, key_id, scopes, is_due = row
    return _caller(person, KeyInUse(key_id, frozenset(scopes), is_due))


def _first_row(sql: str, parameters: Sequence[Any]) -> Sequence[Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: Sequence[Any] | None = cursor.fetchone()
        return row


def _caller(person: Sequence[Any], key: KeyInUse | None = None) -> Caller:
    user_id, status, password_hash, is_superuser, group_names = person
    return Caller(
        user_id=user_id,
        status=UserStatus(status),
        role=role_of(is_superuser=is_superuser, group_names=set(group_names)),
        password_hash=password_hash,
        key=key,
    )
