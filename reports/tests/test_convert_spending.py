"""convert_spending ...: at the rates of the time, rounded once for each day."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from fx.tests.rates import say
from paycore.testing.problems import refusal_of
from paycore.testing.wallets import open_for
from reports.selectors.spending import _half_even
from reports.tests.stage import (
    SPENDING,
    groups_of,
    keep,
    live_in,
    moment,
    spend,
    spending,
)

pytestmark = pytest.mark.django_db

MAY = {"start": moment("2026-05-01"), "end": moment("2026-06-01")}


def test_prefers_the_currency_of_the_person(ada, operator, ada_usd, rates):
    User.objects.filter(pk=ada.id).update(currency="EUR")
    spend(ada, ada_usd, "100.00", at=moment("2026-05-02"))

    assert spending(ada, **MAY) == {
        "currency": "EUR",
        "total": "92.00",
        "count": 1,
        "average": "92.00",
        "groups": [{"key": "food", "total": "92.00", "count": 1}],
    }
    assert spending(operator, user_id=str(ada.id), **MAY)["currency"] == "EUR"
    assert spending(operator, **MAY)["total"] == "100.00"
    assert spending(operator, **MAY)["currency"] == "USD"
    assert spending(ada, currency="GBP", **MAY)["total"] == "79.00"


@pytest.mark.parametrize("kept", [False, True])
def test_takes_the_rate_at_the_end_of_each_day(ada, ada_eur, kept):
    live_in(ada, "America/New_York")
    for day, value in (("01", "1.00"), ("02", "1.10"), ("03", "1.20"), ("04", "9")):
        # As the day begins in New York.
        say("EUR/USD", value, as_of=moment(f"2026-05-{day} 04:00"))
    for at in ("2026-05-01 12:00", "2026-05-03 03:59", "2026-05-03 04:00"):
        spend(ada, ada_eur, "10.00", at=moment(at))
    if kept:
        keep()

    answer = spending(ada, group_by="day", currency="USD", **MAY)

    assert groups_of(answer) == {
        "2026-05-01": ("10.00", 1),
        "2026-05-02": ("11.00", 1),
        "2026-05-03": ("12.00", 1),
    }
    assert answer["total"] == "33.00"
    # Days that are cut in the middle take the same rate.
    half = spending(
        ada, start=MAY["start"], end=moment("2026-05-01 13:00"), currency="USD"
    )
    assert half["total"] == "10.00"


def test_takes_the_rate_of_now_while_the_day_lasts(ada, ada_eur, now):
    live_in(ada, "Pacific/Pago_Pago")
    say("EUR/USD", "2.00", as_of=now - timedelta(days=40))
    spend(ada, ada_eur, "10.00")
    assert spending(ada, currency="USD")["total"] == "20.00"

    say("EUR/USD", "3.00", as_of=now)
    say("EUR/USD", "9.00", as_of=now + timedelta(minutes=10))

    assert spending(ada, currency="USD")["total"] == "30.00"


def test_takes_a_rate_however_old_and_without_any_spread(ada, ada_eur):
    say("EUR/USD", "2.00", as_of=moment("2020-01-01"))
    spend(ada, ada_eur, "10.00", at=moment("2026-05-01"))

    assert spending(ada, currency="USD", **MAY)["total"] == "20.00"


def test_shows_the_decimals_of_the_currency(ada, ada_usd):
    for pair, value in (("USD/JPY", "150"), ("KWD/USD", "3.25"), ("BTC/USD", "100000")):
        say(pair, value, as_of=moment("2026-01-01"))
    spend(ada, ada_usd, "10.01", at=moment("2026-05-02"))
    spend(ada, ada_usd, "0.01", "fun", at=moment("2026-05-02"))

    shown = {
        code: {
            name: spending(ada, currency=code, **MAY)[name]
            for name in ("total", "average")
        }
        for code in ("JPY", "KWD", "BTC")
    }

    assert shown == {
        "JPY": {"total": "1504", "average": "752"},
        "KWD": {"total": "3.083", "average": "1.542"},
        "BTC": {"total": "0.00010020", "average": "0.00005010"},
    }


def test_rounds_half_to_even_once_for_a_day_and_category(ada, ada_usd):
    say("USD/GBP", "0.5", as_of=moment("2026-01-01"))
    # 0.005, 0.015 and 0.025 of a pound; and 0.005 twice, added up before.
    for day, amounts in (
        ("02", ["0.01"]),
        ("03", ["0.03"]),
        ("04", ["0.05"]),
        ("05", ["0.01", "0.01"]),
    ):
        for amount in amounts:
            spend(ada, ada_usd, amount, at=moment(f"2026-05-{day} 12:00"))

    answer = spending(ada, group_by="day", currency="GBP", **MAY)

    assert groups_of(answer) == {
        "2026-05-02": ("0.00", 1),
        "2026-05-03": ("0.02", 1),
        "2026-05-04": ("0.02", 1),
        "2026-05-05": ("0.01", 2),
    }
    assert answer["total"] == "0.05"
    assert spending(ada, currency="GBP", **MAY)["total"] == "0.05"
    assert spending(ada, group_by="month", currency="GBP", **MAY)["total"] == "0.05"


def test_adds_up_to_the_same_however_it_is_asked(ada, ada_usd, ada_eur, rates):
    for number in range(40):
        account = (ada_usd, ada_eur)[number % 2]
        at = moment("2026-05-01") + timedelta(hours=17 * number)
        spend(ada, account, f"{number + 1}.{number:02}", "abc"[number % 3], at=at)
    totals = set()
    for group_by in ("category", "day", "week", "month"):
        answer = spending(ada, group_by=group_by, currency="MYR", **MAY)
        cents = [round(float(group["total"]) * 100) for group in answer["groups"]]
        assert sum(cents) == round(float(answer["total"]) * 100)
        totals.add(answer["total"])

    middle = moment("2026-05-13")
    first = spending(ada, start=MAY["start"], end=middle, currency="MYR")["total"]
    second = spending(ada, start=middle, end=MAY["end"], currency="MYR")["total"]

    assert len(totals) == 1
    assert f"{float(first) + float(second):.2f}" in totals


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_is_unavailable_without_a_rate(caller, who, ada, ada_usd, ada_eur, now):
    spend(ada, ada_usd, "10.00", at=moment("2026-05-02"))
    # Said too late: in May nobody knew it.
    say("EUR/USD", "2.00", as_of=moment("2026-06-02"))
    assert spending(caller(who), currency="USD", **MAY)["total"] == "10.00"
    spend(ada, ada_eur, "10.00", at=moment("2026-05-02"))

    response = caller(who).get(
        SPENDING, **{"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
    )

    assert refusal_of(response) == (503, "rate_unavailable")


def test_needs_no_rate_for_what_is_in_the_currency(ada, ada_eur):
    spend(ada, ada_eur, "10.00", at=moment("2026-05-02"))

    assert spending(ada, currency="EUR", **MAY)["total"] == "10.00"


@given(numerator=st.integers(-(10**30), 10**30), denominator=st.integers(1, 10**20))
def test_rounds_as_python_does(numerator, denominator):
    assert _half_even(numerator, 7, denominator) == round(
        Fraction(numerator * 7, denominator)
    )


def test_converts_what_people_spent_on_a_day_together(ada, grace, operator, ada_eur):
    say("EUR/USD", "0.5", as_of=moment("2026-01-01"))
    live_in(ada, "Europe/Paris")
    live_in(grace, "Asia/Tokyo")
    grace_eur = open_for(grace, "EUR", "9.00")
    # Half a cent each: together a whole one.
    for player, account in ((ada, ada_eur), (grace, grace_eur)):
        spend(player, account, "0.01", at=moment("2026-05-02 12:00"))

    assert spending(ada, currency="USD", **MAY)["total"] == "0.00"
    assert spending(operator, currency="USD", **MAY)["total"] == "0.01"


def test_takes_the_rate_of_a_date_in_utc_for_everybody(ada, operator, ada_eur):
    live_in(ada, "Asia/Tokyo")
    say("EUR/USD", "1", as_of=moment("2026-05-01"))
    # When 2 May is over in Tokyo, but not in Greenwich.
    say("EUR/USD", "2", as_of=moment("2026-05-02 20:00"))
    spend(ada, ada_eur, "10.00", at=moment("2026-05-02"))

    assert spending(ada, currency="USD", **MAY)["total"] == "10.00"
    assert spending(operator, currency="USD", **MAY)["total"] == "20.00"
