"""grant_role ..."""

import pytest
from django.core.management import CommandError, call_command

from accounts.selectors import get_user
from accounts.services import grant_role
from events.models import Event
from paycore.lib.errors import NotFound
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM
from paycore.lib.roles import Role
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def grants_to(player):
    events = Event.objects.filter(subject_id=player.id, type="user.role_granted")
    return [event.data for event in events]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_makes_somebody_staff(ada, role):
    user = grant_role(user_id=ada.id, role=role, origin=SYSTEM)

    assert user.role is role
    assert user.is_staff
    assert [group.name for group in user.groups.all()] == [role.value]
    assert grants_to(ada) == [{"from": "user", "to": role.value}]


def test_takes_the_role_that_was(admin):
    user = grant_role(user_id=admin.id, role=Role.USER, origin=SYSTEM)

    assert user.role is Role.USER
    assert not user.is_staff


def test_takes_a_superuser_down_too(ada):
    call_command("grant_role", ada.user.email, "admin")
    type(ada.user).objects.filter(pk=ada.id).update(is_superuser=True)

    grant_role(user_id=ada.id, role=Role.OPERATOR, origin=SYSTEM)

    assert get_user(user_id=ada.id).role is Role.OPERATOR


def test_changes_nothing_when_granted_again(operator):
    before = grants_to(operator)

    grant_role(user_id=operator.id, role=Role.OPERATOR, origin=SYSTEM)

    assert grants_to(operator) == before


def test_refuses_a_stranger():
    with refused_with(NotFound):
        grant_role(user_id=new_id(), role=Role.ADMIN, origin=SYSTEM)


def test_is_a_command(ada, capsys):
    call_command("grant_role", "ADA@paycore.example", "operator")

    assert get_user(user_id=ada.id).role is Role.OPERATOR
    assert capsys.readouterr().out == "ada@paycore.example is operator.\n"


def test_is_a_command_that_refuses_a_stranger():
    with pytest.raises(CommandError):
        call_command("grant_role", "nobody@paycore.example", "operator")


def test_counts_a_superuser_as_admin(ada):
    user = type(ada.user).objects.create_superuser(
        email="Root@paycore.example", password=None
    )

    assert get_user(user_id=user.pk).role is Role.ADMIN
    assert user.email == "root@paycore.example"
