"""The pages of limits: how much may be paid, by whom, and who set it so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.selectors import find_user_by_email, get_user
from fx.selectors import get_rate_table
from paycore.backoffice.columns import link_to
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.tables import (
    Column,
    Table,
    find_names,
    named_subject_cell,
    number_cell,
)
from paycore.lib.errors import InvalidAmount, NotFound
from paycore.lib.money import CURRENCIES, Currency, Money
from paycore.lib.origin import Origin
from risk.admin.cells import amount_text, limit_cell
from risk.admin.settings import Question, SettingForm, SettingPages, last_setting
from risk.admin.tables import limits_table
from risk.configuration import Limit
from risk.models import LimitSetting, Period
from risk.payments import PaymentKind
from risk.services import read_configuration, set_limit, withdraw_limit
from risk.statistics import LimitUse, measure_limits

LONGEST: Final = 254
NOTHING: Final = re.compile(r"0+(\.0+)?\Z")
PERIODS: Final = {
    Period.TRANSACTION: "transaction: each payment",
    Period.DAY: "day: all of them, from midnight to midnight of whoever pays",
}


def _codes() -> list[tuple[str, str]]:
    return [(currency.code, currency.code) for currency in CURRENCIES.all()]


class LimitForm(SettingForm):
    """How much may be paid, by one person or by everybody."""

    who = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Person",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Their whole id or email address; empty for everybody. A person's own"
        " limit holds instead of everybody's.",
    )
    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in PaymentKind],
        widget=UnfoldAdminSelectWidget,
        label="Kind of payments",
    )
    period = forms.ChoiceField(
        choices=list(PERIODS.items()), widget=UnfoldAdminSelectWidget, label="Per"
    )
    amount = forms.CharField(
        required=False,
        max_length=50,
        widget=UnfoldAdminTextInputWidget(
            attrs={"inputmode": "decimal", "autocomplete": "off"}
        ),
        help_text='Such as "50000.00"; 0 for nothing at all.',
    )
    is_unlimited = forms.BooleanField(
        required=False, widget=UnfoldBooleanWidget, label="No limit"
    )
    is_withdrawn = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Withdraw it",
        help_text="Instead of a person's limit everybody's holds again, and instead of"
        " everybody's the one that this server comes with.",
    )
    currency = forms.ChoiceField(
        choices=_codes,
        widget=UnfoldAdminSelectWidget,
        help_text="Payments in other currencies are converted at the rate in force.",
    )

    def __init__(self, data: Any, *, asked: dict[str, str], seen: int) -> None:
        initial = {"currency": settings.RISK_CURRENCY, **asked}
        super().__init__(data, initial=initial, seen=seen)
        judged = ", ".join(sorted(settings.RISK_KINDS))
        self.fields["kind"].help_text = f"This server judges: {judged}."

    def clean_who(self) -> UUID | None:
        text: str = self.cleaned_data["who"]
        return _find_person(text) if text else None

    def clean_currency(self) -> Currency:
        currency = CURRENCIES.get(self.cleaned_data["currency"])
        rates = get_rate_table(at=timezone.now())
        base = CURRENCIES.get(settings.RISK_CURRENCY)
        if rates.value_of(Money(1, base), currency) is None:
            raise forms.ValidationError(
                f"No rate connects it with {base}: payments in {base} would have no"
                " limit."
            )
        return currency

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        text = asked.get("amount", "")
        if [bool(text), asked["is_unlimited"], asked["is_withdrawn"]].count(True) != 1:
            self.add_error("amount", "Either an amount, or no limit, or withdraw it.")
        elif text and "currency" in asked:
            asked["limit"] = self._read_amount(text, asked["currency"])
        return asked

    def give(self, origin: Origin) -> str:
        asked = self.cleaned_data
        if asked["is_withdrawn"]:
            return self._withdraw(origin)
        limit = Limit(
            PaymentKind(asked["kind"]),
            Period(asked["period"]),
            asked.get("limit"),
            asked["who"],
        )
        set_limit(
            limit=limit,
            currency=asked["currency"].code,
            reason=asked["reason"],
            origin=origin,
            seen=asked["seen"],
        )
        return f"{self._title()}: {amount_text(limit.amount)}."

    def _withdraw(self, origin: Origin) -> str:
        asked = self.cleaned_data
        withdraw_limit(
            kind=PaymentKind(asked["kind"]),
            period=Period(asked["period"]),
            user_id=asked["who"],
            reason=asked["reason"],
            origin=origin,
            seen=asked["seen"],
        )
        return f"{self._title()} is withdrawn."

    def _title(self) -> str:
        asked = self.cleaned_data
        kind = PaymentKind(asked["kind"])
        whose = "everybody" if asked["who"] is None else "this person"
        return f"The limit of {kind.many} per {asked['period']} for {whose}"

    def _read_amount(self, text: str, currency: Currency) -> Money | None:
        # Which no payment may be, but a limit.
        if NOTHING.match(text):
            return Money(0, currency)
        try:
            return Money.parse(text, currency)
        except InvalidAmount as refusal:
            self.add_error("amount", refusal.detail)
            return None


def _find_person(text: str) -> UUID:
    try:
        return get_user(user_id=UUID(text)).pk
    except ValueError:
        user = find_user_by_email(email=text)
    except NotFound:
        user = None
    if user is None:
        raise forms.ValidationError("Nobody here has this id or email address.")
    return user.pk


class ForWhomFilter(admin.SimpleListFilter):
    title = "whose"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Everybody's"), ("own", "Of one person")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LimitSetting]
    ) -> QuerySet[LimitSetting] | None:
        is_everybodys = {"all": True, "own": False}.get(self.value() or "")
        if is_everybodys is None:
            return None
        return queryset.filter(user__isnull=is_everybodys)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit of everybody's as it holds now, and who set it."""

    limit: Limit
    setting: LimitSetting | None
    names: Mapping[str, str]


@admin.register(LimitSetting)
class LimitPages(SettingPages[LimitSetting]):
    permission = "risk.add_limitsetting"
    list_display = (
        *("created_at", "kind", "period", "whose", "shown_amount", "set_by"),
        "reason",
    )
    list_filter = (
        *(ForWhomFilter, "kind", "period"),
        exact_filter("user", title="user id"),
    )
    search_fields = ("=user__email", "=user")
    search_help_text = "A person's whole id or email address"
    list_select_related = ("user",)
    fields = (
        ("kind", "period"),
        ("whose", "shown_amount"),
        ("created_at", "set_by"),
        "reason",
    )
    readonly_fields = (
        *("kind", "period", "whose", "shown_amount", "created_at", "set_by", "reason"),
    )
    actions_list = ("set_limit",)

    @admin.display(description="whose")
    def whose(self, setting: LimitSetting) -> SafeString | str:
        if setting.user is None:
            return "everybody's"
        return link_to("accounts_user", setting.user.pk, setting.user.email)

    @admin.display(description="limit")
    def shown_amount(self, setting: LimitSetting) -> SafeString:
        if setting.is_withdrawn:
            return number_cell("withdrawn")
        return number_cell(limit_cell(setting.amount))

    def tables_above(self, request: HttpRequest) -> list[Table]:
        person = _person_asked(request)
        may_set = self.may_set(request)
        tables = [self._everybodys(may_set=may_set)]
        if person is not None:
            tables.insert(0, self._theirs(person, may_set=may_set))
        return tables

    @action(description="Set a limit")  # type: ignore[untyped-decorator]
    def set_limit(self, request: HttpRequest) -> HttpResponse:
        seen = last_setting(LimitSetting)
        asked = {name: request.GET.get(name, "") for name in ("who", "kind", "period")}
        return self.ask(
            request,
            lambda data: LimitForm(data, asked=asked, seen=seen),
            Question(
                title="Set a limit",
                explanation="From now on payments beyond it are refused. What is used"
                " of it today counts already. Payments that were made, or are held,"
                " stay as they are.",
            ),
        )

    def _everybodys(self, *, may_set: bool) -> Table:
        columns = list(COLUMNS)
        if may_set:
            columns.append(Column("", self._link_to_set))
        return Table(
            title="Limits for everybody as of now",
            columns=columns,
            rows=_everybodys_limits(),
            note="A kind of payments that is not here has no limit.",
        )

    def _theirs(self, person: Any, *, may_set: bool) -> Table:
        def link(use: LimitUse) -> SafeString:
            return self.link_to_set(
                "set_limit", who=person.email, kind=use.kind, period=use.period
            )

        return limits_table(
            measure_limits(person.pk, at=timezone.now()),
            user_id=person.pk,
            title=f"Limits of {person.email} as of now",
            more=[Column("", link)] if may_set else (),
        )

    def _link_to_set(self, row: LimitRow) -> SafeString:
        limit = row.limit
        return self.link_to_set("set_limit", kind=limit.kind, period=limit.period)


def _person_asked(request: HttpRequest) -> Any:
    try:
        return get_user(user_id=UUID(request.GET.get("user", "")))
    except (ValueError, NotFound):
        return None


def _everybodys_limits() -> list[LimitRow]:
    stored = (
        LimitSetting.objects.filter(user=None)
        .order_by("kind", "period", "-pk")
        .distinct("kind", "period")
    )
    by_what = {(setting.kind, setting.period): setting for setting in stored}
    names = find_names(setting.actor for setting in by_what.values())
    limits = {
        (limit.kind.value, limit.period.value): limit
        for limit in read_configuration(user_ids=[]).limits
    }
    return [
        LimitRow(limits[kind, period], by_what.get((kind, period)), names)
        for kind in PaymentKind
        for period in Period
        if (kind, period) in limits
    ]


def _since_cell(row: LimitRow) -> SafeString | str:
    setting = row.setting
    if setting is None:
        return "as in the code"
    return link_to("risk_limitsetting", setting.pk, localize(setting.created_at))


def _by_cell(row: LimitRow) -> SafeString | str:
    if row.setting is None:
        return "-"
    return named_subject_cell(row.setting.actor, row.names)


COLUMNS: Final = (
    Column("Kind", lambda row: row.limit.kind),
    Column("Per", lambda row: row.limit.period),
    Column("Limit", lambda row: limit_cell(row.limit.amount), is_number=True),
    Column("Since", _since_cell),
    Column("By", _by_cell),
)
