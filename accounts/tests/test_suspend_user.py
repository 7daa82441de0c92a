"""suspend_user and reactivate_user ..."""

import pytest

from accounts.models import User
from accounts.services import reactivate_user, suspend_user
from events.models import Event
from paycore.lib.errors import InvalidState, NotFound, PermissionDenied
from paycore.lib.ids import new_id
from paycore.lib.roles import Role
from paycore.testing.cast import UserFactory, enter
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def order(service, user_id, by):
    return service(user_id=user_id, by=by.principal, reason="Asked", origin=by.origin)


def moves_of(user):
    events = Event.objects.filter(subject_id=user.pk).order_by("pk")
    return [(event.type, event.data) for event in events]


def test_stop_somebody_and_let_them_act_again(ada, operator):
    suspended = order(suspend_user, ada.id, operator)
    assert suspended.status == "suspended"

    reactivated = order(reactivate_user, ada.id, operator)
    assert reactivated.status == "active"

    assert User.objects.get(pk=ada.id).status == "active"
    assert moves_of(ada.user) == [
        ("user.suspended", {"from": "active", "to": "suspended", "reason": "Asked"}),
        ("user.reactivated", {"from": "suspended", "to": "active", "reason": "Asked"}),
    ]


def test_say_who_did_it(ada, operator):
    order(suspend_user, ada.id, operator)

    assert Event.objects.get(type="user.suspended").actor == f"user:{operator.id}"


@pytest.mark.parametrize(
    ("service", "status"),
    [
        (suspend_user, "suspended"),
        (suspend_user, "closed"),
        (reactivate_user, "active"),
        (reactivate_user, "closed"),
    ],
)
def test_refuse_what_is_no_move(service, status, operator):
    user = UserFactory.create(status=status)

    with refused_with(InvalidState):
        order(service, user.pk, operator)

    assert User.objects.get(pk=user.pk).status == status
    assert moves_of(user) == []


@pytest.mark.parametrize("service", [suspend_user, reactivate_user])
def test_refuse_a_stranger(service, operator):
    with refused_with(NotFound):
        order(service, new_id(), operator)


@pytest.mark.parametrize("service", [suspend_user, reactivate_user])
def test_refuse_to_judge_oneself(service, admin):
    with refused_with(PermissionDenied):
        order(service, admin.id, admin)


@pytest.mark.parametrize("service", [suspend_user, reactivate_user])
def test_refuse_an_operator_who_judges_an_admin(service, operator, admin):
    with refused_with(PermissionDenied):
        order(service, admin.id, operator)

    assert User.objects.get(pk=admin.id).status == "active"


def test_let_an_admin_judge_an_admin(admin):
    other = enter("other-admin", role=Role.ADMIN)

    assert order(suspend_user, other.id, admin).status == "suspended"


def test_refuse_who_may_not_before_what_is_no_move(operator, admin):
    User.objects.filter(pk=admin.id).update(status="suspended")

    with refused_with(PermissionDenied):
        order(suspend_user, admin.id, operator)
