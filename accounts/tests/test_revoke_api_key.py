"""revoke_api_key ..."""

import pytest

from accounts.models import ApiKey
from accounts.selectors import list_api_keys
from accounts.services import revoke_api_key
from events.models import Event
from paycore.lib.errors import NotFound
from paycore.lib.ids import new_id
from paycore.testing.cast import ApiKeyFactory
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def revoke(key_id, player):
    revoke_api_key(api_key_id=key_id, owner_id=player.id, origin=player.origin)


def test_ends_a_key(ada):
    key = ApiKeyFactory.create(user=ada.user)

    revoke(key.pk, ada)

    assert ApiKey.objects.get().revoked_at is not None
    assert not list_api_keys(owner_id=ada.id).exists()
    assert Event.objects.get(type="api_key.revoked").subject_id == key.pk


def test_refuses_a_key_of_somebody_else(ada, mallory):
    key = ApiKeyFactory.create(user=ada.user)

    with refused_with(NotFound):
        revoke(key.pk, mallory)

    assert ApiKey.objects.get().revoked_at is None
    assert not Event.objects.filter(type="api_key.revoked").exists()


def test_refuses_a_key_that_was_revoked_before(ada):
    key = ApiKeyFactory.create(user=ada.user)
    revoke(key.pk, ada)

    with refused_with(NotFound):
        revoke(key.pk, ada)

    assert Event.objects.filter(type="api_key.revoked").count() == 1


def test_refuses_a_key_that_never_was(ada):
    with refused_with(NotFound):
        revoke(new_id(), ada)


def test_lets_staff_end_the_key_of_anybody(ada, operator):
    key = ApiKeyFactory.create(user=ada.user)

    revoke_api_key(
        api_key_id=key.pk, owner_id=None, reason="Leaked", origin=operator.origin
    )

    event = Event.objects.get(type="api_key.revoked")
    assert (event.actor, event.data["reason"]) == (f"user:{operator.id}", "Leaked")
    assert event.owner_ids == [ada.id]
