"""What is configured ..."""

from dataclasses import replace

import pytest

from events.models import Event
from paycore.lib.errors import InvalidInput, UnsupportedCurrency
from paycore.testing.attacks import refusal_of, run
from paycore.testing.bookkeeping import money
from paycore.testing.refusals import refused_with
from risk.configuration import Bands, Limit, default_configuration, read_rule
from risk.models import (
    BandSetting,
    LimitSetting,
    OnError,
    Period,
    RuleSetting,
    RuleState,
)
from risk.payments import PaymentKind
from risk.rules import RULES
from risk.services import (
    configure_bands,
    configure_rule,
    find_rule,
    read_configuration,
    set_limit,
    withdraw_limit,
)
from risk.tests.past import screen
from risk.tests.settings import (
    DAY,
    PAYOUT,
    PURCHASE,
    STAGE,
    TRANSACTION,
    WHY,
    as_configured,
    begin_bands,
    configure,
    limit,
)

pytestmark = pytest.mark.django_db


def settings_are_of(player):
    return read_configuration(user_ids=[player.id])


def test_is_in_the_code_before_anybody_sets_anything():
    configuration = read_configuration(user_ids=[])

    assert configuration == default_configuration()
    assert {
        rule.rule.code: (rule.points, dict(rule.parameters))
        for rule in configuration.rules
    } == {
        "HIGH_VELOCITY": (20, {"most": 5, "seconds": 600}),
        "SUSPICIOUS_VELOCITY": (20, {"most": 10, "seconds": 3600}),
        "UNUSUAL_AMOUNT": (20, {"times": 3, "least": 5, "days": 30}),
        "HIGH_VALUE": (20, {"above": 10_000}),
        "OFF_HOURS": (20, {"from_hour": 23, "to_hour": 5}),
        "POSSIBLE_DUPLICATE": (0, {"seconds": 300}),
        "NO_RATE": (0, {}),
    }
    assert {rule.kinds for rule in configuration.rules} == {(PURCHASE, PAYOUT)}
    assert {rule.state for rule in configuration.rules} == {RuleState.ON}
    assert {rule.on_error for rule in configuration.rules} == {OnError.OPEN}
    assert configuration.bands == Bands(40, 60, 80)
    assert {
        (each.kind.value, each.period.value, str(each.amount), each.user_id)
        for each in configuration.limits
    } == {
        ("purchase", "transaction", "50000.00 MYR", None),
        ("purchase", "day", "100000.00 MYR", None),
        ("payout", "transaction", "50000.00 MYR", None),
        ("payout", "day", "100000.00 MYR", None),
    }


def test_is_what_was_set_last():
    configure("HIGH_VALUE", points=30)
    last = configure(
        "HIGH_VALUE",
        points=40,
        state=RuleState.SHADOW,
        kinds=(PAYOUT,),
        parameters={"above": 5},
        on_error=OnError.CLOSED,
    )

    rule = find_rule("HIGH_VALUE")

    assert rule == as_configured(
        "HIGH_VALUE",
        points=40,
        state=RuleState.SHADOW,
        kinds=(PAYOUT,),
        parameters={"above": 5},
        on_error=OnError.CLOSED,
        version=last.pk,
    )
    assert find_rule("OFF_HOURS") == as_configured("OFF_HOURS")


def test_keeps_what_held_before():
    for points in (1, 2, 3):
        configure("OFF_HOURS", points=points)
    begin_bands(1, 2, 3)
    begin_bands(4, 5, 6)
    limit("1.00 MYR")
    limit(None)

    rules = RuleSetting.objects.order_by("pk")
    assert list(rules.values_list("points", flat=True)) == [1, 2, 3]
    assert BandSetting.objects.count() == 2
    amounts = LimitSetting.objects.order_by("pk").values_list("amount_minor", flat=True)
    assert list(amounts) == [100, None]
    assert RuleSetting.objects.first().actor == "test"
    assert read_configuration(user_ids=[]).bands == Bands(4, 5, 6)


def test_is_told_with_who_and_why(ada):
    configure("OFF_HOURS", points=1)
    begin_bands(1, 2, 3)
    limit("1.00 MYR", user_id=ada.id)

    told = Event.objects.filter(type__startswith="risk.").order_by("pk")
    assert [(event.type, event.actor, event.data) for event in told] == [
        ("risk.rule_configured", "test", {"code": "OFF_HOURS", "reason": WHY}),
        ("risk.bands_configured", "test", {"bands": "1/2/3", "reason": WHY}),
        (
            "risk.limit_set",
            "test",
            {
                "kind": "purchase",
                "period": "day",
                "amount": "1.00",
                "currency": "MYR",
                "user_id": str(ada.id),
                "reason": WHY,
            },
        ),
    ]


def test_has_what_a_parameter_that_came_later_is_in_the_code(monkeypatch):
    configure("HIGH_VALUE", parameters={"above": 5})
    rule = RULES["HIGH_VALUE"]
    monkeypatch.setattr(type(rule), "parameters", {"above": 10_000, "below": 99})

    assert find_rule("HIGH_VALUE").parameters == {"above": 5, "below": 99}


def test_forgets_rules_and_parameters_that_are_gone(monkeypatch):
    configure("HIGH_VALUE", parameters={"above": 5})
    configure("OFF_HOURS", points=1)
    monkeypatch.setattr(type(RULES["HIGH_VALUE"]), "parameters", {})
    # Not taken out of it: put back, it would be the last one for all later tests.
    without = {code: rule for code, rule in RULES.items() if code != "OFF_HOURS"}
    monkeypatch.setattr("risk.configuration.RULES", without)

    configuration = read_configuration(user_ids=[])

    assert "OFF_HOURS" not in {rule.rule.code for rule in configuration.rules}
    assert find_rule("HIGH_VALUE").parameters == {}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("HIGH_VALUE", {"points": -1}),
        ("HIGH_VALUE", {"points": 101}),
        ("HIGH_VALUE", {"points": "20"}),
        ("HIGH_VALUE", {"points": True}),
        ("HIGH_VALUE", {"points": 20.5}),
        ("HIGH_VALUE", {"parameters": {}}),
        ("HIGH_VALUE", {"parameters": {"above": 1, "below": 2}}),
        ("HIGH_VALUE", {"parameters": {"above": -1}}),
        ("HIGH_VALUE", {"parameters": {"above": "1"}}),
        ("HIGH_VALUE", {"parameters": {"above": True}}),
        ("HIGH_VALUE", {"parameters": {"above": 10**9 + 1}}),
        ("OFF_HOURS", {"parameters": {"from_hour": 25, "to_hour": 5}}),
        # PostgreSQL could not subtract that from now, and nobody could pay.
        ("HIGH_VELOCITY", {"parameters": {"most": 5, "seconds": 367 * 86400}}),
        ("UNUSUAL_AMOUNT", {"parameters": {"times": 3, "least": 5, "days": 367}}),
    ],
)
def test_is_not_nonsense(code, changes):
    rule = replace(find_rule(code), **changes)

    with refused_with(InvalidInput):
        configure_rule(rule=rule, reason=WHY, origin=STAGE)

    assert not RuleSetting.objects.exists()


def test_may_go_to_its_bounds(ada):
    configure("HIGH_VELOCITY", parameters={"most": 10**9, "seconds": 366 * 86400})
    configure("UNUSUAL_AMOUNT", parameters={"times": 0, "least": 0, "days": 366})

    assert screen(ada).errors == {}


@pytest.mark.parametrize(
    "bands",
    [(-1, 60, 80), (40, 40, 80), (40, 60, 60), (80, 60, 40), (1, 2, 201), (1, 2, "3")],
)
def test_has_bands_that_follow_each_other(bands):
    with refused_with(InvalidInput):
        configure_bands(bands=Bands(*bands), reason=WHY, origin=STAGE)

    assert not BandSetting.objects.exists()


@pytest.mark.parametrize(
    ("amount", "currency", "refusal"),
    [
        ("1.00 USD", "MYR", InvalidInput),
        ("1.00 MYR", "XXX", UnsupportedCurrency),
        (None, "XXX", UnsupportedCurrency),
    ],
)
def test_limits_in_the_currency_that_it_names(amount, currency, refusal):
    asked = Limit(PURCHASE, DAY, None if amount is None else money(amount))

    with refused_with(refusal):
        set_limit(limit=asked, currency=currency, reason=WHY, origin=STAGE)

    assert not LimitSetting.objects.exists()


def test_limits_nothing_below_zero():
    with refused_with(InvalidInput):
        set_limit(
            limit=Limit(PURCHASE, DAY, -money("1.00 MYR")),
            currency="MYR",
            reason=WHY,
            origin=STAGE,
        )


def test_limits_by_kind_by_period_and_by_person(ada, grace):
    limit("1.00 MYR", DAY, PURCHASE)
    limit("2.00 MYR", TRANSACTION, PURCHASE)
    limit("3.00 USD", DAY, PAYOUT, user_id=ada.id)
    limit(None, TRANSACTION, PAYOUT, user_id=ada.id)

    def found(player):
        configuration = settings_are_of(player)
        return [
            str(configuration.limit(kind, period, user_id=player.id))
            for kind in (PURCHASE, PAYOUT)
            for period in (TRANSACTION, DAY)
        ]

    assert found(ada) == ["2.00 MYR", "1.00 MYR", "None", "3.00 USD"]
    assert found(grace) == ["2.00 MYR", "1.00 MYR", "50000.00 MYR", "100000.00 MYR"]
    # In a batch they are read together.
    both = read_configuration(user_ids=[ada.id, grace.id])
    assert both.limit(PAYOUT, DAY, user_id=grace.id) == money("100000.00 MYR")


def test_limits_by_what_was_not_withdrawn(ada, grace):
    limit("1.00 MYR", DAY, PURCHASE)
    limit("2.00 MYR", DAY, PURCHASE, user_id=ada.id)

    def found():
        return [
            str(settings_are_of(player).limit(PURCHASE, DAY, user_id=player.id))
            for player in (ada, grace)
        ]

    def withdraw(user_id):
        withdraw_limit(
            kind=PURCHASE, period=DAY, user_id=user_id, reason=WHY, origin=STAGE
        )

    withdraw(ada.id)
    assert found() == ["1.00 MYR", "1.00 MYR"]
    withdraw(None)
    withdraw(None)
    assert found() == ["100000.00 MYR", "100000.00 MYR"]
    assert Event.objects.filter(type="risk.limit_withdrawn").count() == 3
    limit("3.00 MYR", DAY, PURCHASE, user_id=ada.id)
    assert found() == ["3.00 MYR", "100000.00 MYR"]


def test_limits_no_kind_that_nobody_limits(ada):
    configuration = settings_are_of(ada)

    for kind in (PaymentKind.INTERNAL, PaymentKind.EXCHANGE):
        for period in Period:
            assert configuration.limit(kind, period, user_id=ada.id) is None


def test_is_read_by_one_statement(ada, grace, django_assert_num_queries):
    for code in RULES:
        configure(code, points=1)
    limit("1.00 MYR", user_id=ada.id)
    limit("1.00 MYR", user_id=grace.id)

    with django_assert_num_queries(1):
        configuration = read_configuration(user_ids=[ada.id, grace.id])

    assert len([each for each in configuration.limits if each.user_id]) == 2


@pytest.mark.parametrize("model", [RuleSetting, BandSetting, LimitSetting])
@pytest.mark.parametrize(
    "sql", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_is_never_changed(model, sql):
    table = model._meta.db_table
    configure("OFF_HOURS", points=1)
    begin_bands(1, 2, 3)
    limit("1.00 MYR")

    assert refusal_of(sql.format(table)) == f"{table}_is_append_only"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("state = 'maybe'", "state_is_known"),
        ("on_error = 'maybe'", "on_error_is_known"),
        ("points = 101", "points_are_of_a_hundred"),
        ("points = -1", "points_are_of_a_hundred"),
        ("kinds = '{purchase,gift}'", "kinds_are_known"),
    ],
)
def test_of_a_rule_is_checked_by_the_database(change, rule):
    configure("OFF_HOURS", points=1)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE risk_rulesetting DISABLE TRIGGER USER")

    refused = refusal_of(f"UPDATE risk_rulesetting SET {change}")

    assert refused == f"risk_rule_setting_{rule}"


@pytest.mark.parametrize(
    "change", ["monitor_from = -1", "review_from = 1", "urgent_from = 2"]
)
def test_of_bands_is_checked_by_the_database(change):
    begin_bands(1, 2, 3)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE risk_bandsetting DISABLE TRIGGER USER")

    refused = refusal_of(f"UPDATE risk_bandsetting SET {change}")

    assert refused == "risk_band_setting_bands_follow_each_other"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("kind = 'gift'", "kind_is_known"),
        ("period = 'year'", "period_is_known"),
        ("amount_minor = -1", "amount_is_not_negative"),
        ("is_withdrawn = TRUE", "withdrawn_limits_nothing"),
    ],
)
def test_of_a_limit_is_checked_by_the_database(change, rule):
    limit("1.00 MYR")
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE risk_limitsetting DISABLE TRIGGER USER")

    refused = refusal_of(f"UPDATE risk_limitsetting SET {change}")

    assert refused == f"risk_limit_setting_{rule}"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"colour": "red"}, "HIGH_VALUE has no setting 'colour'."),
        ({"state": "perhaps"}, "HIGH_VALUE: 'perhaps' is not a valid RuleState."),
        ({"kinds": ["gift"]}, "HIGH_VALUE: 'gift' is not a valid PaymentKind."),
        ({"parameters": 5}, "HIGH_VALUE: 'int' object is not a mapping."),
        ({"points": "40"}, "Points of HIGH_VALUE are 0 to 100."),
    ],
)
def test_is_read_from_a_document_that_makes_sense(document, why):
    with pytest.raises(InvalidInput) as caught:
        read_rule(document, rule=as_configured("HIGH_VALUE"))

    assert str(caught.value) == why


def test_is_changed_by_a_document_where_it_says_so():
    rule = read_rule({"points": 40}, rule=as_configured("HIGH_VALUE", version=3))

    assert rule == as_configured("HIGH_VALUE", points=40, version=3)
