"""The flows of the books as postings, worked out by hand.

Credit is plus, debit is minus, and each entry sums to zero in each currency.
"""

from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.house import HousePurpose
from ledger.models import JournalEntry, LedgerAccount, Posting
from ledger.services import EntryDraft, Line, capture_hold, place_hold, post_entries
from paycore.lib.money import CURRENCIES, Money
from paycore.testing.bookkeeping import balances, entry, held, house, money, post

pytestmark = [pytest.mark.django_db, pytest.mark.holds_without_an_owner]


def house_balance(purpose, code):
    return balances(LedgerAccount.objects.get(pk=house(purpose, code)))[0]


def written(draft):
    """An entry as it is in the books: `(account, amount, balance after)`."""
    return [
        (posting.account.code, str(posting.amount), posting.balance_after.text)
        for posting in Posting.objects.filter(entry=draft.id)
        .select_related("account")
        .order_by("pk")
    ]


def test_an_opening_balance(mallory):
    amount = money("250.00 USD")
    draft = entry(
        (house(HousePurpose.OPENING, "USD"), -amount),
        (mallory.pk, amount),
        kind="opening",
    )

    post(draft)

    assert written(draft) == [
        ("house:opening:USD", "-250.00 USD", "-250.00"),
        ("mallory", "250.00 USD", "250.00"),
    ]


def test_a_deposit(ada):
    amount = money("50.00 USD")
    draft = entry(
        (house(HousePurpose.DEPOSITS, "USD"), -amount), (ada.pk, amount), kind="deposit"
    )

    post(draft)

    assert written(draft) == [
        ("house:deposits:USD", "-50.00 USD", "-50.00"),
        ("ada", "50.00 USD", "150.00"),
    ]


def test_a_transfer(ada, mallory):
    draft = entry((ada.pk, -money("30.00 USD")), (mallory.pk, money("30.00 USD")))

    post(draft)

    assert written(draft) == [
        ("ada", "-30.00 USD", "70.00"),
        ("mallory", "30.00 USD", "30.00"),
    ]


def test_an_exchange(ada, grace):
    paid = money("100.00 USD")
    received = paid.convert(rate=Decimal("0.92"), to=CURRENCIES.get("EUR"))
    draft = entry(
        (ada.pk, -paid),
        (house(HousePurpose.FX, "USD"), paid),
        (house(HousePurpose.FX, "EUR"), -received),
        (grace.pk, received),
        kind="exchange",
    )

    post(draft)

    assert written(draft) == [
        ("ada", "-100.00 USD", "0.00"),
        ("house:fx:USD", "100.00 USD", "100.00"),
        ("house:fx:EUR", "-92.00 EUR", "-92.00"),
        ("grace", "92.00 EUR", "172.00"),
    ]


def test_an_exchange_and_back_at_the_same_rate(ada, grace):
    there, back = money("100.00 USD"), money("92.00 EUR")
    rate = Fraction("0.92")

    assert there.convert(rate=rate, to=back.currency) == back
    assert back.convert(rate=1 / rate, to=there.currency) == there


def test_an_exchange_that_is_cut_in_favour_of_the_house(ada, grace):
    paid = money("0.03 USD")
    received = paid.convert(rate=Decimal("0.92"), to=CURRENCIES.get("EUR"))

    assert received == money("0.02 EUR")


def test_a_purchase(ada):
    amount = money("19.99 USD")
    draft = entry(
        (ada.pk, -amount),
        (house(HousePurpose.MERCHANTS, "USD"), amount),
        kind="purchase",
    )

    post(draft)

    assert written(draft) == [
        ("ada", "-19.99 USD", "80.01"),
        ("house:merchants:USD", "19.99 USD", "19.99"),
    ]


def test_a_purchase_in_another_currency(ada):
    # 10.00 EUR at 0.92 are 10.869565... USD, which the payer's side rounds up.
    received, paid = money("10.00 EUR"), money("10.87 USD")
    draft = entry(
        (ada.pk, -paid),
        (house(HousePurpose.FX, "USD"), paid),
        (house(HousePurpose.FX, "EUR"), -received),
        (house(HousePurpose.MERCHANTS, "EUR"), received),
        kind="purchase",
    )

    post(draft)

    assert received.convert(rate=1 / Fraction("0.92"), to=paid.currency) == money(
        "10.86 USD"
    )
    assert balances(ada) == ["89.13"]
    assert house_balance(HousePurpose.FX, "USD") == "10.87"
    assert house_balance(HousePurpose.FX, "EUR") == "-10.00"
    assert house_balance(HousePurpose.MERCHANTS, "EUR") == "10.00"


def test_a_refund_is_the_mirror_of_the_original(ada):
    amount = money("19.99 USD")
    lines = (
        Line(ada.pk, -amount),
        Line(house(HousePurpose.MERCHANTS, "USD"), amount),
    )
    purchase = EntryDraft(kind="purchase", lines=lines)
    post(purchase)
    mirror = EntryDraft(
        kind="refund",
        lines=tuple(Line(line.account_id, -line.amount) for line in lines),
        reverses_id=purchase.id,
    )

    post(mirror)

    assert written(mirror) == [
        ("ada", "19.99 USD", "100.00"),
        ("house:merchants:USD", "-19.99 USD", "0.00"),
    ]
    assert JournalEntry.objects.get(pk=mirror.id).reverses_id == purchase.id


def test_a_payout_that_succeeds(ada):
    amount = money("60.00 USD")
    hold = place_hold(
        account_id=ada.pk, amount=amount, reason="Payout requested.", owner="payout:1"
    )
    assert (balances(ada), held(ada)) == (["100.00"], "60.00")
    draft = entry(
        (ada.pk, -amount), (house(HousePurpose.PAYOUTS, "USD"), amount), kind="payout"
    )

    capture_hold(hold_id=hold.pk, draft=draft)

    assert written(draft) == [
        ("ada", "-60.00 USD", "40.00"),
        ("house:payouts:USD", "60.00 USD", "60.00"),
    ]
    assert (balances(ada), held(ada)) == (["40.00"], "0.00")


def test_a_bill_split_by_three(ada, mallory):
    shares = money("10.00 USD").allocate([1, 1, 1])

    draft = entry(
        *[(ada.pk, -share) for share in shares], (mallory.pk, money("10.00 USD"))
    )
    post(draft)

    assert written(draft) == [
        ("ada", "-3.34 USD", "96.66"),
        ("ada", "-3.33 USD", "93.33"),
        ("ada", "-3.33 USD", "90.00"),
        ("mallory", "10.00 USD", "10.00"),
    ]


def test_currencies_without_and_with_many_decimals(db):
    for text in ("1200 JPY", "0.001 KWD", "0.00000001 BTC"):
        amount = money(text)
        code = amount.currency.code
        draft = entry(
            (house(HousePurpose.OPENING, code), -amount),
            (house(HousePurpose.SUSPENSE, code), amount),
        )

        post_entries(drafts=[draft])

        assert written(draft) == [
            (f"house:opening:{code}", f"-{text}", f"-{text.split()[0]}"),
            (f"house:suspense:{code}", text, text.split()[0]),
        ]
        assert Money.of(-1, code).is_negative
