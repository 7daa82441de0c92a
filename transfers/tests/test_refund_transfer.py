"""refund_transfer ...: create_refund, as a service and over HTTP."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.services import freeze_account
from events.models import Event
from fx.tests.rates import say
from ledger.errors import AccountNotActive, InsufficientBalance
from paycore.lib.errors import (
    InvalidAmount,
    InvalidState,
    LimitExceeded,
    NotFound,
    PermissionDenied,
)
from paycore.lib.money import Money
from paycore.testing.attacks import undone
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from transfers.errors import RefundExceedsOriginal
from transfers.models import Transfer
from transfers.services import RefundOrder, create_refund
from transfers.tests.movements import (
    LARGEST_BTC,
    count_statements,
    deposit,
    entry_of,
    events_of,
    exchange,
    house_holds,
    payer_of,
    purchase,
    refund,
    refund_of,
    reverse,
    send,
    spread,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture
def bought(ada, ada_usd, grace_eur):
    """Ada bought for 10.00 EUR from grace, for 10.87 USD."""
    return purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)


def test_gives_all_of_it_back(grace, paid, ada_usd, grace_usd, balance_of):
    response = send(grace, refund_of(paid), {"reason": "Broken"})

    assert response.status_code == 201
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("1000.00", "50.00")


def test_answers_the_whole_resource(grace, bought, ada_usd, grace_eur):
    answer = send(
        grace, refund_of(bought), {"reason": "Broken", "amount": "5.00"}
    ).json()

    made = Transfer.objects.get(kind="refund")
    assert answer == {
        "id": str(made.pk),
        "kind": "refund",
        "status": "completed",
        "source_account_id": str(grace_eur.pk),
        "destination_account_id": str(ada_usd.pk),
        "amount": "4.60",
        "currency": "EUR",
        "destination_amount": "5.00",
        "destination_currency": "USD",
        "rate": "1.0869565217391304347826086957",
        "reference": None,
        "description": "Broken",
        "metadata": {},
        "merchant": None,
        "risk": None,
        "refunded_amount": "0.00",
        "original_transfer_id": str(bought.pk),
        "journal_entry_id": str(made.journal_entry_id),
        "failure_code": None,
        "created_at": answer["created_at"],
        "completed_at": answer["created_at"],
    }


def test_leaves_the_original_completed_and_says_how_much_was_refunded(ada, grace, paid):
    refund(grace, paid, "30.00")
    part = ada.get(f"/v1/transfers/{paid.pk}").json()
    refund(grace, paid)
    whole = ada.get(f"/v1/transfers/{paid.pk}").json()

    assert (part["status"], part["refunded_amount"]) == ("completed", "30.00")
    assert (whole["status"], whole["refunded_amount"]) == ("completed", "100.00")


def test_writes_one_entry(grace, paid):
    made = refund(grace, paid, "30.00")

    entry = entry_of(made)
    assert (entry.kind, entry.description) == ("refund", "Asked for")
    assert entry.reverses_id is None
    assert entry.metadata == {"transfer_id": str(made.pk), "reference": None}


def test_announces_it_once_to_both_owners(ada, grace, paid):
    made = refund(grace, paid, "30.00")

    told = Event.objects.get(subject_id=made.pk)
    assert (told.type, told.actor) == ("transfer.completed", f"user:{grace.id}")
    assert set(told.owner_ids) == {ada.id, grace.id}
    assert (told.data["kind"], told.data["amount"]) == ("refund", "30.00")
    assert told.data["original_transfer_id"] == str(paid.pk)
    # No status of the original moved.
    assert events_of(paid.pk) == ["transfer.completed"]


def test_is_found_by_kind(ada, grace, paid):
    made = refund(grace, paid, "30.00")

    for player in (ada, grace):
        items = player.get("/v1/transfers", kind="refund").json()["items"]
        assert [item["id"] for item in items] == [str(made.pk)]


def test_costs_few_statements(ada, grace, ada_usd, grace_usd, grace_eur, pay):
    originals = [
        pay(ada, ada_usd, grace_usd, "10.00"),
        purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur),
    ]
    body = {"reason": "r", "amount": "1.00"}
    for original in originals:
        send(grace, refund_of(original), body)

    # An internal transfer's 12, less the accounts, more the original: looked for,
    # locked and counted up.
    paths = [refund_of(original) for original in originals]
    counted = [
        count_statements(lambda path=path: send(grace, path, body)) for path in paths
    ]
    assert counted == [14, 14]


def test_is_repeated_as_it_was(grace, paid, nothing_moves):
    body = {"reason": "r", "amount": "60.00"}
    first = send(grace, refund_of(paid), body, key="k")

    with nothing_moves():
        again = send(grace, refund_of(paid), body, key="k")
        other = send(grace, refund_of(paid), body | {"reason": "s"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_one_key_is_for_one_original(
    ada, grace, ada_usd, grace_usd, paid, pay, nothing_moves
):
    other = pay(ada, ada_usd, grace_usd, "100.00")
    body = {"reason": "r", "amount": "1.00"}
    send(grace, refund_of(paid), body, key="k")

    with nothing_moves():
        response = send(grace, refund_of(other), body, key="k")

    assert refusal_of(response) == (409, "idempotency_key_reused")


def test_remembers_refusals(grace, paid, nothing_moves):
    body = {"reason": "r", "amount": "100.01"}

    with nothing_moves():
        first = send(grace, refund_of(paid), body, key="k")
        again = send(grace, refund_of(paid), body, key="k")

    assert refusal_of(first) == (422, "refund_exceeds_original")
    assert (again.status_code, again.content) == (422, first.content)


@pytest.mark.parametrize("parts", [["100.00"], ["60.00", "40.00"], ["0.01", "99.99"]])
def test_never_gives_back_more_than_the_original(grace, paid, parts, nothing_moves):
    for part in parts:
        refund(grace, paid, part)

    for amount in (None, "0.01"):
        with nothing_moves(), refused_with(RefundExceedsOriginal) as caught:
            refund(grace, paid, amount)
        assert caught.value.facts["left"] == "0.00"


def test_gives_back_what_is_left_but_no_more(
    grace, paid, ada_usd, balance_of, nothing_moves
):
    refund(grace, paid, "60.00")

    with nothing_moves(), refused_with(RefundExceedsOriginal) as caught:
        refund(grace, paid, "40.01")
    rest = refund(grace, paid)

    assert caught.value.facts == {
        "left": "40.00",
        "asked": "40.01",
        "currency": "USD",
    }
    assert rest.amount.text == "40.00"
    assert balance_of(ada_usd) == "1000.00"


def test_is_at_the_rate_of_the_original(grace, bought, grace_eur, balance_of):
    say("USD/EUR", "0.50", as_of=bought.created_at)

    made = refund(grace, bought)

    assert (made.amount.text, made.destination_amount.text) == ("10.00", "10.87")
    assert balance_of(grace_eur) == "500.00"


@pytest.mark.parametrize("parts", [["10.86"], ["0.01"] * 3, ["3.62", "3.62"]])
def test_leaves_nothing_that_cannot_be_refunded(
    grace, bought, ada_usd, grace_eur, parts, balance_of
):
    for part in parts:
        refund(grace, bought, part)

    refund(grace, bought)

    assert (balance_of(ada_usd), balance_of(grace_eur)) == ("1000.00", "500.00")
    assert house_holds("house:fx:USD") == house_holds("house:fx:EUR") == "0.00"


def test_takes_nothing_twice_from_the_receiver(grace, bought, grace_eur, balance_of):
    first = refund(grace, bought, "10.86")
    last = refund(grace, bought, "0.01")

    # 10.86 of 10.87 are 9.9908 of 10.00, rounded up.
    assert first.amount.text == "10.00"
    assert (last.amount.text, last.destination_amount.text) == ("0.00", "0.01")
    assert last.rate is None
    assert balance_of(grace_eur) == "500.00"


@pytest.mark.parametrize("amount", ["0.01", "3.33", "5.00", None])
def test_stores_a_rate_that_gives_the_amount_again(grace, bought, amount):
    made = refund(grace, bought, amount)

    made.refresh_from_db()
    back = made.destination_amount
    assert made.rate is not None
    assert made.amount.convert(rate=made.rate, to=back.currency) == back


@pytest.mark.parametrize("side", ["source", "destination"])
def test_refuses_when_an_account_is_frozen(
    ada, grace, paid, ada_usd, grace_usd, side, nothing_moves
):
    cold = {"source": grace_usd, "destination": ada_usd}[side]
    freeze_account(account_id=cold.pk, reason="r", origin=ada.origin)

    for amount in (None, "1.00", "999.00"):
        with nothing_moves(), refused_with(AccountNotActive) as caught:
            refund(grace, paid, amount)
        assert caught.value.facts["account_id"] == str(cold.pk)


def test_refuses_when_the_receiver_has_spent_it(
    ada, grace, paid, ada_usd, grace_usd, pay, nothing_moves
):
    pay(grace, grace_usd, ada_usd, "90.00")

    with nothing_moves(), refused_with(InsufficientBalance) as caught:
        refund(grace, paid)
    refund(grace, paid, "60.00")

    assert caught.value.facts == {
        "available": "60.00",
        "required": "100.00",
        "currency": "USD",
    }


def test_refuses_what_the_payer_could_not_count(
    ada, grace, operator, account_of, pay, nothing_moves
):
    purse, shop = account_of(ada, "BTC", "1.00000000"), account_of(grace, "BTC")
    original = pay(ada, purse, shop, "1.00000000")
    deposit(operator, purse, f"{LARGEST_BTC} BTC")

    with nothing_moves(), refused_with(LimitExceeded):
        refund(grace, original)


@pytest.fixture
def originals(
    ada, operator, admin, ada_usd, grace_usd, grace_eur, pay, account_of, paid
):
    """Transfers that have no refunds, by what they are."""
    reversed_one = pay(ada, ada_usd, grace_usd, "1.00")
    return {
        "a refund": refund(operator, paid, "1.00"),
        "a reversal": reverse(operator, reversed_one),
        "reversed": Transfer.objects.get(pk=reversed_one.pk),
        "a deposit": deposit(operator, grace_usd, "1.00 USD"),
        "an exchange": exchange(ada, ada_usd, grace_eur, "1.00"),
        "an opening": Transfer.objects.get(
            destination_account=grace_usd, kind="opening"
        ),
    }


@pytest.mark.parametrize(
    "which",
    ["a refund", "a reversal", "reversed", "a deposit", "an exchange", "an opening"],
)
def test_refuses_everything_but_purchases_and_internal_transfers(
    operator, originals, which, nothing_moves
):
    with nothing_moves(), refused_with(InvalidState):
        refund(operator, originals[which])


def test_reads_the_amount_in_the_currency_that_was_paid_with(
    ada, grace, account_of, nothing_moves
):
    yen, dinars = account_of(ada, "JPY", "10000"), account_of(grace, "KWD")
    original = purchase(ada, yen, "1.000 KWD", merchant=dinars)

    with nothing_moves(), refused_with(InvalidAmount):
        refund(grace, original, "1.5")
    made = refund(grace, original, "100")

    assert original.amount.text == "488"
    assert (made.amount.text, made.destination_amount.text) == ("0.205", "100")


@pytest.mark.parametrize("path", ["x", "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e"])
def test_refuses_when_there_is_no_such_transfer(grace, grace_usd, path, nothing_moves):
    with nothing_moves():
        response = send(grace, f"/v1/transfers/{path}/refund", {"reason": "r"})

    assert refusal_of(response) == (404, "not_found")


def test_of_ones_own_transfer_one_is_the_receiver_too(
    ada, ada_usd, account_of, pay, balance_of
):
    savings = account_of(ada)
    original = pay(ada, ada_usd, savings, "10.00")

    refund(ada, original)

    assert (balance_of(ada_usd), balance_of(savings)) == ("1000.00", "0.00")


def test_services_know_who_may_not(mallory, ada, paid, nothing_moves):
    for player, refusal in ((mallory, NotFound), (ada, PermissionDenied)):
        with nothing_moves(), refused_with(refusal):
            create_refund(
                order=RefundOrder(paid.pk, "r"),
                payer=payer_of(player),
                origin=player.origin,
            )


@settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    pair=st.sampled_from(["USD/EUR", "EUR/USD", "USD/JPY", "JPY/USD", "BTC/USD"]),
    wanted=st.integers(1, 400),
    basis_points=st.sampled_from([0, 37, 900]),
    cuts=st.lists(st.fractions(0, 1, max_denominator=50), max_size=6),
)
def test_all_parts_give_back_exactly_what_was_paid_and_take_what_was_got(
    ada, grace, account_of, balance_of, pair, wanted, basis_points, cuts
):
    paying, receiving = pair.split("/")
    with undone():
        spread(pair, basis_points)
        purse, shop = account_of(ada, paying, "1000"), account_of(grace, receiving)
        began = balance_of(purse), balance_of(shop)
        price = Money.of(wanted, receiving)
        original = purchase(ada, purse, str(price), merchant=shop)
        whole = original.amount_minor
        ends = sorted({*(int(cut * whole) for cut in cuts), whole} - {0})

        taken = 0
        for start, end in zip([0, *ends], ends, strict=False):
            part = refund(grace, original, Money.of(end - start, paying).text)

            original.refresh_from_db()
            assert part.destination_amount_minor == end - start
            assert original.refunded_minor == end
            # The house is never out of pocket on the way: what the receiver has given
            # back is at least its share.
            parts = Transfer.objects.filter(original_transfer=original)
            taken = sum(part.amount_minor for part in parts)
            assert Fraction(taken, price.minor) >= Fraction(end, whole)

        assert taken == price.minor
        assert (balance_of(purse), balance_of(shop)) == began
        for code in ("fx", "fx_income"):
            for currency in (paying, receiving):
                held = house_holds(f"house:{code}:{currency}")
                assert held == Money.of(0, currency).text
