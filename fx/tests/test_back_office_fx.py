"""The back office: rates, spreads, quotes, and sources that fail."""

import pytest
from django.urls import reverse

from fx.models import Quote, Rate, RateSource, Spread
from fx.services import create_quote, refresh_rates
from fx.tests.rates import NOW, currency, money, say
from paycore.testing.office import address_of, enter_office

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded")]
RATES, SPREADS, QUOTES, SOURCES = (
    f"fx_{name}" for name in ("rate", "spread", "quote", "ratesource")
)
SET = "admin:fx_spread_set_spread"
ASKED = {"base": "USD", "quote": "EUR", "basis_points": "25", "reason": "Hedging"}


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def quote(ada):
    return create_quote(
        owner_id=ada.id,
        amount=money("92.00 EUR"),
        destination=currency("USD"),
        at=NOW,
        ttl_seconds=60,
    )


def test_rates_are_listed_and_found(office):
    say("EUR/JPY", "163.25", source="ecb")

    seen = office.see(RATES)

    assert "EUR/JPY" in seen
    assert "163.25" in seen
    assert office.found(RATES) == 5
    assert office.found(RATES, base="EUR") == 1
    assert office.found(RATES, source="seed") == 4
    assert "163.25" in office.see(RATES, Rate.objects.get(base="EUR"))


def test_a_quote_leads_to_its_owner(office, quote, ada):
    assert "92.00 EUR" in office.see(QUOTES)
    assert "100.00 USD" in office.see(QUOTES)
    assert office.found(QUOTES, q=str(quote.pk)) == 1
    assert office.found(QUOTES, owner=str(ada.id)) == 1
    assert ada.user.email in office.see(QUOTES)
    seen = office.see(QUOTES, quote)
    assert f'href="{address_of("accounts_user", ada.id)}"' in seen
    assert ada.user.email in seen
    assert "1.086956521739130435" in seen


def test_failing_sources_are_on_the_first_page(office):
    refresh_rates(sources=[("desk", "/nowhere/rates.csv")], at=NOW)

    first_page = office.see("index")

    assert "Failing sources of exchange rates" in first_page
    assert "No such file or directory." in first_page
    assert "failing" in office.see(SOURCES)
    assert "No such file or directory." in office.see(SOURCES, RateSource.objects.get())


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, quote):
    office = enter_office(request.getfixturevalue(role))
    refresh_rates(sources=[("desk", "/nowhere/rates.csv")], at=NOW)
    Spread.objects.create(base="EUR", quote="USD", basis_points=1, actor="", reason="")

    for page, model in ((RATES, Rate), (QUOTES, Quote), (SOURCES, RateSource)):
        answers = office.attempts_to_edit(page, model.objects.first())
        assert [answer.status_code for answer in answers] == [403] * 5
    answers = office.attempts_to_edit(SPREADS, Spread.objects.get())
    assert [answer.status_code for answer in answers] == [403] * 5


def test_an_admin_sets_a_spread(admin):
    office = enter_office(admin)
    assert reverse(SET) in office.see(SPREADS)
    assert office.client.get(reverse(SET)).status_code == 200

    response = office.client.post(reverse(SET), ASKED, follow=True)

    spread = Spread.objects.get()
    assert (spread.base, spread.quote, spread.basis_points) == ("EUR", "USD", 25)
    assert (spread.actor, spread.reason) == (f"user:{admin.id}", "Hedging")
    shown = response.content.decode()
    assert "The spread is now EUR/USD 25 bp." in shown
    assert "Hedging" in shown
    assert admin.user.email in shown
    assert address_of("accounts_user", admin.id) in office.see(SPREADS, spread)


def test_an_operator_sets_none(office):
    assert reverse(SET) not in office.see(SPREADS)

    assert office.client.get(reverse(SET)).status_code == 403
    assert office.client.post(reverse(SET), ASKED).status_code == 403

    assert not Spread.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": "EUR"},
        {"quote": "XXX"},
        {"basis_points": "10000"},
        {"basis_points": "-1"},
        {"basis_points": "0.5"},
        {"reason": " "},
    ],
)
def test_a_spread_that_makes_no_sense_is_refused(admin, wrong):
    office = enter_office(admin)

    response = office.client.post(reverse(SET), ASKED | wrong, follow=True)

    assert response.status_code == 200
    assert not Spread.objects.exists()


def test_lists_take_as_many_statements_whatever_there_is(office, quote, ada):
    before = [office.count_statements(page) for page in (RATES, QUOTES, SPREADS)]

    for number in range(12):
        say("USD/CHF", f"0.{number + 1}")
        create_quote(
            owner_id=ada.id,
            amount=money("92.00 EUR"),
            destination=currency("USD"),
            at=NOW,
            ttl_seconds=60,
        )

    # Quotes ask once more, for the names of their owners.
    assert before == [7, 8, 7]
    assert office.count_statements(RATES) == 7
    assert office.count_statements(QUOTES) == 8
