"""Seeding makes the people of the demo, and may be repeated at any time."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.selectors import find_user_by_email, list_accounts
from fx.arithmetic import convert
from fx.selectors import get_rate, list_current_rates
from ledger.house import HousePurpose, house_account_id
from ledger.selectors import get_ledger_account
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.roles import Role
from paycore.stack import seeds


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path


def seed():
    call_command("seed_demo", verbosity=0)


def balances_of(name):
    """As the API lists them: the newest first."""
    owner = find_user_by_email(email=f"{name}@paycore.example")
    newest_first = list_accounts(owner_id=owner.pk).order_by("-created_at", "-pk")
    return [
        (account.external_id, account.ledger_account.posted_minor)
        for account in newest_first
    ]


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
    assert balances_of("ada") == [("ada-usd", 100_000), ("ada-eur", 50_000)]
    assert balances_of("grace") == [("grace-usd", 25_000)]
    assert balances_of("mallory") == [("mallory-usd", 0)]


@pytest.mark.django_db
def test_repeated_it_changes_nothing():
    seed()
    before = [balances_of(name) for name in ("ada", "grace", "mallory")]
    rates = list_current_rates(at=timezone.now())

    seed()

    assert [balances_of(name) for name in ("ada", "grace", "mallory")] == before
    assert list_current_rates(at=timezone.now()) == rates


@pytest.mark.django_db
def test_it_opens_what_a_home_of_an_earlier_version_lacks(monkeypatch):
    ada = seeds.BY_NAME["ada"]
    earlier = replace(ada, accounts=ada.accounts[-1:])
    people = tuple(earlier if seed == ada else seed for seed in seeds.PEOPLE)
    with monkeypatch.context() as version:
        version.setattr(seeds, "PEOPLE", people)
        seed()
    assert balances_of("ada") == [("ada-usd", 100_000)]

    seed()

    assert balances_of("ada") == [("ada-eur", 50_000), ("ada-usd", 100_000)]


@pytest.mark.django_db
def test_euros_become_dollars_at_the_seeded_rate():
    seed()
    dollar, euro = CURRENCIES.get("USD"), CURRENCIES.get("EUR")

    rate = get_rate(euro, dollar, at=timezone.now())

    converted = convert(Money.of(92_00, "EUR"), rate, to=dollar)
    assert converted.destination == Money.of(100_00, "USD")


@pytest.mark.django_db
def test_the_house_gets_accounts_in_a_currency_added_later(monkeypatch):
    xau = Currency("XAU", 4)
    monkeypatch.setitem(CURRENCIES._by_code, "XAU", xau)

    seed()

    opened = get_ledger_account(house_account_id(HousePurpose.FX, xau))
    assert opened.code == "house:fx:XAU"


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
