"""create_api_key ..."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import ApiKey
from accounts.services import create_api_key
from events.models import Event
from paycore.lib.errors import InvalidInput, PermissionDenied
from paycore.lib.roles import STAFF_SCOPES, Scope
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def create(player, *scopes, **changes):
    arguments = {
        "owner": player.principal,
        "name": "Till 7",
        "scopes": frozenset(scopes or {Scope.ACCOUNTS_READ}),
        "expires_at": None,
        "origin": player.origin,
    }
    return create_api_key(**arguments | changes)


def test_makes_a_key_that_acts_for_its_owner(ada):
    new = create(ada, Scope.TRANSFERS_WRITE, Scope.ACCOUNTS_READ)

    stored = ApiKey.objects.get()
    assert stored.user_id == ada.id
    assert stored.scopes == ["accounts:read", "transfers:write"]
    assert stored.prefix == new.secret[:12]
    assert bytes(stored.digest) == hashlib.sha256(new.secret.encode()).digest()
    assert (stored.expires_at, stored.last_used_at, stored.revoked_at) == (None,) * 3


def test_never_makes_the_same_key_twice(ada):
    secrets = {create(ada).secret for _ in range(20)}

    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {len("pk_live_") + 43}


def test_stores_the_secret_nowhere(ada):
    secret = create(ada).secret

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s',
                [f"%{secret[12:]}%"],
            )
            assert cursor.fetchone() == (0,), table


def test_announces_it(ada):
    new = create(ada)

    event = Event.objects.get(type="api_key.created")
    assert (event.subject_id, event.owner_ids) == (new.api_key.pk, [ada.id])
    assert event.data == {"name": "Till 7", "scopes": ["accounts:read"]}


@pytest.mark.parametrize("scope", sorted(STAFF_SCOPES))
def test_refuses_scopes_of_staff_to_others(ada, scope):
    with refused_with(PermissionDenied):
        create(ada, scope, Scope.ACCOUNTS_READ)

    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scope", sorted(STAFF_SCOPES))
def test_gives_scopes_of_staff_to_staff(operator, scope):
    assert create(operator, scope).api_key.scopes == [scope.value]


def test_refuses_a_key_that_has_expired_already(ada):
    with refused_with(InvalidInput) as refusal:
        create(ada, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert refusal.value.pointer == "/expires_at"


def test_takes_an_expiry(ada):
    moment = datetime.now(UTC) + timedelta(days=1)

    assert create(ada, expires_at=moment).api_key.expires_at == moment
