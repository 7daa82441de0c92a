"""authenticate_user ..."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.services import authenticate_user
from paycore.lib.errors import PermissionDenied, Unauthenticated
from paycore.testing.cast import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
EMAIL = "ada@paycore.example"


class CountingHasher(MD5PasswordHasher):
    calls = 0

    def encode(self, password, salt):
        CountingHasher.calls += 1
        return super().encode(password, salt)


@pytest.mark.parametrize("typed", [EMAIL, "ADA@PayCore.example"])
def test_knows_a_person_by_address_and_password(typed):
    ada = UserFactory.create(email=EMAIL)

    assert authenticate_user(email=typed, password=PASSWORD).pk == ada.pk


@pytest.mark.parametrize("email", [EMAIL, "nobody@paycore.example", "", "no address"])
def test_refuses_an_unknown_address_like_a_wrong_password(email):
    UserFactory.create(email=EMAIL)

    with pytest.raises(Unauthenticated) as refusal:
        authenticate_user(email=email, password="something else")

    assert refusal.value.detail == "The email address or the password is wrong."


def test_refuses_a_closed_person_like_an_unknown_one():
    UserFactory.create(email=EMAIL, status="closed")

    with pytest.raises(Unauthenticated):
        authenticate_user(email=EMAIL, password=PASSWORD)


def test_tells_a_suspended_person_so():
    UserFactory.create(email=EMAIL, status="suspended")

    with pytest.raises(PermissionDenied):
        authenticate_user(email=EMAIL, password=PASSWORD)


def test_tells_nobody_else_that_a_person_is_suspended():
    UserFactory.create(email=EMAIL, status="suspended")

    with pytest.raises(Unauthenticated):
        authenticate_user(email=EMAIL, password="something else")


@pytest.mark.parametrize("status", ["active", "suspended", "closed", None])
def test_hashes_exactly_once_whoever_asks(status, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    if status is not None:
        UserFactory.create(email=EMAIL, status=status)
    CountingHasher.calls = 0

    with pytest.raises(Unauthenticated):
        authenticate_user(email=EMAIL, password="something else")

    assert CountingHasher.calls == 1
