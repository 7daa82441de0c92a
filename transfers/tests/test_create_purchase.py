"""create_purchase ..., as a service and over HTTP."""

from fractions import Fraction
from math import ceil

import pytest

from accounts.errors import AccountNotFound
from events.models import Event
from fx.errors import RateUnavailable
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.house import HousePurpose
from paycore.lib.errors import (
    CurrencyMismatch,
    DuplicateReference,
    InvalidAmount,
    LimitExceeded,
    PermissionDenied,
    UnsupportedCurrency,
)
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import house
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.errors import SameAccountTransfer
from transfers.models import Transfer
from transfers.tests.movements import (
    LARGEST_BTC,
    PURCHASES,
    buy,
    count_statements,
    entry_of,
    exchange,
    house_holds,
    purchase,
    rate_becomes,
    send,
    spread,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]

PER_DOLLAR = {
    "USD": Fraction(1),
    "EUR": Fraction("0.92"),
    "JPY": Fraction(150),
    "KWD": 1 / Fraction("3.25"),
    "BTC": 1 / Fraction(100000),
}


def dollars(amount):
    """What it is worth."""
    return Fraction(amount.amount) / PER_DOLLAR[amount.currency.code]


def test_pays_a_merchant_of_the_house(ada, ada_usd, balance_of):
    response = send(ada, PURCHASES, buy(ada_usd, "19.99"))

    assert response.status_code == 201
    assert balance_of(ada_usd) == "980.01"
    assert house_holds("house:merchants:USD") == "19.99"


def test_answers_the_whole_resource(ada, ada_usd, grace_eur):
    body = buy(
        ada_usd,
        "10.00",
        "EUR",
        merchant_account_id=str(grace_eur.pk),
        reference="order 7",
        metadata={"basket": [1, None]},
    )

    answer = send(ada, PURCHASES, body).json()

    made = Transfer.objects.get(kind="purchase")
    assert answer == {
        "id": str(made.pk),
        "kind": "purchase",
        "status": "completed",
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_eur.pk),
        "amount": "10.87",
        "currency": "USD",
        "destination_amount": "10.00",
        "destination_currency": "EUR",
        "rate": "0.92",
        "reference": "order 7",
        "description": "",
        "metadata": {"basket": [1, None]},
        "merchant": {"name": "Corner Coffee", "category": "restaurants"},
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": None,
        "journal_entry_id": str(made.journal_entry_id),
        "failure_code": None,
        "created_at": answer["created_at"],
        "completed_at": answer["created_at"],
    }


def test_has_no_destination_account_when_the_house_keeps_the_money(ada, ada_usd):
    answer = send(ada, PURCHASES, buy(ada_usd)).json()

    assert answer["destination_account_id"] is None
    assert (answer["rate"], answer["destination_amount"]) == (None, "10.00")


def test_writes_one_entry(ada, ada_usd):
    made = purchase(ada, ada_usd, "10.00 EUR", reference="r")

    entry = entry_of(made)
    assert entry.kind == "purchase"
    assert entry.metadata == {"transfer_id": str(made.pk), "reference": "r"}
    assert entry.created_at == made.created_at == made.completed_at


def test_announces_it_once(ada, grace, ada_usd, grace_eur):
    made = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur, reference="r")

    told = Event.objects.get(subject_id=made.pk)
    assert (told.type, told.actor) == ("transfer.completed", f"user:{ada.id}")
    assert set(told.owner_ids) == {ada.id, grace.id}
    assert told.data["kind"] == "purchase"
    assert (told.data["amount"], told.data["currency"]) == ("10.87", "USD")
    assert told.data["destination_amount"] == "10.00"
    assert told.data["destination_currency"] == "EUR"
    assert told.data["reference"] == "r"


def test_is_found_by_kind_and_category(ada, ada_usd, grace_usd, pay):
    pay(ada, ada_usd, grace_usd, "1.00")
    made = purchase(ada, ada_usd, "10.00 USD")

    for query in (
        {"kind": "purchase"},
        {"merchant_category": "restaurants"},
        {"kind": "purchase", "merchant_category": "restaurants"},
    ):
        items = ada.get("/v1/transfers", **query).json()["items"]
        assert [item["id"] for item in items] == [str(made.pk)]
    for query in ({"kind": "exchange"}, {"merchant_category": "Restaurants"}):
        assert ada.get("/v1/transfers", **query).json()["items"] == []


def test_is_an_entry_of_both_accounts(ada, grace, ada_usd, grace_eur):
    made = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur, reference="r")

    for player, account, direction, amount, before, after in (
        (ada, ada_usd, "debit", "10.87", "1000.00", "989.13"),
        (grace, grace_eur, "credit", "10.00", "500.00", "510.00"),
    ):
        entry = player.get(f"/v1/accounts/{account.pk}/entries").json()["items"][0]
        assert entry == entry | {
            "kind": "purchase",
            "direction": direction,
            "amount": amount,
            "balance_before": before,
            "balance_after": after,
            "reference": "r",
            "transfer_id": str(made.pk),
            "payout_id": None,
        }


@pytest.mark.parametrize(
    ("own", "currency", "statements"),
    [
        # An internal transfer costs 12; risk locks, looks back, and remembers.
        ("MYR", "MYR", 12 + 3),
        # Limits are in MYR, so rates are read to compare by.
        ("USD", "USD", 12 + 3 + 1),
        # And one to convert by.
        ("MYR", "USD", 12 + 3 + 1),
        ("USD", "EUR", 12 + 3 + 1 + 1),
    ],
)
def test_costs_a_few_statements_more_than_a_transfer(
    ada, account_of, own, currency, statements
):
    body = buy(account_of(ada, own, "100.00"), "1.00", currency)
    send(ada, PURCHASES, body)

    assert count_statements(lambda: send(ada, PURCHASES, body)) == statements


@pytest.mark.parametrize(
    ("code", "holding", "wanted", "paid"),
    [
        ("USD", "100.00", "0.01 EUR", "0.02"),
        ("EUR", "100.00", "0.01 USD", "0.01"),
        ("USD", "100.00", "1 JPY", "0.01"),
        ("JPY", "10000", "0.01 USD", "2"),
        ("USD", "100.00", "0.001 KWD", "0.01"),
        ("USD", "100.00", "0.00000001 BTC", "0.01"),
    ],
)
def test_gains_nobody_anything_by_smallness(
    ada, account_of, code, holding, wanted, paid
):
    purse = account_of(ada, code, holding)
    own = account_of(ada, wanted.split()[1])

    made = purchase(ada, purse, wanted, merchant=own)

    assert made.amount.text == paid
    assert dollars(made.destination_amount) <= dollars(made.amount)


@pytest.mark.parametrize("basis_points", [0, 37])
@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("USD", "10.00 EUR"),
        ("USD", "0.01 EUR"),
        ("EUR", "77.77 GBP"),
        ("JPY", "12.34 USD"),
        ("KWD", "1234 JPY"),
        ("USD", "0.01234567 BTC"),
        ("BTC", "1.234 KWD"),
    ],
)
def test_stores_a_rate_that_gives_the_cost_again(
    ada, account_of, code, wanted, basis_points
):
    spread(f"{code}/{wanted.split()[1]}", basis_points)
    purse = account_of(ada, code, "20000")

    made = purchase(ada, purse, wanted)

    made.refresh_from_db()
    assert made.rate is not None
    exact = Fraction(made.destination_amount.amount) / Fraction(made.rate)
    assert made.amount_minor == ceil(exact * 10**made.amount.currency.decimals)


def test_a_thousand_purchases_of_the_smallest_unit_gain_nobody_anything(
    ada, account_of, balance_of
):
    dollars, euros = account_of(ada, "USD", "20.00"), account_of(ada, "EUR")

    for _ in range(1000):
        purchase(ada, dollars, "0.01 EUR", merchant=euros)
    exchange(ada, euros, dollars, balance_of(euros))

    # 1000 times 0.02 USD for 10.00 EUR, which are worth 10.86 USD.
    assert (balance_of(dollars), balance_of(euros)) == ("10.86", "0.00")
    assert house_holds("house:fx:USD") == "9.14"
    assert house_holds("house:fx:EUR") == "0.00"


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_is_repeated_as_it_was(ada, ada_usd, currency, nothing_moves):
    body = buy(ada_usd, "10.00", currency, reference="r")
    first = send(ada, PURCHASES, body, key="k")
    rate_becomes("USD/EUR", "0.50")

    with nothing_moves():
        again = send(ada, PURCHASES, body, key="k")
        other = send(ada, PURCHASES, body | {"merchant_name": "x"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_remembers_refusals(ada, ada_usd, account_of, pay, nothing_moves):
    body = buy(ada_usd, "1000.01", reference="r")
    with nothing_moves():
        first = send(ada, PURCHASES, body, key="k")
    pay(ada, account_of(ada, "USD", "5.00"), ada_usd, "5.00")

    with nothing_moves():
        again = send(ada, PURCHASES, body, key="k")
    # What was refused has not used the reference up.
    anew = send(ada, PURCHASES, body, key="another")

    assert refusal_of(first) == (422, "insufficient_balance")
    assert (again.status_code, again.content) == (422, first.content)
    assert anew.status_code == 201


def test_uses_a_reference_once(ada, ada_usd, grace_usd, pay, nothing_moves):
    pay(ada, ada_usd, grace_usd, "1.00", reference="r")

    with nothing_moves(), refused_with(DuplicateReference) as caught:
        purchase(ada, ada_usd, "1.00 USD", reference="r")

    assert caught.value.pointer == "/reference"


def test_shares_references_with_nobody(ada, grace, ada_usd, grace_usd, operator):
    for player, account in ((ada, ada_usd), (grace, grace_usd), (operator, ada_usd)):
        purchase(player, account, "1.00 USD", reference="r")

    assert Transfer.objects.filter(reference="r").count() == 3


def test_refuses_to_pay_from_and_to_one_account(ada, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(SameAccountTransfer) as caught:
        purchase(ada, ada_usd, "1.00 USD", merchant=ada_usd)

    assert caught.value.pointer == "/merchant_account_id"


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ("1.005 USD", InvalidAmount),
        ("0 USD", InvalidAmount),
        ("1.5 JPY", InvalidAmount),
        ("1.00 XXX", UnsupportedCurrency),
    ],
)
def test_refuses_what_is_no_amount(ada, ada_usd, wanted, refusal, nothing_moves):
    with nothing_moves(), refused_with(refusal):
        purchase(ada, ada_usd, wanted)


def test_refuses_accounts_that_are_not_there(ada, ada_usd, nothing_moves):
    nobodys = type(ada_usd)(pk=new_id())
    the_house = type(ada_usd)(pk=house(HousePurpose.MERCHANTS, "USD"))

    for account in (nobodys, the_house):
        with nothing_moves(), refused_with(AccountNotFound) as caught:
            purchase(ada, account, "1.00 USD")
        assert caught.value.pointer == "/account_id"
        with nothing_moves(), refused_with(AccountNotFound) as caught:
            purchase(ada, ada_usd, "1.00 USD", merchant=account)
        assert caught.value.pointer == "/merchant_account_id"


def test_refuses_to_spend_somebody_elses_money(
    mallory, ada_usd, account_of, nothing_moves
):
    shop = account_of(mallory, "USD")

    with nothing_moves(), refused_with(PermissionDenied):
        purchase(mallory, ada_usd, "1.00 USD", merchant=shop)


@pytest.mark.parametrize("wanted", ["1.00 USD", "1.00 GBP"])
def test_refuses_a_merchants_account_of_another_currency(
    ada, ada_usd, grace_eur, wanted, nothing_moves
):
    with nothing_moves(), refused_with(CurrencyMismatch):
        purchase(ada, ada_usd, wanted, merchant=grace_eur)


@pytest.mark.parametrize("wanted", ["1.00 USD", "1.00 EUR"])
def test_refuses_frozen_accounts(ada, grace, ada_usd, frozen, wanted, nothing_moves):
    purse, shop = frozen(ada, "USD", "10.00"), frozen(grace, wanted.split()[1])

    for account, merchant, cold in ((purse, None, purse), (ada_usd, shop, shop)):
        with nothing_moves(), refused_with(AccountNotActive) as caught:
            purchase(ada, account, wanted, merchant=merchant)
        assert caught.value.facts["account_id"] == str(cold.pk)


@pytest.mark.parametrize(
    ("wanted", "required"), [("1000.01 USD", "1000.01"), ("920.01 EUR", "1000.02")]
)
def test_refuses_more_than_there_is(ada, ada_usd, wanted, required, nothing_moves):
    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        purchase(ada, ada_usd, wanted)

    assert caught.value.facts == {
        "available": "1000.00",
        "required": required,
        "currency": "USD",
    }


def test_may_spend_the_last_cent(ada, ada_usd, balance_of):
    purchase(ada, ada_usd, "920.00 EUR")

    assert balance_of(ada_usd) == "0.00"


def test_refuses_more_than_the_books_can_count(ada, account_of, nothing_moves):
    yen = account_of(ada, "JPY", "1000")
    rate_becomes("BTC/JPY", "1000000000")

    with nothing_moves(), refused_with(LimitExceeded):
        purchase(ada, yen, f"{LARGEST_BTC} BTC")


def test_refuses_without_a_rate(ada, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(RateUnavailable):
        purchase(ada, ada_usd, "1.00 CHF")
