"""The back office: limits as they hold now, as they were, and setting them."""

import pytest
from django.urls import reverse

from events.models import Event
from paycore.backoffice.columns import GAP
from paycore.testing.bookkeeping import money
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office
from risk.models import LimitSetting
from risk.services import read_configuration
from risk.tests.held import buy
from risk.tests.settings import DAY, PAYOUT, PURCHASE, TRANSACTION, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "no_rules")]
PAGE = "risk_limitsetting"
SET = "admin:risk_limitsetting_set_limit"
ASKED = {
    "who": "",
    "kind": "purchase",
    "period": "day",
    "amount": "70000",
    "currency": "MYR",
    "reason": "The season",
}


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def desk(admin):
    return enter_office(admin)


def limit_of(player, kind=PURCHASE, period=DAY):
    found = read_configuration(user_ids=[player.id])
    amount = found.limit(kind, period, user_id=player.id)
    return None if amount is None else str(amount)


def send(desk, **changes):
    return desk.client.post(reverse(SET), ASKED | changes, follow=True)


def test_everybodys_limits_are_shown_as_they_hold_now(office):
    limit("12345.00 MYR", DAY, PAYOUT)
    limit(None, TRANSACTION, PAYOUT)

    seen = office.see(PAGE).replace(GAP, "")

    for text in ("50000.00 MYR", "100000.00 MYR", "12345.00 MYR", "no limit"):
        assert text in seen, text


def test_before_anything_was_set_it_says_so(office):
    assert "Nothing was ever set: what holds is as in the code." in office.see(PAGE)


def test_an_admin_sets_everybodys(desk, admin, ada):
    assert reverse(SET) in desk.see(PAGE)

    response = send(desk)

    assert limit_of(ada) == "70000.00 MYR"
    setting = LimitSetting.objects.get()
    assert (setting.user_id, setting.actor) == (None, f"user:{admin.id}")
    event = Event.objects.get(type="risk.limit_set")
    assert (event.data["amount"], event.data["reason"]) == ("70000.00", "The season")
    shown = response.content.decode()
    assert "The limit of purchases per day for everybody: 70000.00 MYR." in shown
    assert "The season" in desk.see(PAGE, setting)


@pytest.mark.parametrize("by", ["id", "email", "EMAIL"])
def test_an_admin_sets_one_of_a_person(desk, ada, grace, by):
    who = {"id": str(ada.id), "email": ada.user.email, "EMAIL": ada.user.email.upper()}

    send(desk, who=who[by], amount="0.50", currency="USD")

    assert limit_of(ada) == "0.50 USD"
    assert limit_of(grace) == "100000.00 MYR"


def test_there_may_be_no_limit_or_nothing_allowed(desk, ada):
    send(desk, who=ada.user.email, amount="", is_unlimited="on")
    assert limit_of(ada) is None
    assert "no limit" in desk.see(PAGE, LimitSetting.objects.get())

    send(desk, who=ada.user.email, amount="0")
    assert limit_of(ada) == "0.00 MYR"


def test_a_limit_may_be_withdrawn(desk, ada, grace):
    send(desk, who=ada.user.email, amount="0.50", currency="USD")
    send(desk, amount="7.00")
    assert (limit_of(ada), limit_of(grace)) == ("0.50 USD", "7.00 MYR")

    send(desk, who=ada.user.email, amount="", is_withdrawn="on")
    assert (limit_of(ada), limit_of(grace)) == ("7.00 MYR", "7.00 MYR")
    assert "withdrawn" in desk.see(PAGE)

    send(desk, amount="", is_withdrawn="on")
    assert (limit_of(ada), limit_of(grace)) == ("100000.00 MYR", "100000.00 MYR")


@pytest.mark.parametrize(
    "changes", [{"amount": "70000"}, {"amount": "", "is_withdrawn": "on"}]
)
def test_two_people_do_not_undo_each_other(desk, ada, changes):
    opened = desk.client.get(reverse(SET)).context["form"].initial
    limit("5.00 MYR")

    refused = send(desk, **changes, seen=opened["seen"])
    # Of somebody else's limit nothing was set since.
    send(desk, **changes, seen=opened["seen"], who=ada.user.email)

    [told] = refused.context["form"].errors["__all__"]
    assert told.startswith("Somebody has set it since you opened the form.")
    everybodys = LimitSetting.objects.get(user=None)
    assert everybodys.amount == money("5.00 MYR")
    assert LimitSetting.objects.filter(user=ada.id).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": ""}, "amount"),
        ({"is_withdrawn": "on"}, "amount"),
        ({"is_unlimited": "on"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1,000"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "."}, "amount"),
        ({"amount": "9" * 40}, "amount"),
        ({"who": "nobody@paycore.example"}, "who"),
        ({"who": "00000000-0000-0000-0000-000000000000"}, "who"),
        ({"who": "ada"}, "who"),
        ({"kind": "deposit"}, "kind"),
        ({"period": "week"}, "period"),
        ({"currency": "XXX"}, "currency"),
        # Nothing connects it with what payments are made in.
        ({"currency": "AFN"}, "currency"),
        ({"reason": " "}, "reason"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused_at_its_field(desk, changes, field):
    response = send(desk, **changes)

    assert list(response.context["form"].errors) == [field]
    assert not LimitSetting.objects.exists()


def test_an_operator_looks_and_sets_nothing(office):
    assert reverse(SET) not in office.see(PAGE)

    assert office.client.get(reverse(SET)).status_code == 403
    assert office.client.post(reverse(SET), ASKED).status_code == 403

    assert not LimitSetting.objects.exists()


def test_a_persons_page_shows_theirs_and_what_is_used(office, ada, ada_usd):
    limit("200.00 USD", user_id=ada.id)
    buy(ada, ada_usd, "10.50")

    seen = office.see("accounts_user", ada.id)

    for text in ("200.00 USD", "10.50 USD", "189.50 USD", "their own", "everybody"):
        assert text in seen, text
    assert f'href="{address_of(PAGE)}?user={ada.id}"' in seen


def test_a_persons_limits_lead_an_admin_to_the_filled_in_form(desk, office, ada):
    [mine, others] = [
        one.see(PAGE, user=str(ada.id)).replace("&amp;", "&") for one in (desk, office)
    ]
    query = {"who": ada.user.email, "kind": "payout", "period": "day"}
    address = reverse(SET, query=query)

    assert f"Limits of {ada.user.email}" in mine
    assert f"Limits of {ada.user.email}" in others
    assert address in mine
    assert address not in others
    form = desk.client.get(address).context["form"]
    assert (form["who"].value(), form["kind"].value()) == (ada.user.email, "payout")


@pytest.mark.parametrize("user", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_nobody_in_particular_has_no_limits_of_their_own(office, user):
    assert "Limits of " not in office.see(PAGE, user=user)


def test_settings_are_filtered_and_found(office, ada):
    limit("1.00 MYR")
    limit("2.00 MYR", user_id=ada.id)
    limit("3.00 MYR", TRANSACTION, PAYOUT, user_id=ada.id)

    for query, count in [
        ({}, 3),
        ({"whose": "all"}, 1),
        ({"whose": "own"}, 2),
        ({"whose": "x"}, 3),
        ({"kind__exact": "payout"}, 1),
        ({"period__exact": "day"}, 2),
        ({"user": str(ada.id)}, 2),
        ({"q": ada.user.email}, 2),
        ({"q": "nobody"}, 0),
    ]:
        assert office.found(PAGE, **query) == count, query


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_setting_can_be_edited(role, request):
    setting = limit("1.00 MYR")
    office = enter_office(request.getfixturevalue(role))

    answers = office.attempts_to_edit(PAGE, setting)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_pages_take_as_many_statements_whatever_was_set(office, ada):
    limit("1.00 MYR", user_id=ada.id)
    limit("1.00 MYR")
    of_ada = {"user": str(ada.id)}
    before = office.count_statements(PAGE), office.count_statements(PAGE, **of_ada)

    for number in range(12):
        friend = enter(f"friend-{number}")
        limit("5.00 MYR", user_id=friend.id)
        limit("5.00 MYR", TRANSACTION, user_id=ada.id)
        limit(None, TRANSACTION)

    after = office.count_statements(PAGE), office.count_statements(PAGE, **of_ada)
    assert before == after
