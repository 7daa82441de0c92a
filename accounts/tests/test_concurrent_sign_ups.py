"""Sign-ups at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import ApiKey, User
from accounts.services import note_key_use
from events.models import Event
from paycore.testing.cast import PASSWORD, ApiKeyFactory, Caller

AT_ONCE = 8


def race(work):
    barrier = Barrier(AT_ONCE)

    def run(number):
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


@pytest.mark.django_db(transaction=True)
def test_of_one_address_make_one_person():
    def sign_up(number):
        email = ("ada@paycore.example", "ADA@paycore.example")[number % 2]
        response = Caller().post("/v1/users", {"email": email, "password": PASSWORD})
        return response.status_code, response.json().get("code")

    answers = race(sign_up)

    assert sorted(answers, key=str) == [
        (201, None),
        *[(409, "duplicate_user")] * (AT_ONCE - 1),
    ]
    assert User.objects.count() == Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_uses_of_one_key_neither_fail_nor_wait():
    key = ApiKeyFactory.create()

    race(lambda _: note_key_use(api_key_id=key.pk))

    assert ApiKey.objects.get().last_used_at is not None
