"""The timeline: what was said to gateways about a payout, and what they answered."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.utils.safestring import SafeString

from paycore.backoffice.columns import age_of, link_column, link_to, link_to_list
from paycore.backoffice.lists import exact_filter
from paycore.backoffice.pages import Pages
from paycore.backoffice.tables import Column, Table, status_cell
from payouts.admin.cells import payout_link, reference_cell, word_cell
from payouts.models import (
    AttemptKind,
    AttemptOutcome,
    Payout,
    PayoutAttempt,
)

SHOWN: Final = 20
SAID: Final = {
    AttemptKind.SUBMIT: "Sent",
    AttemptKind.ASK: "Asked",
    AttemptKind.CANCEL: "Asked to forget it",
    AttemptKind.NOTICE: "Told by the gateway",
}
# For when the gateway gave no sentence of its own.
MEANINGS: Final = {
    AttemptOutcome.EXECUTED: "The money has left.",
    AttemptOutcome.DECLINED: "The money has not left, and will not.",
    AttemptOutcome.UNDERWAY: "The gateway has the order, and will tell later.",
    AttemptOutcome.NOT_SENT: "The order did not reach the gateway.",
    AttemptOutcome.ABSENT: "The gateway has never heard of the order.",
    AttemptOutcome.UNKNOWN: "Nobody here knows whether the money has left.",
    AttemptOutcome.LOST: "The worker went silent before it heard an answer.",
}


@admin.register(PayoutAttempt)
class AttemptPages(Pages[PayoutAttempt]):
    list_display = (
        *("started_at", "said", "shown_outcome", "shown_detail", "short_payout"),
        "worker",
    )
    list_filter = (
        *("kind", "outcome"),
        exact_filter("payout", title="payout id"),
    )
    search_fields = ("=id", "=payout")
    search_help_text = "The whole id of the attempt or of its payout"
    slow_filters = frozenset({"kind__exact", "outcome__exact"})
    # Ids are given in the order of time, which has no index of its own.
    ordering = ("-id",)
    fields = (
        ("shown_payout", "said"),
        ("shown_outcome", "failure_code"),
        "shown_detail",
        ("started_at", "ended_at"),
        ("worker", "fence"),
        "gateway_reference",
    )
    readonly_fields = (
        *("shown_payout", "said", "shown_outcome", "failure_code", "shown_detail"),
        *("started_at", "ended_at", "worker", "fence", "gateway_reference"),
    )

    shown_payout = link_column("payout_id", page="payouts_payout", description="payout")

    @admin.display(description="what")
    def said(self, attempt: PayoutAttempt) -> str:
        return said_of(attempt)

    @admin.display(description="outcome")
    def shown_outcome(self, attempt: PayoutAttempt) -> SafeString | str:
        return outcome_cell(attempt)

    @admin.display(description="payout")
    def short_payout(self, attempt: PayoutAttempt) -> SafeString:
        return payout_link(attempt.payout_id)

    @admin.display(description="in words")
    def shown_detail(self, attempt: PayoutAttempt) -> str:
        return words_of(attempt)


def timeline_of(payout: Payout) -> Table:
    """The newest attempts first, each with what was answered."""
    attempts = PayoutAttempt.objects.filter(payout=payout).order_by("-pk")
    return Table(
        title="Attempts",
        columns=COLUMNS,
        rows=list(attempts[:SHOWN]),
        links=[link_to_list("payouts_payoutattempt", "All attempts", payout=payout.pk)],
        count="newest first",
        empty="None: no gateway was told of it.",
    )


def find_answers(payout_ids: Collection[UUID]) -> dict[UUID, PayoutAttempt]:
    """The last thing that a gateway answered about each of these payouts.

    By one statement: of each payout the end of its index, however often it was asked
    about. Where a worker went silent, nobody knows what was answered.
    """
    answered = (
        PayoutAttempt.objects.filter(payout=OuterRef("pk"), outcome__isnull=False)
        .exclude(outcome=AttemptOutcome.LOST)
        .order_by("-pk")
        .values("pk")
    )
    last = Payout.objects.filter(pk__in=payout_ids).values_list(Subquery(answered[:1]))
    found = PayoutAttempt.objects.filter(pk__in=last)
    return {attempt.payout_id: attempt for attempt in found}


def find_answer(payout_id: UUID) -> PayoutAttempt | None:
    return find_answers([payout_id]).get(payout_id)


def attach_answers(payouts: Sequence[Payout]) -> None:
    """Let these payouts know what their gateways said last."""
    answers = find_answers([payout.pk for payout in payouts])
    for payout in payouts:
        payout.answer = answers.get(payout.pk)  # type: ignore[attr-defined]


def answer_cell(payout: Payout) -> SafeString | str:
    """What its gateway said last, in a word; after `attach_answers`."""
    answer: PayoutAttempt | None = getattr(payout, "answer", None)
    return "" if answer is None else word_cell(answer.outcome)


def describe_answer(answer: PayoutAttempt | None) -> str:
    """What a gateway said last, in words and with its age."""
    if answer is None or answer.ended_at is None:
        return "It has never answered."
    return f"{answer.outcome}: {words_of(answer)} ({age_of(answer.ended_at)} ago)"


def said_of(attempt: PayoutAttempt) -> str:
    return SAID[AttemptKind(attempt.kind)]


def outcome_cell(attempt: PayoutAttempt) -> SafeString | str:
    if attempt.outcome is None:
        return status_cell("no answer yet", color="info")
    return word_cell(attempt.outcome)


def words_of(attempt: PayoutAttempt) -> str:
    """What the gateway said, or what its answer means."""
    if attempt.outcome is None:
        return "-"
    words = attempt.detail or MEANINGS[AttemptOutcome(attempt.outcome)]
    return f"{words} [{attempt.failure_code}]" if attempt.failure_code else words


def _time_cell(attempt: PayoutAttempt) -> SafeString:
    return link_to("payouts_payoutattempt", attempt.pk, said_of(attempt))


def _seconds_of(attempt: PayoutAttempt) -> str | None:
    if attempt.ended_at is None:
        return None
    return f"{(attempt.ended_at - attempt.started_at).total_seconds():.1f} s"


COLUMNS: Final = (
    Column("Time", lambda attempt: attempt.started_at),
    Column("What", _time_cell),
    Column("Outcome", outcome_cell),
    Column("In words", words_of, is_prose=True),
    Column("Took", _seconds_of, is_number=True),
    Column("Gateway's reference", reference_cell),
    Column("Worker", lambda attempt: attempt.worker),
)
