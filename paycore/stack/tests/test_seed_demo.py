"""Seeding makes the people of the demo, and may be repeated at any time."""

import pytest
from django.core.management import call_command

from accounts.selectors import find_user_by_email, list_accounts
from paycore.lib.roles import Role
from paycore.stack import seeds


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path


def seed():
    call_command("seed_demo", verbosity=0)


def balance_of(name):
    owner = find_user_by_email(email=f"{name}@paycore.example")
    [account] = list_accounts(owner_id=owner.pk)
    return account.external_id, account.ledger_account.posted_minor


@pytest.mark.django_db
def test_it_makes_the_people_with_their_roles_and_balances():
    seed()

    roles = {
        seed.name: find_user_by_email(email=seed.email).role for seed in seeds.PEOPLE
    }
    assert roles == {
        "admin": Role.ADMIN,
        "operator": Role.OPERATOR,
        "ada": Role.USER,
        "grace": Role.USER,
        "mallory": Role.USER,
    }
    assert balance_of("ada") == ("ada-usd", 100_000)
    assert balance_of("grace") == ("grace-usd", 25_000)
    assert balance_of("mallory") == ("mallory-usd", 0)


@pytest.mark.django_db
def test_repeated_it_changes_nothing(django_assert_num_queries):
    seed()
    before = [balance_of(name) for name in ("ada", "grace", "mallory")]

    seed()

    assert [balance_of(name) for name in ("ada", "grace", "mallory")] == before


@pytest.mark.django_db
def test_a_new_demo_password_replaces_the_old_one(settings):
    seed()
    first = seeds.password()
    settings.DEMO_PASSWORD = "x"

    seed()

    ada = find_user_by_email(email="ada@paycore.example")
    assert ada.check_password("x")
    assert not ada.check_password(first)


def test_the_password_is_made_once_for_its_owner_only(home):
    first = seeds.password()

    assert seeds.password() == first
    assert len(first) >= 16
    assert (home / "demo_password").stat().st_mode & 0o777 == 0o600


def test_a_given_password_is_remembered(settings):
    settings.DEMO_PASSWORD = "given"
    assert seeds.password() == "given"

    settings.DEMO_PASSWORD = ""

    assert seeds.password() == "given"
