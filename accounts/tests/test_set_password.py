"""set_password ..."""

import pytest

from accounts.services import set_password
from events.models import Event
from paycore.lib.errors import NotFound
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM
from paycore.testing.cast import PASSWORD
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def test_replaces_a_password_and_ends_tokens(ada):
    set_password(user_id=ada.id, password="demo", origin=SYSTEM)

    ada.user.refresh_from_db()
    assert ada.user.check_password("demo")
    assert ada.get("/v1/users/me").status_code == 401
    assert Event.objects.get(type="user.password_set").data == {}


def test_changes_nothing_when_it_is_the_same(ada):
    set_password(user_id=ada.id, password=PASSWORD, origin=SYSTEM)

    assert ada.get("/v1/users/me").status_code == 200
    assert not Event.objects.filter(type="user.password_set").exists()


def test_refuses_a_stranger():
    with refused_with(NotFound):
        set_password(user_id=new_id(), password="demo", origin=SYSTEM)
