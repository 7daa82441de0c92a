"""The back office: rules as they hold now, as they were, and setting them."""

import pytest
from django.urls import reverse

from events.models import Event
from paycore.lib.errors import InvalidInput
from paycore.testing.office import address_of, enter_office
from risk.models import RuleSetting, RuleState
from risk.rules import RULES
from risk.services import find_rule
from risk.tests.held import buy
from risk.tests.settings import configure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
PAGE = "risk_rulesetting"
SET = "admin:risk_rulesetting_set_rule"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def desk(admin):
    return enter_office(admin)


def form_of(code):
    return reverse(SET, query={"code": code})


def send(office, code, **changes):
    """Fill in the form of a rule and send it: the answer, whatever it is."""
    prefilled = office.client.get(form_of(code)).context["form"].initial
    filled_in = {**prefilled, "reason": "Too many", **changes}
    return office.client.post(form_of(code), filled_in, follow=True)


def errors_of(response):
    return {name: list(told) for name, told in response.context["form"].errors.items()}


def test_every_rule_is_shown_as_it_holds_now(office, admin):
    configure("HIGH_VALUE", points=35, parameters={"above": 777})

    seen = office.see(PAGE)

    for code in RULES:
        assert code in seen
    for text in ("above 777", "most 5, seconds 600", "as in the code", "Counted"):
        assert text in seen, text


def test_it_is_told_how_often_rules_applied(office, ada, ada_usd):
    for code in RULES:
        configure(code, state=RuleState.OFF)
    configure("HIGH_VALUE", state=RuleState.ON, parameters={"above": 40})
    buy(ada, ada_usd, "10.00")
    configure("HIGH_VALUE", state=RuleState.SHADOW, points=50)
    buy(ada, ada_usd, "10.00")
    buy(ada, ada_usd, "10.00")

    seen = office.see(PAGE)

    assert f'href="{address_of("risk_assessment")}?flag=HIGH_VALUE"' in seen
    assert f'href="{address_of("risk_assessment")}?shadow=HIGH_VALUE"' in seen
    assert ">1 / 1<" in seen
    # In shadow twice, and both would be watched if it counted.
    assert seen.count("2 / 2") == 2


def test_when_there_is_too_much_to_count_the_rules_are_shown(office, monkeypatch):
    monkeypatch.setattr("risk.admin.rules.measure_rules", lambda *_, **__: None)

    seen = office.see(PAGE)

    assert "There are too many payments to count" in seen
    assert "Would move" not in seen
    assert "HIGH_VALUE" in seen


def test_an_admin_sets_a_rule(desk, admin):
    assert form_of("HIGH_VALUE").replace("&", "&amp;") in desk.see(PAGE)

    response = send(
        desk,
        "HIGH_VALUE",
        state="shadow",
        points="45",
        kinds=["payout", "exchange"],
        parameter_above="500",
        on_error="closed",
    )

    rule = find_rule("HIGH_VALUE")
    assert (rule.state, rule.points, rule.on_error) == ("shadow", 45, "closed")
    assert (rule.kinds, rule.parameters) == (("payout", "exchange"), {"above": 500})
    setting = RuleSetting.objects.get()
    assert (setting.actor, setting.reason) == (f"user:{admin.id}", "Too many")
    event = Event.objects.get(type="risk.rule_configured")
    assert (event.actor, event.data["reason"]) == (f"user:{admin.id}", "Too many")
    shown = response.content.decode()
    assert "HIGH_VALUE is now shadow, 45 points." in shown
    assert "above 500" in shown


def test_the_form_begins_with_what_holds(desk):
    configure("OFF_HOURS", points=33, parameters={"from_hour": 22, "to_hour": 6})

    seen = desk.client.get(form_of("OFF_HOURS")).content.decode()

    for text in ('value="33"', 'value="22"', 'value="6"', "At [time] in [time_zone]."):
        assert text in seen, text
    # So that nobody has to look up what it was once.
    assert "20 points, from_hour 23, to_hour 5" in seen


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_can_be_set_as_it_is(desk, code):
    send(desk, code)

    setting = RuleSetting.objects.get()
    assert (setting.code, setting.points) == (code, RULES[code].points)
    assert setting.parameters == RULES[code].parameters


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", "101"),
        ("points", "-1"),
        ("points", "x"),
        ("points", ""),
        ("state", "maybe"),
        ("kinds", ["deposit"]),
        ("kinds", []),
        ("on_error", "x"),
        ("parameter_from_hour", "25"),
        ("parameter_from_hour", "-1"),
        ("parameter_to_hour", "1.5"),
        ("parameter_to_hour", ""),
        ("reason", " "),
        ("reason", "x" * 501),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(desk, field, value):
    response = send(desk, "OFF_HOURS", **{field: value})

    assert list(errors_of(response)) == [field]
    assert not RuleSetting.objects.exists()


def test_a_refusal_of_the_service_is_shown(desk, monkeypatch):
    def refuse(**_):
        raise InvalidInput(why="Not on Fridays.", pointer="/points")

    monkeypatch.setattr("risk.admin.rules.configure_rule", refuse)

    assert errors_of(send(desk, "OFF_HOURS")) == {"points": ["Not on Fridays."]}


def test_two_people_do_not_undo_each_other(desk):
    opened = desk.client.get(form_of("OFF_HOURS")).context["form"].initial
    configure("OFF_HOURS", points=99)

    response = desk.client.post(
        form_of("OFF_HOURS"), {**opened, "reason": "x"}, follow=True
    )

    [told] = errors_of(response)["__all__"]
    assert told.startswith("Somebody has set it since you opened the form.")
    assert told in response.content.decode().replace("&#x27;", "'")
    assert find_rule("OFF_HOURS").points == 99


def test_the_same_form_sent_twice_sets_it_once(desk):
    opened = desk.client.get(form_of("OFF_HOURS")).context["form"].initial
    for _ in range(2):
        desk.client.post(form_of("OFF_HOURS"), {**opened, "reason": "x"})

    assert RuleSetting.objects.count() == 1


@pytest.mark.parametrize("query", [{}, {"code": "NO_SUCH_RULE"}])
def test_there_is_no_form_of_other_rules(desk, query):
    assert desk.client.get(reverse(SET, query=query)).status_code == 404


def test_an_operator_looks_and_sets_nothing(office):
    assert "set_rule" not in office.see(PAGE)

    assert office.client.get(form_of("HIGH_VALUE")).status_code == 403
    assert office.client.post(form_of("HIGH_VALUE"), {}).status_code == 403

    assert not RuleSetting.objects.exists()


def test_what_was_set_before_stays_to_be_seen(desk, office):
    for points in ("10", "30", "50"):
        send(desk, "HIGH_VALUE", points=points, reason=f"Because of {points}")
    first, *_ = RuleSetting.objects.order_by("pk")

    seen = office.see(PAGE, first)

    for points in ("10", "30", "50"):
        assert f"Because of {points}" in seen
        assert f"Because of {points}" in office.see(PAGE)
    assert office.found(PAGE, code="HIGH_VALUE") == 3
    assert office.found(PAGE, code="OFF_HOURS") == 0
    assert office.found(PAGE, q="HIGH_VALUE") == 3
    assert office.found(PAGE, state__exact="off") == 0


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_no_setting_can_be_edited(role, request):
    setting = configure("HIGH_VALUE", points=1)
    office = enter_office(request.getfixturevalue(role))

    answers = office.attempts_to_edit(PAGE, setting)

    assert [answer.status_code for answer in answers] == [403] * 5


def test_pages_take_as_many_statements_whatever_was_set(office):
    setting = configure("HIGH_VALUE", points=1)
    before = office.count_statements(PAGE), office.count_statements(PAGE, setting)

    for code in RULES:
        for points in range(4):
            configure(code, points=points)

    after = office.count_statements(PAGE), office.count_statements(PAGE, setting)
    assert before == after
