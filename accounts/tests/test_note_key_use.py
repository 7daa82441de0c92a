"""note_key_use ..."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import ApiKey
from accounts.services import note_key_use
from paycore.testing.cast import ApiKeyFactory

pytestmark = pytest.mark.django_db


def last_use_of(key):
    return ApiKey.objects.get(pk=key.pk).last_used_at


def test_remembers_a_first_use(ada):
    key = ApiKeyFactory.create(user=ada.user)
    other = ApiKeyFactory.create(user=ada.user)

    note_key_use(api_key_id=key.pk)

    assert datetime.now(UTC) - last_use_of(key) < timedelta(minutes=1)
    assert last_use_of(other) is None


def test_writes_once_a_minute(ada):
    long_ago = datetime.now(UTC) - timedelta(seconds=61)
    lately = datetime.now(UTC) - timedelta(seconds=50)
    stale = ApiKeyFactory.create(user=ada.user, last_used_at=long_ago)
    fresh = ApiKeyFactory.create(user=ada.user, last_used_at=lately)

    note_key_use(api_key_id=stale.pk)
    note_key_use(api_key_id=fresh.pk)

    assert last_use_of(stale) > lately
    assert last_use_of(fresh) == lately
