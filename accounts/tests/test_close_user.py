"""close_user ..."""

import pytest

from accounts.models import User
from accounts.services import AccountDraft, close_account, close_user, open_account
from events.models import Event
from paycore.lib.errors import InvalidState, NotFound, PermissionDenied
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def close(user_id, by):
    return close_user(user_id=user_id, by=by.principal, reason="Left", origin=by.origin)


def test_ends_it_for_good(ada, operator):
    assert close(ada.id, operator).status == "closed"

    assert ada.get("/v1/users/me").status_code == 403
    event = Event.objects.get(type="user.closed")
    assert event.data == {"from": "active", "to": "closed", "reason": "Left"}
    with refused_with(InvalidState):
        close(ada.id, operator)


def test_needs_all_accounts_to_be_closed(ada, operator):
    account = open_account(
        draft=AccountDraft(owner_id=ada.id, currency=CURRENCIES.get("USD")),
        origin=ada.origin,
    )

    with refused_with(InvalidState):
        close(ada.id, operator)
    assert User.objects.get(pk=ada.id).status == "active"

    close_account(account_id=account.pk, reason="Left", origin=ada.origin)
    assert close(ada.id, operator).status == "closed"


def test_refuses_a_stranger_and_who_may_not(operator, admin):
    with refused_with(NotFound):
        close(new_id(), operator)
    for player in (operator, admin):
        with refused_with(PermissionDenied):
            close(player.id, operator)
