"""How payouts look in the back office: words with colors, ages, and what comes next."""

from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from paycore.backoffice.columns import age_of, link_to
from paycore.backoffice.tables import short_id, status_cell
from payouts.models import (
    Approval,
    Payout,
    PayoutAttempt,
    PayoutStatus,
    Step,
)

# Beside the colors of statuses that all apps share.
COLORS: Final = {
    # Of approvals and discrepancies.
    "required": "warning",
    "corrected": "success",
    # What gateways answer.
    "executed": "success",
    "declined": "danger",
    "underway": "info",
    "not_sent": "warning",
    "absent": "warning",
    "unknown": "warning",
    "lost": "danger",
    # What a bank says of a payment in a file.
    "sent": "info",
    "accepted": "info",
    "returned": "danger",
}
# Of a receiver, in a list; the whole is where one points.
LONGEST_NAME: Final = 24
LONGEST_REFERENCE: Final = 40
NEXT: Final = {
    Step.SUBMIT: "Send it",
    Step.ASK: "Ask the gateway",
    Step.CANCEL: "Ask the gateway to forget it",
}


def word_cell(word: str | None) -> SafeString | str:
    """A word of payouts with its color; a dash where there is none."""
    return status_cell(word, color=COLORS.get(word)) if word else "-"


def payout_cell(payout: Payout) -> SafeString:
    return payout_link(payout.pk)


def payout_link(payout_id: UUID) -> SafeString:
    return link_to("payouts_payout", payout_id, short_id(payout_id))


def owner_cell(payout: Payout) -> SafeString:
    """The account that it is paid from, under the address of its owner."""
    account = payout.account
    return link_to("accounts_account", account.pk, account.owner.email)


def stage_cell(payout: Payout) -> SafeString:
    """Its status; of a pending one, whether it waits for people."""
    words = [
        status_cell(word, color="warning") for word in people_awaited(payout).values()
    ]
    return format_html_join(" ", "{}", ((word,) for word in words)) or status_cell(
        payout.status
    )


def people_awaited(payout: Payout) -> dict[str, str]:
    """For whom a pending payout waits, and that in few words."""
    if payout.status != PayoutStatus.PENDING:
        return {}
    waits = {
        ("an approval", "needs approval"): payout.approval == Approval.REQUIRED,
        ("a review of its risk", "held by risk"): payout.is_held,
    }
    return dict(names for names, is_so in waits.items() if is_so)


def to_cell(payout: Payout) -> SafeString:
    """Who gets it, and as much of the IBAN as people may see."""
    name = payout.beneficiary_name
    return format_html("{} · {}", short_cell(name, LONGEST_NAME), short_iban(payout))


def short_cell(text: str, longest: int) -> SafeString:
    """The beginning of a text that somebody else wrote; all of it where one points."""
    short = Truncator(text).chars(longest)
    return format_html('<span title="{}">{}</span>', text, short)


def broken_cell(text: str) -> SafeString:
    """A long word on as many lines as it takes."""
    return format_html('<span style="overflow-wrap:anywhere">{}</span>', text)


def reference_cell(row: PayoutAttempt) -> SafeString:
    """By what name its gateway knows it."""
    return short_cell(row.gateway_reference, LONGEST_REFERENCE)


def short_iban(payout: Payout) -> str:
    """Country and end of the masked IBAN: `DE…3000`."""
    masked = payout.iban_masked
    return f"{masked[:2]}…{masked[-4:]}"


def age_cell(payout: Payout) -> str:
    """For how long it has been waiting for its end."""
    return age_of(payout.created_at) if payout.is_unsettled else "-"


def times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def describe_next(payout: Payout) -> str:
    """What happens to it next, and when."""
    if payout.due_at is None:
        awaited = " and ".join(people_awaited(payout))
        return f"It waits for {awaited}" if awaited else "Nothing"
    at = localize(payout.due_at)
    if payout.leased_by:
        return f"{payout.leased_by} has it until {at}; then another asks the gateway"
    due = "due since" if payout.due_at <= timezone.now() else "at"
    return f"{NEXT[Step(payout.step)]}, {due} {at}"
