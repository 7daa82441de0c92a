"""API keys: made, used, revoked."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from accounts.models import ApiKey
from accounts.selectors import LAST_USED_PRECISION_SECONDS
from accounts.services.people import Person
from events.services import EventDraft, publish_events
from paycore.lib import db
from paycore.lib.errors import InvalidInput, NotFound, PermissionDenied
from paycore.lib.origin import Origin
from paycore.lib.roles import STAFF_SCOPES, Scope
from paycore.lib.times import StatementTime

# So that leaked keys are recognised, by people and by scanners.
KEY_MARK: Final = "pk_live_"
# 256 bits: nothing to guess, so a fast digest is safe to store.
SECRET_BYTES: Final = 32
PREFIX_LENGTH: Final = len(KEY_MARK) + 4


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made, with the only copy of its secret."""

    api_key: ApiKey
    secret: str


def create_api_key(
    *,
    owner: Person,
    name: str,
    scopes: frozenset[Scope],
    expires_at: datetime | None,
    origin: Origin,
) -> NewApiKey:
    """Make a key that acts for its owner within these scopes.

    Raises: `PermissionDenied` when a scope is for staff and the owner is not;
    `InvalidInput` when it would have expired already.
    """
    _refuse_scopes_beyond_role(scopes, owner=owner)
    secret = KEY_MARK + secrets.token_urlsafe(SECRET_BYTES)
    already_expired = InvalidInput(
        pointer="/expires_at", why="A key expires later than it is made."
    )
    with (
        db.refuse_on({"accounts_apikey_expires_later": already_expired}),
        transaction.atomic(),
    ):
        api_key = ApiKey.objects.create(
            user_id=owner.user_id,
            name=name,
            prefix=secret[:PREFIX_LENGTH],
            digest=digest_of(secret),
            scopes=sorted(scopes),
            expires_at=expires_at,
        )
        data = {"name": name, "scopes": sorted(scopes)}
        _announce(api_key, "api_key.created", data, origin=origin)
    return NewApiKey(api_key=api_key, secret=secret)


def revoke_api_key(
    *, api_key_id: UUID, owner_id: UUID | None, reason: str = "", origin: Origin
) -> None:
    """End a key at once and for good; anybody's when no owner is named.

    Raises: `NotFound` when there is no such key, or it was revoked before.
    """
    keys = ApiKey.objects.filter(pk=api_key_id, revoked_at__isnull=True)
    if owner_id is not None:
        keys = keys.filter(user_id=owner_id)
    with transaction.atomic():
        if keys.update(revoked_at=StatementTime()) == 0:
            raise NotFound
        api_key = ApiKey.objects.get(pk=api_key_id)
        data = {"name": api_key.name, "reason": reason}
        _announce(api_key, "api_key.revoked", data, origin=origin)


def note_key_use(*, api_key_id: UUID) -> None:
    """Remember when a key was last used, to the minute.

    Of many requests at once one writes; the others neither wait nor write.
    """
    # Plain SQL, because only a subquery can say SKIP LOCKED in an UPDATE, and the
    # queryset for it would ask for a transaction of several statements.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_apikey SET last_used_at = statement_timestamp()
            WHERE id = (
                SELECT id FROM accounts_apikey
                WHERE id = %s AND coalesce(
                    last_used_at < statement_timestamp() - make_interval(secs => %s),
                    TRUE
                )
                FOR UPDATE SKIP LOCKED
            )
            """,
            [api_key_id, LAST_USED_PRECISION_SECONDS],
        )


def digest_of(secret: str) -> bytes:
    """What is stored of a key, and looked up."""
    return hashlib.sha256(secret.encode()).digest()


def _refuse_scopes_beyond_role(scopes: frozenset[Scope], *, owner: Person) -> None:
    for_staff = scopes & STAFF_SCOPES
    if for_staff and not owner.role.is_staff:
        raise PermissionDenied(
            why=f"Only staff may give a key the scopes {', '.join(sorted(for_staff))}."
        )


def _announce(
    api_key: ApiKey, event: str, data: Mapping[str, object], *, origin: Origin
) -> None:
    draft = EventDraft(
        type=event,
        subject_type="api_key",
        subject_id=api_key.pk,
        owner_ids=(api_key.user_id,),
        data=data,
    )
    publish_events([draft], origin=origin)
