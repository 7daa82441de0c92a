"""Refunds, reversals and parked deposits as the postings that they make."""

import pytest

from paycore.testing.bookkeeping import money
from transfers.models import Transfer
from transfers.services import receive_deposit, resolve_deposit, store_message
from transfers.services.inbox import Announcement
from transfers.tests.movements import (
    deposit,
    entry_of,
    exchange,
    house_holds,
    legs_of,
    purchase,
    refund,
    reverse,
    spread,
    state_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


def test_a_refund_of_an_internal_transfer(ada, grace, ada_usd, grace_usd, pay):
    original = pay(ada, ada_usd, grace_usd, "30.00")

    back = refund(grace, original)

    assert legs_of(back, ada=ada_usd, grace=grace_usd) == [
        "grace -30.00 USD",
        "ada 30.00 USD",
    ]


def test_a_refund_of_a_purchase_in_parts(ada, ada_usd, operator):
    original = purchase(ada, ada_usd, "19.99 USD")

    first, rest = refund(operator, original, "5.00"), refund(operator, original)

    assert legs_of(first, ada=ada_usd) == [
        "house:merchants:USD -5.00 USD",
        "ada 5.00 USD",
    ]
    assert legs_of(rest, ada=ada_usd) == [
        "house:merchants:USD -14.99 USD",
        "ada 14.99 USD",
    ]


def test_a_refund_of_a_converted_purchase(ada, grace, ada_usd, grace_eur):
    original = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)

    back = refund(grace, original)

    assert legs_of(back, ada=ada_usd, grace=grace_eur) == [
        "grace -10.00 EUR",
        "house:fx:EUR 10.00 EUR",
        "house:fx:USD -10.87 USD",
        "ada 10.87 USD",
    ]


def test_a_refund_in_parts_gives_back_the_houses_income_too(ada, ada_usd, operator):
    spread("USD/EUR", 50)
    original = purchase(ada, ada_usd, "10.00 EUR")

    # 5.00 of 10.93 USD: 4.5745... of the merchant's 10.00 EUR, rounded up, and
    # 0.0274... of the house's 0.06 USD, cut.
    first, rest = refund(operator, original, "5.00"), refund(operator, original)

    assert legs_of(first, ada=ada_usd) == [
        "house:merchants:EUR -4.58 EUR",
        "house:fx:EUR 4.58 EUR",
        "house:fx:USD -4.98 USD",
        "house:fx_income:USD -0.02 USD",
        "ada 5.00 USD",
    ]
    assert legs_of(rest, ada=ada_usd) == [
        "house:merchants:EUR -5.42 EUR",
        "house:fx:EUR 5.42 EUR",
        "house:fx:USD -5.89 USD",
        "house:fx_income:USD -0.04 USD",
        "ada 5.93 USD",
    ]
    codes = "fx:USD", "fx:EUR", "fx_income:USD", "merchants:EUR"
    assert [house_holds(f"house:{code}") for code in codes] == ["0.00"] * 4


def test_reversals_are_the_mirror_of_the_original(
    ada, ada_usd, ada_eur, grace_usd, operator, admin, pay
):
    spread("USD/EUR", 50)
    names = {"ada": ada_usd, "eur": ada_eur, "grace": grace_usd}
    opening = Transfer.objects.get(destination_account=grace_usd)
    originals = [
        pay(ada, ada_usd, grace_usd, "30.00"),
        deposit(operator, ada_usd, "50.00 USD"),
        purchase(ada, ada_usd, "19.99 USD"),
        purchase(ada, ada_usd, "10.00 EUR"),
        exchange(ada, ada_usd, ada_eur, "100.00"),
        opening,
    ]

    mirrors = [legs_of(reverse(operator, each), **names) for each in originals]

    assert mirrors == [
        ["ada 30.00 USD", "grace -30.00 USD"],
        ["house:deposits:USD 50.00 USD", "ada -50.00 USD"],
        ["ada 19.99 USD", "house:merchants:USD -19.99 USD"],
        [
            "ada 10.93 USD",
            "house:fx:USD -10.87 USD",
            "house:fx:EUR 10.00 EUR",
            "house:fx_income:USD -0.06 USD",
            "house:merchants:EUR -10.00 EUR",
        ],
        [
            "ada 100.00 USD",
            "house:fx:USD -100.00 USD",
            "house:fx:EUR 92.00 EUR",
            "house:fx_income:EUR -0.46 EUR",
            "eur -91.54 EUR",
        ],
        ["house:opening:USD 50.00 USD", "grace -50.00 USD"],
    ]
    made = Transfer.objects.filter(kind="reversal").order_by("pk")
    assert [entry_of(each).reverses_id for each in made] == [
        each.journal_entry_id for each in originals
    ]
    assert state_of(ada_usd)[0] == "1000.00"


def test_a_parked_deposit_that_an_operator_puts_aside(operator, mallory, account_of):
    nobodys = account_of(mallory, "EUR")
    said = Announcement("wire-1", nobodys.pk, money("70.00 USD"))
    message = store_message(provider="bank", message_id="m", body=b"{}")
    parked = receive_deposit(
        message=message, body=b"{}", announcement=said, origin=operator.origin
    )

    resolved = resolve_deposit(
        deposit_id=parked.deposit.pk,
        account_id=None,
        reason="Nobody knows",
        by=operator.id,
        origin=operator.origin,
    )

    assert legs_of(resolved.transfer) == [
        "house:deposits:USD -70.00 USD",
        "house:suspense:USD 70.00 USD",
    ]
