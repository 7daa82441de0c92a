"""The reports as staff see them: what was spent, and how payments were judged."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget

from paycore.backoffice.columns import link_to_list, money_text
from paycore.backoffice.site_pages import Content, on_site
from paycore.backoffice.tables import Column, Table
from paycore.lib.errors import DomainError
from paycore.lib.money import CURRENCIES, Money
from reports.selectors import GroupBy, Spending, sum_spending, summarize_judged
from reports.selectors.spending import USUAL_CURRENCY
from risk.admin.cells import band_cell
from risk.admin.filters import TENS, score_text
from risk.selectors import ScoreSummary

USUAL_DAYS: Final = 30
PERIODS: Final = {
    1: "The last day",
    7: "The last 7 days",
    USUAL_DAYS: "The last 30 days",
    90: "The last 90 days",
    365: "The last 365 days",
}
GROUPS: Final = {
    GroupBy.CATEGORY: "Category",
    GroupBy.DAY: "Day",
    GroupBy.WEEK: "Week",
    GroupBy.MONTH: "Month",
}
HUNDRED: Final = 100


def _codes() -> list[tuple[str, str]]:
    return [(currency.code, currency.code) for currency in CURRENCIES.all()]


class ChoiceForm(forms.Form):
    """Of when, by what and in which currency."""

    days = forms.TypedChoiceField(
        required=False,
        choices=list(PERIODS.items()),
        coerce=int,
        widget=UnfoldAdminSelectWidget,
        label="Period",
    )
    group_by = forms.ChoiceField(
        required=False,
        choices=[(group.value, title) for group, title in GROUPS.items()],
        widget=UnfoldAdminSelectWidget,
        label="Spending by",
    )
    currency = forms.ChoiceField(
        required=False, choices=_codes, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, asked: Any) -> None:
        usual = {
            "days": USUAL_DAYS,
            "group_by": GroupBy.CATEGORY.value,
            "currency": USUAL_CURRENCY,
        }
        # What nobody asked for is as usual.
        super().__init__({name: asked.get(name) or usual[name] for name in usual})


@on_site(
    "reports",
    group="Reports",
    title="Spending and risk",
    permission="reports.view_spendingrollup",
)
def spending_and_risk(request: HttpRequest) -> Content:
    """Everybody's, by the selectors that the API answers from."""
    form = ChoiceForm(request.GET)
    if not form.is_valid():
        return Content(tables=[], form=form)
    asked = form.cleaned_data
    now = timezone.now()
    start = now - timedelta(days=asked["days"])
    tables = [_spending_table(asked, start, now), *_risk_tables(start, now)]
    return Content(tables=tables, form=form)


def _spending_table(asked: Mapping[str, Any], start: datetime, now: datetime) -> Table:
    group_by = GroupBy(asked["group_by"])
    title = f"What was spent, by {group_by}"
    try:
        spending = sum_spending(
            user_id=None,
            start=start,
            end=now,
            group_by=group_by,
            currency=CURRENCIES.get(asked["currency"]),
            now=now,
        )
    except DomainError as refusal:
        return Table(title=title, columns=(), rows=[], empty=refusal.detail)
    return _table_of(spending, group_by, title)


def _table_of(spending: Spending, group_by: GroupBy, title: str) -> Table:
    def money(minor: int) -> Money:
        return Money(minor, spending.currency)

    total, average = money(spending.total_minor), money(spending.average_minor)
    return Table(
        title=title,
        columns=(
            Column(GROUPS[group_by], lambda group: group.key or "none"),
            Column("Purchases", lambda group: f"{group.count:,}", is_number=True),
            Column(
                "Share",
                lambda group: _share(group.total_minor, spending.total_minor),
                is_number=True,
            ),
            Column("Total", lambda group: money(group.total_minor), is_number=True),
        ),
        rows=spending.groups,
        count=format_html(
            "{} purchases, {} in all, {} on average",
            f"{spending.count:,}",
            money_text(total),
            money_text(average),
        ),
        note="Completed purchases of everybody, by the days of whoever made them. Other"
        " currencies are converted at the rate of the end of the day.",
        empty="Nothing.",
    )


def _risk_tables(start: datetime, now: datetime) -> list[Table]:
    try:
        judged = summarize_judged(start=start, end=now)
    except DomainError as refusal:
        title = "How payments were judged"
        return [Table(title=title, columns=(), rows=[], empty=refusal.detail)]
    return [_bands_table(judged), _scores_table(judged), _flags_table(judged)]


def _bands_table(judged: ScoreSummary) -> Table:
    return Table(
        title="Payments by band",
        columns=(
            Column("Band", band_cell),
            Column("Payments", lambda band: f"{judged.bands[band]:,}", is_number=True),
            Column(
                "Share",
                lambda band: _share(judged.bands[band], judged.total),
                is_number=True,
            ),
        ),
        rows=list(judged.bands) if judged.total else [],
        count=f"{judged.total:,} payments, as they were judged when they were made",
    )


def _scores_table(judged: ScoreSummary) -> Table:
    def count(tens: int) -> int:
        return judged.bins[tens // 10]

    return Table(
        title="Payments by score",
        columns=(
            Column("Score", score_text),
            Column("Payments", lambda tens: f"{count(tens):,}", is_number=True),
            Column(
                "Share", lambda tens: _share(count(tens), judged.total), is_number=True
            ),
        ),
        rows=[tens for tens in TENS if count(tens)],
    )


def _flags_table(judged: ScoreSummary) -> Table:
    return Table(
        title="Rules that applied",
        columns=(
            Column("Rule", lambda row: _flag_cell(row[0])),
            Column("Counted", lambda row: f"{row[1]:,}", is_number=True),
            Column("In shadow", lambda row: f"{row[2]:,}", is_number=True),
        ),
        rows=judged.flags,
        links=[link_to_list("risk_rulesetting", "Rules")],
        count="the most frequent first",
    )


def _flag_cell(flag: str) -> SafeString:
    return link_to_list("risk_assessment", flag, flag=flag)


def _share(part: int, whole: int) -> str:
    tenths = part * HUNDRED * 10 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10} %"
