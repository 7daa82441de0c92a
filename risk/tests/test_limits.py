"""A limit ..."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.services import freeze_account
from fx.tests.rates import say
from paycore.lib.errors import LimitExceeded
from paycore.lib.money import CURRENCIES, LARGEST_MINOR, Money
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with
from risk.models import Assessment
from risk.payments import PaymentKind
from risk.services import Screening, void_payments
from risk.tests.calls import PURCHASES, buy, pay_out, send
from risk.tests.past import MOMENT, paid, payment_of, refuse_at, screen
from risk.tests.settings import DAY, PAYOUT, PURCHASE, TRANSACTION, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rules")]


@pytest.mark.parametrize("kind", [PURCHASE, PAYOUT])
@pytest.mark.parametrize("period", [TRANSACTION, DAY])
def test_is_passed_by_one_minor_unit(ada, kind, period):
    limit("100.00 MYR", period, kind)

    screen(ada, "100.00 MYR", kind=kind)
    with refused_with(LimitExceeded) as caught:
        screen(ada, "100.01 MYR", kind=kind)

    assert caught.value.facts["period"] == period
    assert Assessment.objects.count() == 1


def test_is_fifty_thousand_for_one_and_a_hundred_thousand_a_day(ada, rates):
    with refused_with(LimitExceeded):
        screen(ada, "50000.01 MYR")
    screen(ada, "50000.00 MYR")
    screen(ada, "10638.29 USD")
    with refused_with(LimitExceeded):
        screen(ada, "0.04 MYR")
    # 49999.963 and 0.03 MYR leave 0.007.
    screen(ada, "0.03 MYR")


def test_says_what_is_left(ada, rates):
    limit("100.00 MYR")
    screen(ada, "10.00 USD")

    with refused_with(LimitExceeded) as caught:
        screen(ada, "20.00 USD")

    assert caught.value.facts == {
        "period": "day",
        "limit": "100.00",
        "used": "47.00",
        "left": "53.00",
        "currency": "MYR",
        "why": "Purchases may be 100.00 MYR a day at most; 47.00 MYR is used, 53.00 MYR"
        " is left, and this one is 94.00 MYR.",
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PURCHASE, "Purchases"),
        (PAYOUT, "Payouts"),
        (PaymentKind.INTERNAL, "Internal transfers"),
        (PaymentKind.EXCHANGE, "Exchanges"),
    ],
)
def test_says_what_one_payment_may_be(ada, kind, name):
    limit("100.00 MYR", TRANSACTION, kind)

    with refused_with(LimitExceeded) as caught:
        screen(ada, "100.01 MYR", kind=kind)

    assert caught.value.detail == (
        f"{name} may be 100.00 MYR each at most; this one is 100.01 MYR."
    )


def test_tells_of_no_more_room_than_there_is(ada, rates):
    limit("100.00 MYR")
    # 0.04700 and 51.0869565... MYR.
    screen(ada, "0.01 USD")
    screen(ada, "10.00 EUR")

    with refused_with(LimitExceeded) as caught:
        screen(ada, "48.87 MYR")
    screen(ada, "48.86 MYR")

    assert caught.value.facts["used"] == "51.14"
    assert caught.value.facts["left"] == "48.86"


def test_leaves_nothing_when_it_was_lowered_below_what_is_used(ada):
    screen(ada, "10.00 MYR")
    limit("5.00 MYR")

    with refused_with(LimitExceeded) as caught:
        screen(ada, "0.01 MYR")

    assert (caught.value.facts["used"], caught.value.facts["left"]) == ("10.00", "0.00")


def test_of_nothing_lets_nobody_pay(ada):
    limit(Money(0, CURRENCIES.get("MYR")), TRANSACTION)

    with refused_with(LimitExceeded):
        screen(ada, "0.01 MYR")


def test_may_be_none(ada):
    limit(None, DAY)
    limit(None, TRANSACTION)

    screen(ada, "9999999999.00 MYR")


def test_of_one_person_goes_before_that_of_all(ada, grace):
    limit("10.00 MYR")
    limit("20.00 MYR", user_id=ada.id)
    limit("5.00 MYR", user_id=grace.id)

    screen(ada, "20.00 MYR")
    screen(grace, "5.00 MYR")
    for player in (ada, grace):
        with refused_with(LimitExceeded):
            screen(player, "0.01 MYR")


def test_of_one_person_may_be_none(ada, grace):
    limit("10.00 MYR")
    limit(None, user_id=ada.id)

    screen(ada, "20.00 MYR")
    with refused_with(LimitExceeded):
        screen(grace, "20.00 MYR")


def test_is_used_by_its_own_kind_alone(ada):
    limit("10.00 MYR", DAY, PURCHASE)
    limit("10.00 MYR", DAY, PAYOUT)

    screen(ada, "10.00 MYR", kind=PAYOUT)
    screen(ada, "10.00 MYR", kind=PURCHASE)
    screen(ada, "99.00 MYR", kind=PaymentKind.INTERNAL)

    for kind in (PURCHASE, PAYOUT):
        with refused_with(LimitExceeded):
            screen(ada, "0.01 MYR", kind=kind)


def test_may_be_of_any_kind(ada):
    limit("10.00 MYR", DAY, PaymentKind.INTERNAL)

    with refused_with(LimitExceeded):
        screen(ada, "10.01 MYR", kind=PaymentKind.INTERNAL)


def test_is_not_used_by_others(ada, grace):
    limit("10.00 MYR")

    screen(ada, "10.00 MYR")
    screen(grace, "10.00 MYR")


def test_is_used_by_all_currencies_at_the_rates_of_now(ada, rates):
    limit("100.00 MYR")
    screen(ada, "10.00 USD")
    say("USD/MYR", "9.00", as_of=datetime.now(UTC))

    screen(ada, "10.00 MYR")
    with refused_with(LimitExceeded) as caught:
        screen(ada, "0.01 MYR")

    # What was 47.00 MYR when it was paid is 90.00 now.
    assert caught.value.facts["used"] == "100.00"


def test_may_be_in_any_currency(ada, rates):
    limit("10.00 USD")

    screen(ada, "47.00 MYR")
    with refused_with(LimitExceeded):
        screen(ada, "0.01 MYR")


def test_does_not_see_what_no_rate_connects_with_it(ada, rates):
    limit("10.00 MYR")

    screen(ada, "999.00 CHF")
    screen(ada, "10.00 MYR")

    # A limit in their own currency holds.
    limit("10.00 CHF")
    with refused_with(LimitExceeded):
        screen(ada, "1.00 CHF")


def test_goes_by_a_rate_that_is_too_old_to_convert_by(ada):
    say("CHF/MYR", "5.00", as_of=datetime.now(UTC) - timedelta(days=365))
    limit("10.00 MYR")

    with refused_with(LimitExceeded):
        screen(ada, "2.01 CHF")


def test_is_free_again_when_a_payment_came_to_nothing(ada):
    limit("10.00 MYR")
    judged = screen(ada, "10.00 MYR")

    # Again: it changes nothing.
    for _ in range(2):
        void_payments([judged.subject_id])

    screen(ada, "10.00 MYR")


def test_counts_within_a_batch(ada, grace):
    limit("10.00 MYR")
    screen(ada, "1.00 MYR")
    amounts = ["4.00 MYR", "5.01 MYR", "5.00 MYR", "0.01 MYR"]
    purchases = [payment_of(ada, amount) for amount in amounts]
    # Of another kind, and of somebody else.
    others = payment_of(ada, "9.00 MYR", PAYOUT), payment_of(grace, "10.00 MYR")
    payments = [others[0], *purchases, others[1]]

    screening = Screening(payments)
    kept = []
    for payment in payments:
        try:
            screening.keep(screening.judge(payment))
            kept.append(str(payment.amount))
        except LimitExceeded:
            pass

    assert kept == ["9.00 MYR", "4.00 MYR", "5.00 MYR", "10.00 MYR"]


def test_does_not_lose_count_of_large_sums(ada):
    limit("1.00 MYR")
    largest = Money(LARGEST_MINOR, CURRENCIES.get("MYR"))
    for number in range(3):
        paid(ada, largest, ago=number + 1, worth=None)

    with refused_with(LimitExceeded) as caught:
        refuse_at(MOMENT, payment_of(ada, "0.01 MYR"))

    assert caught.value.facts["used"] == "276701161105643274.21"


def test_is_told_over_http(ada, ada_myr, nothing_moves):
    limit("100.00 MYR")
    assert send(ada, PURCHASES, buy(ada_myr, "60.00")).status_code == 201

    with nothing_moves():
        response = send(ada, PURCHASES, buy(ada_myr, "40.01"))

    assert refusal_of(response) == (422, "limit_exceeded")
    problem = response.json()
    facts = ("limit", "used", "left", "currency", "period")
    assert [problem[name] for name in facts] == [
        "100.00",
        "60.00",
        "40.00",
        "MYR",
        "day",
    ]
    assert problem["retryable"] is False
    assert send(ada, PURCHASES, buy(ada_myr, "40.00")).status_code == 201


def test_holds_for_payouts_over_http(ada, ada_myr, rates, nothing_moves):
    limit("100.00 MYR", DAY, PAYOUT)
    made = pay_out(ada, ada_myr, "100.00")
    assert made.status_code == 202

    with nothing_moves():
        assert refusal_of(pay_out(ada, ada_myr, "0.01")) == (422, "limit_exceeded")
    ada.post(f"/v1/payouts/{made.json()['id']}/cancel")

    assert pay_out(ada, ada_myr, "100.00").status_code == 202


def test_comes_after_an_account_that_may_not_and_before_one_that_cannot(
    ada, account_of, ada_myr, nothing_moves
):
    limit("10.00 MYR")
    limit("10.00 MYR", DAY, PAYOUT)
    frozen = account_of(ada, "MYR", "5.00")
    freeze_account(account_id=frozen.pk, reason="r", origin=ada.origin)
    empty = account_of(ada, "MYR")

    with nothing_moves():
        answers = [
            refusal_of(response)[1]
            for account in (frozen, empty)
            for response in (
                send(ada, PURCHASES, buy(account, "10.01")),
                pay_out(ada, account, "10.01"),
            )
        ]
        within = [
            refusal_of(response)[1]
            for response in (
                send(ada, PURCHASES, buy(empty, "10.00")),
                pay_out(ada, empty, "10.00"),
            )
        ]

    assert answers == ["account_not_active"] * 2 + ["limit_exceeded"] * 2
    assert within == ["insufficient_balance"] * 2
    # What was refused used nothing.
    assert not Assessment.objects.exists()


def test_is_not_used_by_refunds_and_deposits(ada, ada_myr, operator):
    limit("10.00 MYR")
    made = send(ada, PURCHASES, buy(ada_myr, "10.00")).json()

    deposit = {
        "account_id": str(ada_myr.pk),
        "amount": "500.00",
        "currency": "MYR",
        "reference": "d",
    }
    assert send(operator, "/v1/deposits", deposit).status_code == 201
    refund = f"/v1/transfers/{made['id']}/refund"
    assert send(operator, refund, {"reason": "r"}).status_code == 201

    # Nor is it free again: who refunds and pays again would never come to an end.
    response = send(ada, PURCHASES, buy(ada_myr, "0.01"))
    assert refusal_of(response) == (422, "limit_exceeded")
    assert response.json()["used"] == "10.00"


def test_is_measured_by_what_the_account_pays(ada, ada_usd, rates):
    limit("94.00 MYR", TRANSACTION)

    # 18.40 EUR cost 20.00 USD, which are 94.00 MYR.
    assert send(ada, PURCHASES, buy(ada_usd, "18.40", "EUR")).status_code == 201
    response = send(ada, PURCHASES, buy(ada_usd, "18.41", "EUR"))

    assert refusal_of(response) == (422, "limit_exceeded")


def test_is_remembered_with_the_key(ada, ada_myr):
    limit("10.00 MYR")
    body = buy(ada_myr, "10.01")
    first = send(ada, PURCHASES, body, key="k")
    limit(None)

    again = send(ada, PURCHASES, body, key="k")

    assert (first.status_code, again.status_code) == (422, 422)
    assert again["Idempotent-Replayed"] == "true"
    assert send(ada, PURCHASES, body, key="another").status_code == 201
