"""open_funded_account ...: an account that begins with money."""

import pytest

from accounts.models import Account
from accounts.services import AccountDraft
from events.models import Event
from ledger.house import HousePurpose
from paycore.lib.errors import NotFound
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, CurrencyMismatch
from paycore.testing.bookkeeping import house, money
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.services import Payer, open_funded_account

pytestmark = pytest.mark.django_db


def open_with(operator, owner_id, initial, currency="USD"):
    return open_funded_account(
        draft=AccountDraft(owner_id=owner_id, currency=CURRENCIES.get(currency)),
        initial=money(initial),
        payer=Payer(operator.id, may_spend_from_any=True),
        origin=operator.origin,
    )


def test_answers_with_the_balance(operator, ada):
    account = open_with(operator, ada.id, "150.75 USD")

    assert account.owner_id == ada.id
    assert account.ledger_account.posted.text == "150.75"


def test_books_it_as_a_transfer_from_the_house(operator, ada):
    account = open_with(operator, ada.id, "150.75 USD")

    transfer = Transfer.objects.get()
    assert (transfer.kind, transfer.status) == ("opening", "completed")
    assert (transfer.source_account_id, transfer.source_owner_id) == (None, None)
    assert transfer.destination_account_id == account.pk
    assert transfer.destination_owner_id == ada.id
    assert transfer.created_by_id == operator.id
    entry = transfer.journal_entry
    assert sorted(entry.postings.values_list("amount_minor", "account_id")) == [
        (-15075, house(HousePurpose.OPENING, "USD")),
        (15075, account.pk),
    ]


def test_announces_the_account_and_the_money(operator, ada):
    account = open_with(operator, ada.id, "150.75 USD")

    events = Event.objects.filter(actor=f"user:{operator.id}").order_by("pk")
    told = [(event.type, event.owner_ids) for event in events]
    assert told == [("account.opened", [ada.id]), ("transfer.completed", [ada.id])]
    assert events[1].data["destination_account_id"] == str(account.pk)


def test_refuses_an_unknown_owner(operator, nothing_moves):
    with nothing_moves(), refused_with(NotFound):
        open_with(operator, new_id(), "1.00 USD")

    assert not Account.objects.exists()


def test_takes_another_currency_for_a_bug(operator, ada, nothing_moves):
    with nothing_moves(), refused_with(CurrencyMismatch):
        open_with(operator, ada.id, "1.00 EUR")
