"""Sign-ups at the same time."""

from functools import partial

import pytest

from accounts.models import ApiKey, User
from accounts.services import note_key_use
from events.models import Event
from paycore.testing.cast import PASSWORD, ApiKeyFactory, Caller
from paycore.testing.races import race

AT_ONCE = 8


@pytest.mark.django_db(transaction=True)
def test_of_one_address_make_one_person():
    def sign_up(number):
        email = ("ada@paycore.example", "ADA@paycore.example")[number % 2]
        response = Caller().post("/v1/users", {"email": email, "password": PASSWORD})
        return response.status_code, response.json().get("code")

    answers = race(*[partial(sign_up, number) for number in range(AT_ONCE)])

    assert sorted(answers, key=str) == [
        (201, None),
        *[(409, "duplicate_user")] * (AT_ONCE - 1),
    ]
    assert User.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_uses_of_one_key_neither_fail_nor_wait():
    key = ApiKeyFactory.create()

    answers = race(*[partial(note_key_use, api_key_id=key.pk)] * AT_ONCE)

    assert answers == [None] * AT_ONCE
    assert ApiKey.objects.get().last_used_at is not None
