"""The back office: bands as they hold now, as they were, and setting them."""

import pytest
from django.urls import reverse

from paycore.testing.office import enter_office
from risk.configuration import Bands
from risk.models import BandSetting
from risk.services import read_configuration
from risk.tests.past import screen
from risk.tests.settings import begin_bands

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
PAGE = "risk_bandsetting"
SET = "admin:risk_bandsetting_set_bands"
ASKED = {
    "monitor_from": "30",
    "review_from": "50",
    "urgent_from": "70",
    "reason": "More people",
}


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def desk(admin):
    return enter_office(admin)


def bands():
    return read_configuration(user_ids=[]).bands


def test_bands_are_shown_as_they_hold_now(office):
    seen = office.see(PAGE)
    for text in ("0 to 39", "40 to 59", "60 to 79", "80 to 100"):
        assert text in seen

    begin_bands(0, 50, 101)

    seen = office.see(PAGE)
    for text in ("0 to 49", "50 to 100"):
        assert text in seen
    # Nothing is below 0, and nothing above 100.
    assert seen.count("never") == 2


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("no_rules")
def test_scores_are_counted_by_tens(office, ada):
    for _ in range(3):
        screen(ada)

    seen = office.see(PAGE)

    assert "3 payments" in seen
    assert "0 to 9" in seen
    assert "10 to 19" not in seen


def test_when_there_is_too_much_to_count_it_is_said(office, monkeypatch):
    monkeypatch.setattr("risk.admin.bands.measure_scores", lambda **_: None)

    assert "There are too many payments to count them." in office.see(PAGE)


def test_an_admin_sets_them_and_what_was_stays(desk, admin):
    begin_bands(10, 20, 30)
    assert reverse(SET) in desk.see(PAGE)
    assert 'value="20"' in desk.client.get(reverse(SET)).content.decode()

    response = desk.client.post(reverse(SET), ASKED, follow=True)

    assert bands() == Bands(30, 50, 70)
    setting = BandSetting.objects.latest("pk")
    assert (setting.actor, setting.reason) == (f"user:{admin.id}", "More people")
    shown = response.content.decode()
    for text in ("The bands now begin at 30/50/70.", "More people", admin.user.email):
        assert text in shown
    assert "More people" in desk.see(PAGE, setting)
    assert desk.found(PAGE) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"monitor_from": "-1"}, "monitor_from"),
        ({"monitor_from": "x"}, "monitor_from"),
        ({"review_from": "30"}, "review_from"),
        ({"review_from": "29"}, "review_from"),
        ({"urgent_from": "50"}, "urgent_from"),
        ({"urgent_from": "201"}, "urgent_from"),
        ({"urgent_from": ""}, "urgent_from"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(desk, changes, field):
    response = desk.client.post(reverse(SET), ASKED | changes)

    assert list(response.context["form"].errors) == [field]
    assert not BandSetting.objects.exists()


def test_two_people_do_not_undo_each_other(desk):
    opened = desk.client.get(reverse(SET)).context["form"].initial
    begin_bands(10, 20, 30)

    response = desk.client.post(reverse(SET), opened | ASKED)

    [told] = response.context["form"].errors["__all__"]
    assert told.startswith("Somebody has set it since you opened the form.")
    assert bands() == Bands(10, 20, 30)


def test_an_operator_looks_and_sets_nothing(office):
    assert reverse(SET) not in office.see(PAGE)

    assert office.client.get(reverse(SET)).status_code == 403
    assert office.client.post(reverse(SET), ASKED).status_code == 403

    assert not BandSetting.objects.exists()


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_setting_can_be_edited(role, request):
    setting = begin_bands(1, 2, 3)
    office = enter_office(request.getfixturevalue(role))

    answers = office.attempts_to_edit(PAGE, setting)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_the_page_takes_as_many_statements_whatever_was_set(office):
    begin_bands(1, 2, 3)
    before = office.count_statements(PAGE)

    for lowest in range(12):
        begin_bands(lowest, 50, 60)

    assert office.count_statements(PAGE) == before
