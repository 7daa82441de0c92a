"""How risk looks in the back office: bands, flags, ages, and what is judged."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from paycore.backoffice.columns import age_of, link_to, number_text
from paycore.backoffice.tables import short_name, status_cell, subject_cell
from paycore.lib.money import Money
from risk.models import Assessment, Band, Review, ReviewStatus, RuleState

# What was thought of a payment, or the review that it opened.
Judged = Assessment | Review
BAND_COLORS: Final = {
    Band.APPROVE: "success",
    Band.MONITOR: "info",
    Band.REVIEW: "warning",
    Band.URGENT: "danger",
}
STATE_COLORS: Final = {
    RuleState.ON: "success",
    RuleState.SHADOW: "info",
    RuleState.OFF: "warning",
}


def band_cell(band: str) -> SafeString:
    return status_cell(band, color=BAND_COLORS[Band(band)])


def state_cell(state: str) -> SafeString:
    return status_cell(state, color=STATE_COLORS[RuleState(state)])


def flags_cell(flags: Iterable[str], shadow_flags: Iterable[str] = ()) -> SafeString:
    """The rules that counted; in brackets those that would have."""
    words = [*flags, *(f"({flag})" for flag in shadow_flags)]
    shown = format_html_join(", ", "{}", ((word,) for word in words))
    return format_html('<span class="backoffice-flags">{}</span>', shown or "-")


def sentences_cell(sentences: Iterable[str]) -> SafeString | str:
    """One below the other."""
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in sentences))
    if not lines:
        return "-"
    return format_html('<ul class="backoffice-sentences">{}</ul>', lines)


def payment_cell(row: Judged) -> SafeString:
    """Its kind, and a link to it, wherever it has its page."""
    name = short_name(f"{assessment_of(row).kind}:{row.subject_id}")
    return subject_cell(row.subject_type, row.subject_id, text=name)


def kind_cell(row: Judged) -> SafeString:
    """The same in a list, where the id tells nothing."""
    return subject_cell(row.subject_type, row.subject_id, text=assessment_of(row).kind)


def person_cell(row: Judged) -> SafeString:
    return link_to("accounts_user", row.user_id, row.user.email)


def assessment_of(row: Judged) -> Assessment:
    """Where everything stands that was thought of it."""
    return row.assessment if isinstance(row, Review) else row


def worth_text(assessment: Assessment) -> str:
    """What the payment was worth when it was judged."""
    if assessment.worth is None:
        return "unknown: no rate"
    return number_text(f"{assessment.worth:.2f} {assessment.currency_of_worth}")


def local_time_text(assessment: Assessment) -> str:
    """When it was on the clock of whoever paid."""
    local = assessment.assessed_at.astimezone(ZoneInfo(assessment.time_zone))
    return f"{local:%Y-%m-%d %H:%M} in {assessment.time_zone}"


def figures_text(figures: Mapping[str, Any]) -> str:
    """Names and values, as `most 5, seconds 600`."""
    return ", ".join(f"{name} {value}" for name, value in figures.items()) or "-"


def limit_cell(amount: Money | None) -> Money | str:
    return "no limit" if amount is None else amount


def amount_text(amount: Money | None) -> str:
    """A limit in words."""
    return "no limit" if amount is None else str(amount)


def age_cell(review: Review) -> SafeString | str:
    """For how long it has been waiting, and whether that is too long."""
    if review.status != ReviewStatus.OPEN:
        return "-"
    age = age_of(review.created_at)
    return status_cell(f"{age}, overdue", color="danger") if is_late(review) else age


def is_late(review: Review) -> bool:
    waited = timezone.now() - review.created_at
    return waited.total_seconds() > settings.REVIEW_SLA
