"""A ledger account ..."""

import pytest
from django.db import IntegrityError

from ledger.models import LedgerAccount
from ledger.services import (
    LedgerAccountDraft,
    close_ledger_account,
    open_ledger_accounts,
)
from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, Money
from paycore.testing.bookkeeping import open_account, payment, post
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db

USD = CURRENCIES.get("USD")


def test_opens_with_nothing_in_it():
    given = new_id()

    [opened] = open_ledger_accounts(
        [LedgerAccountDraft(id=given, code="x", currency=USD)]
    )

    stored = LedgerAccount.objects.get(pk=given)
    assert stored == opened
    assert (stored.code, stored.currency, stored.floor_minor) == ("x", "USD", 0)
    assert (stored.posted_minor, stored.held_minor, stored.version) == (0, 0, 0)
    assert stored.is_closed is False
    assert stored.posted == stored.held == stored.available == Money(0, USD)
    assert str(stored) == "x"


def test_opens_together_with_others_by_one_statement(django_assert_num_queries):
    drafts = [LedgerAccountDraft(code=f"x{n}", currency=USD) for n in range(50)]

    with django_assert_num_queries(1):
        opened = open_ledger_accounts(drafts)

    assert [account.code for account in opened] == [draft.code for draft in drafts]
    assert len({account.pk for account in opened}) == 50


def test_has_a_code_of_its_own(ada):
    with refused_with(IntegrityError) as error:
        open_account("ada")

    assert violated_constraint(error.value) == "ledger_account_code_is_unique"


def test_closes_when_it_is_empty(mallory):
    assert close_ledger_account(account_id=mallory.pk) is True

    mallory.refresh_from_db()
    assert mallory.is_closed is True


def test_closes_after_its_money_has_left(ada, mallory):
    post(payment(ada, mallory, "100.00 USD"))

    assert close_ledger_account(account_id=ada.pk) is True


@pytest.mark.usefixtures("nothing_is_written")
def test_does_not_close_with_money_in_it(ada):
    assert close_ledger_account(account_id=ada.pk) is False


def test_does_not_close_in_debt(mallory):
    overdrawn = open_account("overdraft", floor_minor=-5000)
    post(payment(overdrawn, mallory, "10.00 USD"))

    assert close_ledger_account(account_id=overdrawn.pk) is False
