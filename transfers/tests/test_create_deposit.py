"""create_deposit ..., as a service and over HTTP."""

import pytest

from accounts.errors import AccountNotFound
from accounts.services import close_account
from events.models import Event
from ledger.errors import AccountNotActive
from ledger.house import HousePurpose
from paycore.lib.errors import (
    CurrencyMismatch,
    DuplicateReference,
    InvalidAmount,
    LimitExceeded,
    UnsupportedCurrency,
)
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import house
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.models import Transfer
from transfers.tests.movements import (
    DEPOSITS,
    LARGEST_BTC,
    count_statements,
    deposit,
    entry_of,
    house_holds,
    send,
)
from transfers.tests.providers import notice

pytestmark = pytest.mark.django_db


def test_credits_the_account(operator, ada_usd, balance_of):
    response = send(operator, DEPOSITS, notice(ada_usd))

    assert response.status_code == 201
    assert balance_of(ada_usd) == "1050.00"
    assert house_holds("house:deposits:USD") == "-50.00"


def test_answers_the_whole_resource(operator, ada_usd):
    answer = send(operator, DEPOSITS, notice(ada_usd)).json()

    made = Transfer.objects.get(kind="deposit")
    assert answer == {
        "id": str(made.pk),
        "kind": "deposit",
        "status": "completed",
        "source_account_id": None,
        "destination_account_id": str(ada_usd.pk),
        "amount": "50.00",
        "currency": "USD",
        "destination_amount": "50.00",
        "destination_currency": "USD",
        "rate": None,
        "reference": "wire-1",
        "description": "",
        "metadata": {},
        "merchant": None,
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": None,
        "journal_entry_id": str(made.journal_entry_id),
        "failure_code": None,
        "created_at": answer["created_at"],
        "completed_at": answer["created_at"],
    }


@pytest.mark.parametrize("amount", ["1200 JPY", "0.001 KWD", "0.00000001 BTC"])
def test_credits_currencies_with_other_decimals(
    operator, ada, account_of, amount, balance_of
):
    account = account_of(ada, amount.split()[1])

    deposit(operator, account, amount)

    assert balance_of(account) == amount.split()[0]


def test_announces_it_once_to_the_owner(ada, operator, ada_usd):
    made = deposit(operator, ada_usd, "50.00 USD", reference="wire-1")

    told = Event.objects.get(subject_id=made.pk)
    assert (told.type, told.actor) == ("transfer.completed", f"user:{operator.id}")
    assert told.owner_ids == [ada.id]
    assert (told.data["kind"], told.data["reference"]) == ("deposit", "wire-1")
    assert entry_of(made).kind == "deposit"


def test_is_found_by_the_owner(ada, operator, ada_usd):
    made = deposit(operator, ada_usd, "50.00 USD")

    items = ada.get("/v1/transfers", kind="deposit").json()["items"]
    assert [item["id"] for item in items] == [str(made.pk)]


def test_costs_one_statement_more_than_a_transfer_for_its_reference(operator, ada_usd):
    send(operator, DEPOSITS, notice(ada_usd, reference="warm"))

    assert count_statements(lambda: send(operator, DEPOSITS, notice(ada_usd))) == 13


def test_is_repeated_as_it_was(operator, ada_usd, nothing_moves):
    body = notice(ada_usd)
    first = send(operator, DEPOSITS, body, key="k")

    with nothing_moves():
        again = send(operator, DEPOSITS, body, key="k")
        other = send(operator, DEPOSITS, body | {"amount": "50.01"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_uses_a_reference_once(operator, ada_usd, grace_usd, nothing_moves):
    deposit(operator, ada_usd, "50.00 USD", reference="r")

    for account in (ada_usd, grace_usd):
        with nothing_moves(), refused_with(DuplicateReference):
            deposit(operator, account, "50.00 USD", reference="r")


def test_has_references_of_each_operator(operator, admin, ada_usd, balance_of):
    for player in (operator, admin):
        deposit(player, ada_usd, "50.00 USD", reference="r")

    assert balance_of(ada_usd) == "1100.00"


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        ("1.005 USD", InvalidAmount),
        ("0.00 USD", InvalidAmount),
        ("1.00 XXX", UnsupportedCurrency),
        ("1.00 EUR", CurrencyMismatch),
    ],
)
def test_refuses_other_amounts(operator, ada_usd, amount, refusal, nothing_moves):
    with nothing_moves(), refused_with(refusal):
        deposit(operator, ada_usd, amount)


def test_refuses_accounts_that_are_not_there(operator, ada_usd, nothing_moves):
    for account_id in (new_id(), house(HousePurpose.SUSPENSE, "USD")):
        with nothing_moves(), refused_with(AccountNotFound) as caught:
            deposit(operator, type(ada_usd)(pk=account_id), "1.00 USD")
        assert caught.value.pointer == "/account_id"


def test_refuses_frozen_and_closed_accounts(
    ada, operator, frozen, account_of, nothing_moves
):
    closed = account_of(ada)
    close_account(account_id=closed.pk, reason="r", origin=ada.origin)

    for account in (frozen(ada), closed):
        with nothing_moves(), refused_with(AccountNotActive):
            deposit(operator, account, "1.00 USD")


def test_refuses_more_than_the_books_can_count(
    ada, operator, account_of, nothing_moves
):
    full = account_of(ada, "BTC", LARGEST_BTC)

    with nothing_moves(), refused_with(LimitExceeded):
        deposit(operator, full, "0.00000001 BTC")
