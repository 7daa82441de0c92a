"""The house's accounts ..."""

from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command

from ledger.house import HousePurpose, house_account_id, house_code
from ledger.models import LedgerAccount
from ledger.services import ensure_house_accounts
from paycore.lib.money import CURRENCIES, Currency
from paycore.testing.bookkeeping import balances

pytestmark = pytest.mark.django_db

USD = CURRENCIES.get("USD")


def house_accounts():
    return LedgerAccount.objects.filter(code__startswith="house:")


@pytest.mark.parametrize("purpose", HousePurpose)
@pytest.mark.parametrize("code", ["USD", "EUR", "JPY", "KWD", "BTC"])
def test_are_there_from_the_start(purpose, code):
    account = LedgerAccount.objects.get(code=f"house:{purpose}:{code}")

    assert account.pk == house_account_id(purpose, CURRENCIES.get(code))
    assert account.currency == code
    assert account.floor_minor is None
    assert (account.posted_minor, account.held_minor) == (0, 0)


def test_are_one_for_each_purpose_and_currency():
    assert house_accounts().count() == len(HousePurpose) * len(CURRENCIES.all())


def test_are_known_by_name():
    assert house_code(HousePurpose.OPENING, USD) == "house:opening:USD"
    # Stored in the books for ever, so never to be computed otherwise.
    assert house_account_id(HousePurpose.OPENING, USD) == UUID(
        "99b7b210-4dad-54cf-9ca7-2978a218eaa0"
    )


def test_are_opened_once_however_often_it_is_asked(ada):
    before = list(house_accounts().order_by("pk").values())

    assert ensure_house_accounts([USD]) == len(HousePurpose)

    assert list(house_accounts().order_by("pk").values()) == before
    assert balances(LedgerAccount.objects.get(code="house:opening:USD")) == ["-100.00"]


def test_are_opened_in_currencies_that_come_later():
    count = house_accounts().count()

    ensure_house_accounts([USD, Currency("PTS", 0)])

    assert house_accounts().count() == count + len(HousePurpose)
    assert LedgerAccount.objects.get(code="house:fx:PTS").floor_minor is None


def test_are_opened_by_a_command():
    written = StringIO()

    call_command("ensure_house_accounts", stdout=written)

    count = len(HousePurpose) * len(CURRENCIES.all())
    assert written.getvalue() == f"The house has {count} accounts.\n"
