"""How values look in the back office: money, statuses, links to other pages."""

from operator import attrgetter
from typing import Any, Final

from django.contrib.admin import display
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

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


def money_column(attribute: str, *, description: str | None = None) -> Column:
    """A column of `Money`, right-aligned so that digits stand below digits."""

    @display(description=description or _title(attribute))
    def column(admin: Any, row: Model) -> SafeString | str:
        money = getattr(row, attribute)
        if money is None:
            return "-"
        return format_html(
            '<span style="display:block;text-align:right;white-space:nowrap;'
            'font-variant-numeric:tabular-nums">{}</span>',
            str(money),
        )

    return column


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
