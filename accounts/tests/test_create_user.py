"""draft_user and create_user ..."""

import pytest

from accounts.errors import DuplicateUser
from accounts.models import User
from accounts.services import create_user, draft_user
from events.models import Event
from paycore.lib.errors import InvalidInput, UnsupportedCurrency
from paycore.lib.origin import SYSTEM
from paycore.lib.roles import Role
from paycore.testing.cast import PASSWORD
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db


def sign_up(**changes):
    arguments = {"email": "ada@paycore.example", "password": PASSWORD}
    return create_user(draft=draft_user(**arguments | changes), origin=SYSTEM)


def test_makes_an_active_person_without_a_role():
    user = sign_up(full_name="Ada Lovelace", time_zone="Asia/Tokyo", currency="JPY")

    stored = User.objects.get()
    assert stored.pk == user.pk
    assert stored.email == "ada@paycore.example"
    assert (stored.full_name, stored.time_zone) == ("Ada Lovelace", "Asia/Tokyo")
    assert (stored.currency, stored.status) == ("JPY", "active")
    assert stored.role is Role.USER
    assert not stored.is_staff
    assert stored.created_at == user.created_at


def test_stores_addresses_in_lower_case():
    assert sign_up(email="Ada@PayCore.Example").email == "ada@paycore.example"


def test_stores_a_hash_instead_of_the_password():
    user = sign_up()

    assert PASSWORD not in user.password
    assert user.check_password(PASSWORD)


def test_hashes_with_argon2_unless_tested(settings):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2"]

    user = sign_up()

    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_announces_it_without_personal_data():
    user = sign_up(full_name="Ada Lovelace")

    event = Event.objects.get()
    assert (event.type, event.subject_id) == ("user.created", user.pk)
    assert (event.subject_type, event.owner_ids) == ("user", [user.pk])
    assert event.data == {"status": "active"}


@pytest.mark.parametrize("email", ["ada@paycore.example", "ADA@paycore.example"])
def test_refuses_an_address_that_is_taken(email):
    sign_up()

    with refused_with(DuplicateUser):
        sign_up(email=email)


def test_changes_nothing_when_refused():
    sign_up()

    with refused_with(DuplicateUser):
        sign_up()

    assert User.objects.count() == 1
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ada"),
        ("email", "ada@"),
        ("email", "ada@münchen.example"),
        ("email", "ada lovelace@paycore.example"),
        ("password", "short"),
        ("password", "password123"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", "asia/tokyo"),
    ],
)
def test_refuses_what_is_not_one(field, value):
    with refused_with(InvalidInput) as refusal:
        sign_up(**{field: value})

    assert refusal.value.pointer == f"/{field}"
    assert not User.objects.exists()


def test_refuses_a_currency_without_books():
    with refused_with(UnsupportedCurrency):
        sign_up(currency="XXX")

    assert not User.objects.exists()


def test_never_repeats_the_password_in_a_refusal():
    with refused_with(InvalidInput) as refusal:
        sign_up(password="qwerty123")

    assert "qwerty123" not in str(refusal.value)
