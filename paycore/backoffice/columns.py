"""How values look in the back office: money, statuses, links to other pages."""

import re
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from django.contrib.admin import display
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from paycore.lib.money import Money

# A function as admin lists take it, with the attributes that they look for.
Column = Any

# One color per meaning, whatever the thing: good, under way, needs a look, bad.
STATUS_COLORS: Final = {
    "active": "success",
    "completed": "success",
    "processed": "success",
    "resolved": "success",
    "approved": "success",
    "captured": "success",
    "pending": "info",
    "processing": "info",
    "open": "info",
    "parked": "warning",
    "suspended": "warning",
    "frozen": "warning",
    "manual_review": "warning",
    "reversed": "warning",
    "failed": "danger",
    "rejected": "danger",
    "revoked": "danger",
    "expired": "danger",
}
# What stands before the point, if it is long; and in it, where a thousand begins.
LONG: Final = re.compile(r"\A-?[0-9]{5,}")
THOUSANDS: Final = re.compile(r"(?<=[0-9])(?=([0-9]{3})+\Z)")
MINUTE: Final = 60
GAP: Final = '<span class="backoffice-gap"></span>'


def money_column(attribute: str, *, description: str | None = None) -> Column:
    """A column of `Money`; in lists digits stand below digits, see `backoffice.css`."""

    @display(description=description or _title(attribute))
    def column(admin: Any, row: Model) -> SafeString | str:
        money = getattr(row, attribute)
        if money is None:
            return "-"
        return format_html(
            '<span class="backoffice-money">{}</span>', money_text(money)
        )

    return column


def money_text(money: Money) -> SafeString:
    return number_text(str(money))


def number_text(text: str) -> SafeString:
    """A number, or an amount, with gaps between its thousands from five digits on.

    The gaps are only seen: what is copied from a page is what the API writes.
    """
    shown = LONG.sub(lambda found: THOUSANDS.sub(GAP, found[0]), escape(text))
    return mark_safe(shown)  # noqa: S308  # Escaped.


def shown_value(value: object) -> object:
    """A value as pages show it, whatever it is."""
    return money_text(value) if isinstance(value, Money) else value


def age_of(moment: datetime) -> str:
    """For how long, in its largest unit: it may be seconds."""
    now = timezone.now()  # noqa: TID251  # It is only shown.
    seconds = (now - moment).total_seconds()
    return timesince(moment, now, depth=1) if seconds >= MINUTE else f"{seconds:.0f} s"


def status_column(attribute: str = "status", *, ordering: str | None = None) -> Column:
    """A column of statuses, as words with a color."""

    @display(description=_title(attribute), ordering=ordering)
    def column(admin: Any, row: Model) -> str:
        return str(getattr(row, attribute))

    # What unfold looks for; its own decorator does no more than this.
    column.label = STATUS_COLORS  # type: ignore[attr-defined]
    return column


def link_column(
    attribute: str,
    *,
    page: str,
    text: str | None = None,
    description: str | None = None,
) -> Column:
    """A column that leads to the page of another row.

    `attribute` holds its key, `page` is its `<app>_<model>`, `text` the path to what
    to show of it: `link_column("user_id", page="accounts_user", text="user.email")`.
    """
    get_text = attrgetter(text or attribute)

    @display(description=description or _title(attribute.removesuffix("_id")))
    def column(admin: Any, row: Model) -> SafeString | str:
        key = getattr(row, attribute)
        return "-" if key is None else link_to(page, key, get_text(row))

    return column


def link_to(page: str, key: object, text: object) -> SafeString:
    """A link to the page of one row; `page` is `<app>_<model>`.

    Only the text when nobody registered such a page.
    """
    try:
        return _anchor(reverse(f"admin:{page}_change", args=[key]), text)
    except NoReverseMatch:
        return format_html("{}", text)


def link_to_list(page: str, text: object, **filters: object) -> SafeString:
    """A link to a list with filters, e.g. `user=user.pk`."""
    query = {name: str(value) for name, value in filters.items()}
    try:
        return _anchor(reverse(f"admin:{page}_changelist", query=query), text)
    except NoReverseMatch:
        return format_html("{}", text)


def _anchor(address: str, text: object) -> SafeString:
    return format_html(
        '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
        address,
        text,
    )


def _title(attribute: str) -> str:
    return attribute.replace("_", " ")
