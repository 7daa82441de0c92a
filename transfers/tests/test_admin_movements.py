"""The page of a transfer, of whatever kind: its legs, hold, rate, and what it is of."""

import pytest

from ledger.house import HousePurpose, house_account_id
from ledger.models import Posting
from paycore.lib.money import CURRENCIES
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office
from transfers.tests.inbox import announce
from transfers.tests.movements import (
    complete,
    deposit,
    exchange,
    hold_purchase,
    purchase,
    refund,
    reverse,
    spread,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
TRANSFERS = "transfers_transfer"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def movements(operator, ada, grace, ada_usd, grace_usd, grace_eur, account_of, pay):
    """A transfer of each kind and state, by what it is."""
    spread("USD/EUR", 100)
    ada_eur = account_of(ada, "EUR", "100.00")
    merchant = account_of(grace, "EUR")
    bought = purchase(ada, ada_usd, "10.00 EUR", merchant=merchant)
    sent = pay(ada, ada_usd, grace_usd, "1.00")
    return {
        "internal": pay(ada, ada_usd, grace_usd, "1.50"),
        "exchange": exchange(ada, ada_eur, ada_usd, "92.00"),
        "purchase": bought,
        "refund": refund(operator, bought, "3.00"),
        "reversed": sent,
        "reversal": reverse(operator, sent),
        "deposit": deposit(operator, ada_usd, "5.00 USD"),
        "announced": announce(ada_usd.pk).transfer,
        "held": hold_purchase(ada, ada_usd, "20.00 USD"),
        "captured": complete(hold_purchase(ada, ada_usd, "30.00 USD"), operator),
    }


KINDS = [
    *("internal", "exchange", "purchase", "refund", "reversed", "reversal"),
    *("deposit", "announced", "held", "captured"),
]


@pytest.mark.parametrize("name", KINDS)
def test_every_movement_shows_its_legs_and_accounts(office, movements, name):
    transfer = movements[name]

    seen = office.see(TRANSFERS, transfer)

    legs = Posting.objects.filter(entry_id=transfer.journal_entry_id)
    assert len(legs) == {"held": 0, "exchange": 5, "purchase": 5, "refund": 5}.get(
        name, 2
    )
    for leg in legs:
        assert f'href="{address_of("ledger_posting", leg)}"' in seen
        assert f'href="{address_of("ledger_ledgeraccount", leg.account_id)}"' in seen
        assert f">{leg.amount}</td>" in seen


def test_legs_say_whose_they_are(office, movements):
    seen = office.see(TRANSFERS, movements["exchange"])

    assert "house:fx_income:USD" in seen
    assert ">the house</td>" in seen
    assert ">ada@paycore.example</td>" in seen


def test_a_conversion_shows_rate_and_income(office, movements):
    seen = office.see(TRANSFERS, movements["exchange"])

    assert ">1.076086956521739131</span>" in seen
    assert ">1.00 USD</span>" in seen
    assert "92.00 EUR → 99.00 USD" in office.see(TRANSFERS)


def test_without_one_there_is_none(office, movements):
    response = office.client.get(address_of(TRANSFERS, movements["internal"]))

    pages = response.context["adminform"].model_admin
    assert pages.shown_rate(movements["internal"]) == "-"
    assert pages.income(movements["internal"]) == "-"


def test_a_held_one_shows_its_hold(office, movements):
    seen = office.see(TRANSFERS, movements["held"])

    hold = address_of("ledger_hold", movements["held"].hold_id)
    assert f'href="{hold}"' in seen
    assert "Purchase held for review" in seen
    assert address_of("ledger_hold", movements["captured"].hold_id) in office.see(
        TRANSFERS, movements["captured"]
    )


@pytest.mark.parametrize(
    ("back", "original"), [("refund", "purchase"), ("reversal", "reversed")]
)
def test_the_way_back_is_linked_both_ways(office, movements, back, original):
    forth = address_of(TRANSFERS, movements[original])
    thence = address_of(TRANSFERS, movements[back])

    assert f'href="{thence}"' in office.see(TRANSFERS, movements[original])
    assert f'href="{forth}"' in office.see(TRANSFERS, movements[back])
    assert office.found(TRANSFERS, original=str(movements[original].pk)) == 1


def test_an_announced_deposit_leads_to_provider_and_message(office, movements):
    announced = announce(movements["announced"].destination_account_id)

    seen = office.see(TRANSFERS, movements["announced"])

    assert f'href="{address_of("transfers_providerdeposit", announced)}"' in seen
    assert address_of("transfers_inboxmessage", announced.message_id) in seen
    assert "provider:default" in seen
    assert "None: somebody here made it." in office.see(TRANSFERS, movements["deposit"])


@pytest.mark.parametrize(
    ("name", "statements"),
    # Three are the session, the person and their groups; then the row, the postings
    # and whose they are, what followed or the original, the events and their people.
    # A hold and a provider's deposit are one more each; so is what risk thought of a
    # payment, and a review if it was held.
    [
        *(("internal", 10), ("exchange", 10), ("purchase", 10), ("refund", 9)),
        *(("reversed", 10), ("reversal", 9), ("deposit", 10), ("announced", 10)),
        *(("held", 10), ("captured", 12)),
    ],
)
def test_a_page_takes_as_many_statements_whatever_its_kind(
    office, movements, name, statements
):
    assert office.count_statements(TRANSFERS, movements[name]) == statements


def test_a_page_takes_as_many_statements_however_many_refunds(
    office, operator, movements
):
    for _ in range(12):
        refund(operator, movements["purchase"], "0.10")

    assert office.count_statements(TRANSFERS, movements["purchase"]) == 10


def test_the_first_page_shows_what_the_house_holds(office, movements):
    seen = office.see("index")

    for purpose, code, holds in [
        (HousePurpose.FX, "EUR", "84.74 EUR"),
        (HousePurpose.FX, "USD", "-92.10 USD"),
        (HousePurpose.FX_INCOME, "USD", "1.08 USD"),
    ]:
        account = house_account_id(purpose, CURRENCIES.get(code))
        link = address_of("ledger_ledgeraccount", account)
        assert f'href="{link}"' in seen
        assert f">{holds}</a>" in seen
    assert "house:suspense:USD" not in seen


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("internal", ["refund", "reverse"]),
        ("captured", ["refund", "reverse"]),
        ("exchange", ["reverse"]),
        ("deposit", ["reverse"]),
        ("announced", ["reverse"]),
        ("purchase", ["refund"]),
        ("refund", []),
        ("reversed", []),
        ("reversal", []),
        ("held", []),
    ],
)
def test_only_buttons_that_make_sense_are_shown(office, movements, name, offered):
    assert office.buttons(TRANSFERS, movements[name], "refund", "reverse") == offered


def test_a_stranger_sees_none_of_it(movements):
    client = enter_office(enter("eve")).client

    for name in KINDS:
        assert client.get(address_of(TRANSFERS, movements[name])).status_code == 302
