"""The pages of rules: how each counts now, how often it applied, and who set it so."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.tables import (
    Column,
    Table,
    find_names,
    named_subject_cell,
    newest,
)
from paycore.lib.origin import Origin
from risk.admin.cells import figures_text, state_cell
from risk.admin.settings import Question, SettingForm, SettingPages
from risk.configuration import HIGHEST_PARAMETER, Configuration, ConfiguredRule
from risk.models import OnError, RuleSetting, RuleState
from risk.payments import PaymentKind
from risk.rules import RULES
from risk.services import configure_rule, find_rule, read_configuration
from risk.statistics import RuleUse, measure_rules

PARAMETER: Final = "parameter_"
STATES: Final = {
    RuleState.ON: "on: it counts",
    RuleState.SHADOW: "shadow: it is judged and recorded, but does not count",
    RuleState.OFF: "off: it is not asked",
}
ON_ERRORS: Final = {
    OnError.OPEN: "open: the payment is judged without it",
    OnError.CLOSED: "closed: a person must look at the payment",
}
MEANING: Final = {
    "most": "It applies above this many.",
    "least": "It applies from this many payments on.",
    "times": "It applies above this many times the average.",
    "above": "It applies above this, in whole units of {currency}.",
    "seconds": "How far it looks back.",
    "days": "How far it looks back.",
    "from_hour": "0 to 24, on the clock of whoever pays.",
    "to_hour": "0 to 24; it no longer applies from this hour on.",
}


class RuleForm(SettingForm):
    """How a rule counts from now on; at first, as it does now."""

    state = forms.ChoiceField(
        choices=list(STATES.items()), widget=UnfoldAdminSelectWidget
    )
    points = forms.IntegerField(
        min_value=0,
        max_value=100,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="What it adds to the score when it applies, 0 to 100.",
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.value) for kind in PaymentKind],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="Kinds of payments",
    )
    on_error = forms.ChoiceField(
        choices=list(ON_ERRORS.items()),
        widget=UnfoldAdminSelectWidget,
        label="If it fails",
    )

    def __init__(self, data: Any, *, rule: ConfiguredRule) -> None:
        self.rule = rule
        initial = {
            "state": rule.state,
            "points": rule.points,
            "kinds": [kind.value for kind in rule.kinds],
            "on_error": rule.on_error,
            **{f"{PARAMETER}{name}": value for name, value in rule.parameters.items()},
        }
        super().__init__(data, initial=initial, seen=rule.version)
        for name in rule.parameters:
            most = rule.rule.highest.get(name, HIGHEST_PARAMETER)
            self.fields[f"{PARAMETER}{name}"] = _parameter_field(name, most)
        judged = ", ".join(sorted(settings.RISK_KINDS))
        self.fields["kinds"].help_text = f"This server judges: {judged}."
        last = ("on_error", "reason")
        self.order_fields([*(name for name in self.fields if name not in last), *last])

    def give(self, origin: Origin) -> str:
        asked = self.cleaned_data
        setting = configure_rule(
            rule=replace(
                self.rule,
                state=RuleState(asked["state"]),
                points=asked["points"],
                kinds=tuple(PaymentKind(kind) for kind in asked["kinds"]),
                parameters={
                    name: asked[f"{PARAMETER}{name}"] for name in self.rule.parameters
                },
                on_error=OnError(asked["on_error"]),
            ),
            reason=asked["reason"],
            origin=origin,
            seen=asked["seen"],
        )
        return f"{setting.code} is now {setting.state}, {setting.points} points."


def _parameter_field(name: str, most: int) -> forms.IntegerField:
    meaning = MEANING.get(name, "")
    return forms.IntegerField(
        min_value=0,
        max_value=most,
        label=name.replace("_", " ").capitalize(),
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=meaning.format(currency=settings.RISK_CURRENCY),
    )


@admin.register(RuleSetting)
class RulePages(SettingPages[RuleSetting]):
    permission = "risk.add_rulesetting"
    list_display = (
        *("created_at", "code", "shown_state", "points", "shown_kinds"),
        *("shown_parameters", "on_error", "set_by", "reason"),
    )
    list_filter = (exact_filter("code", title="code"), "state")
    search_fields = ("=code",)
    search_help_text = "The whole code of a rule"
    fields = (
        ("code", "shown_state"),
        ("points", "shown_kinds"),
        ("shown_parameters", "on_error"),
        ("created_at", "set_by"),
        ("reason", "id"),
    )
    readonly_fields = (
        *("code", "shown_state", "points", "shown_kinds", "shown_parameters"),
        *("on_error", "created_at", "set_by", "reason", "id"),
    )
    # Not a button of the list: each rule has its own way to it.
    actions_list = ("set_rule",)

    @admin.display(description="state")
    def shown_state(self, setting: RuleSetting) -> SafeString:
        return state_cell(setting.state)

    @admin.display(description="kinds")
    def shown_kinds(self, setting: RuleSetting) -> str:
        return _kinds_text(setting.kinds)

    @admin.display(description="parameters")
    def shown_parameters(self, setting: RuleSetting) -> str:
        return figures_text(setting.parameters)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        return []

    def tables_above(self, request: HttpRequest) -> list[Table]:
        return [self._rules_now(is_settable=self.may_set(request))]

    def tables(self, row: RuleSetting) -> list[Table]:
        return [self._rules_now(code=row.code), history_of(row)]

    @action(description="Set a rule")  # type: ignore[untyped-decorator]
    def set_rule(self, request: HttpRequest) -> HttpResponse:
        code = request.GET.get("code", "")
        if code not in RULES:
            raise Http404
        rule = find_rule(code)
        return self.ask(
            request,
            lambda data: RuleForm(data, rule=rule),
            Question(
                title=f"Set {code}",
                explanation="From now on payments are judged like this. Those that were"
                " judged before stay as they are, also the held ones.",
                facts=[
                    ("It says", _sentence_of(rule)),
                    ("In the code", _as_in_the_code(rule)),
                ],
            ),
        )

    def _rules_now(self, *, code: str = "", is_settable: bool = False) -> Table:
        """Every rule, or one of them, as it holds now."""
        configuration = read_configuration(user_ids=[])
        uses = measure_rules(configuration, at=timezone.now())
        found = _rows_of(configuration, {} if uses is None else uses)
        columns = [
            Column("Rule", _rule_cell),
            *([Column("", self._link_to_set)] if is_settable else ()),
            *STATE_COLUMNS,
            *(USE_COLUMNS if uses is not None else ()),
            *SET_COLUMNS,
        ]
        return Table(
            title=f"{code or 'Rules'} as of now",
            columns=columns,
            rows=[row for row in found if code in {"", row.code}],
            note=HOW_TO_READ if uses is not None else TOO_MANY,
        )

    def _link_to_set(self, row: "RuleRow") -> SafeString:
        return self.link_to_set("set_rule", code=row.code)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it holds now, since when, and how often it applied."""

    now: ConfiguredRule
    setting: RuleSetting | None
    use: RuleUse

    @property
    def code(self) -> str:
        return self.now.rule.code


def history_of(setting: RuleSetting) -> Table:
    """All that was ever set for the same rule."""
    settings_of_rule = RuleSetting.objects.filter(code=setting.code).order_by("-pk")
    found = newest(settings_of_rule)
    names = find_names(row.actor for row in found)
    return Table(
        title=f"How {setting.code} was set",
        columns=(
            Column("Time", _setting_cell),
            Column("State", lambda row: state_cell(row.state)),
            Column("Points", lambda row: row.points, is_number=True),
            Column("Kinds", lambda row: _kinds_text(row.kinds)),
            Column("Parameters", lambda row: figures_text(row.parameters)),
            Column("If it fails", lambda row: row.on_error),
            Column("By", lambda row: named_subject_cell(row.actor, names)),
            Column("Reason", lambda row: row.reason, is_prose=True),
        ),
        rows=found,
        links=[link_to_list("risk_rulesetting", "All", code=setting.code)],
        count="newest first",
    )


def _rows_of(
    configuration: Configuration, uses: Mapping[str, RuleUse]
) -> list[RuleRow]:
    versions = [rule.version for rule in configuration.rules]
    stored = RuleSetting.objects.in_bulk(versions)
    return [
        RuleRow(rule, stored.get(rule.version), uses.get(rule.rule.code, RuleUse()))
        for rule in configuration.rules
    ]


def _as_in_the_code(rule: ConfiguredRule) -> str:
    default = ConfiguredRule.default(rule.rule)
    return f"{default.points} points, {figures_text(default.parameters)}"


def _sentence_of(rule: ConfiguredRule) -> str:
    """What it tells of a payment, with the names of its figures in place of them."""
    return re.sub(r"{(\w+)}", r"[\1]", rule.rule.sentence)


def _kinds_text(kinds: Iterable[str]) -> str:
    return ", ".join(kinds) or "none"


def _rule_cell(row: RuleRow) -> SafeString:
    return link_to_list("risk_rulesetting", row.code, code=row.code)


def _setting_cell(setting: RuleSetting) -> SafeString:
    return link_to("risk_rulesetting", setting.pk, localize(setting.created_at))


def _since_cell(row: RuleRow) -> SafeString | str:
    return "as in the code" if row.setting is None else _setting_cell(row.setting)


def _counted_cell(row: RuleRow) -> SafeString:
    return link_to_list("risk_assessment", row.use.counted, flag=row.code)


def _shadow_cell(row: RuleRow) -> SafeString:
    return link_to_list("risk_assessment", row.use.shadow, shadow=row.code)


HOW_TO_READ: Final = (
    "How many payments in the last 7 / 30 days: those to which a rule applied and"
    " counted, those to which it applied in shadow, and how many of the latter would be"
    " in another band if it counted with the points that it has now."
)
TOO_MANY: Final = "There are too many payments to count how often rules applied."
STATE_COLUMNS: Final = (
    Column("State", lambda row: state_cell(row.now.state)),
    Column("Points", lambda row: row.now.points, is_number=True),
)
SET_COLUMNS: Final = (
    Column("Parameters", lambda row: figures_text(row.now.parameters)),
    Column("If it fails", lambda row: row.now.on_error),
    Column("Since", _since_cell),
    Column("Kinds", lambda row: _kinds_text(row.now.kinds)),
)
USE_COLUMNS: Final = (
    Column("Counted", _counted_cell, is_number=True),
    Column("In shadow", _shadow_cell, is_number=True),
    Column("Would move", lambda row: row.use.moved, is_number=True),
)
