"""Tables of what was thought of payments, for the pages of what they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import localize
from django.utils.safestring import SafeString

from paycore.backoffice.columns import link_to, link_to_list
from paycore.backoffice.tables import (
    Column,
    Table,
    newest,
    status_cell,
    table_of,
)
from risk.admin.cells import (
    band_cell,
    figures_text,
    flags_cell,
    limit_cell,
    payment_cell,
    sentences_cell,
    state_cell,
    worth_text,
)
from risk.configuration import AS_IN_THE_CODE
from risk.models import Assessment, Review
from risk.selectors import find_assessments, find_reviews
from risk.statistics import LimitUse, measure_limits


def risk_of_payment(subject_id: UUID) -> Table:
    """What was thought of a payment, and what a person said of it.

    One statement, and another one when it was held.

    For the pages of payments, in the apps above.
    """
    judged = list(find_assessments([subject_id]).values())
    reviews = find_reviews([row.subject_id for row in judged if row.is_held])
    return Table(
        title="Risk",
        columns=(
            *(JUDGED, SCORE, BAND, FLAGS, REASONS),
            Column("Review", lambda row: _review_cell(reviews.get(row.subject_id))),
            Column(
                "What a person said",
                lambda row: _verdict_of(reviews.get(row.subject_id)),
                is_prose=True,
            ),
        ),
        rows=judged,
        empty="It was not judged.",
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that applied, as an assessment remembers it."""

    code: str
    state: str
    points: int
    version: int
    figures: Mapping[str, Any]
    sentence: str


def findings_of(assessment: Assessment) -> Table:
    """Which rules applied, with what they found; those in shadow too."""
    return Table(
        title="Rules that applied",
        columns=(
            Column("Rule", lambda finding: finding.code),
            Column("State", lambda finding: state_cell(finding.state)),
            Column("Why", lambda finding: finding.sentence, is_prose=True),
            Column(
                "Figures", lambda finding: figures_text(finding.figures), is_prose=True
            ),
            Column("As set", lambda finding: version_cell(finding.version)),
            Column("Points", lambda finding: finding.points, is_number=True),
        ),
        rows=[Finding(**found) for found in assessment.findings],
        count=f"for {assessment.score} of 100 points",
    )


def rules_asked(assessment: Assessment) -> Table:
    """Every rule that was asked, as it was set then, and whether it failed."""
    return Table(
        title="Rules that were asked",
        columns=(
            Column("Rule", lambda code: code),
            Column("As set", lambda code: version_cell(assessment.versions[code])),
            Column("Answer", lambda code: _answer_of(code, assessment)),
        ),
        rows=sorted(assessment.versions),
    )


def reviews_of(assessment: Assessment) -> Table:
    """The review that it opened, if the payment was held."""
    reviews = Review.objects.filter(assessment=assessment)
    return Table(
        title="Review",
        columns=(
            Column("Review", _review_cell),
            Column("Decided", lambda review: review.decided_at),
            Column("By", _decider_cell),
            Column("Reason", lambda review: review.reason or "-", is_prose=True),
        ),
        rows=list(reviews.select_related("decided_by")),
        empty="None: the payment was not held.",
    )


def version_cell(version: int) -> SafeString | str:
    """The setting that an assessment names."""
    if version == AS_IN_THE_CODE:
        return "as in the code"
    return link_to("risk_rulesetting", version, f"setting {version}")


@table_of("accounts.user")
def assessments_of_user(user: Any) -> Table:
    """Their newest payments that were judged."""
    return timeline_of(user.pk, title="Payments that were judged")


def timeline_of(user_id: UUID, *, title: str, here: UUID | None = None) -> Table:
    """What somebody paid lately, and what was thought of it; `here` is marked."""
    rows = Assessment.objects.filter(user_id=user_id).order_by("-assessed_at", "-pk")
    return Table(
        title=title,
        columns=(
            *(JUDGED, AMOUNT),
            Column("Payment", lambda row: _payment_cell(row, here)),
            *(TO, SCORE, BAND, FLAGS, OUTCOME),
        ),
        rows=newest(rows),
        links=[
            link_to_list("risk_review", "All reviews", user=user_id, status="all"),
            link_to_list("risk_assessment", "All assessments", user=user_id),
        ],
        count="newest first",
    )


@table_of("accounts.user")
def limits_of_user(user: Any) -> Table:
    """How much they may pay, and how much of it they have used today."""
    return limits_table(measure_limits(user.pk, at=timezone.now()), user_id=user.pk)


def limits_table(
    uses: Sequence[LimitUse],
    *,
    user_id: UUID,
    title: str = "Limits",
    more: Sequence[Column] = (),
) -> Table:
    return Table(
        title=title,
        columns=(*LIMIT_COLUMNS, *more),
        rows=uses,
        links=[link_to_list("risk_limitsetting", "Their own limits", user=user_id)],
        count="today is the person's own day",
    )


def _answer_of(code: str, assessment: Assessment) -> SafeString | str:
    error = assessment.errors.get(code)
    if error == "closed":
        return status_cell("failed: a person must look", color="danger")
    if error == "open":
        return status_cell("failed: not counted", color="warning")
    applied = code in {*assessment.flags, *assessment.shadow_flags}
    return "applied" if applied else "did not apply"


def _review_cell(review: Review | None) -> SafeString | str:
    if review is None:
        return "not needed"
    return link_to("risk_review", review.pk, status_cell(review.status))


def _decider_cell(review: Review) -> SafeString | str:
    """Who decided, if anybody did."""
    person = review.decided_by
    return "-" if person is None else link_to("accounts_user", person.pk, person.email)


def _verdict_of(review: Review | None) -> str:
    return review.reason if review is not None and review.reason else "-"


def _judged_cell(assessment: Assessment) -> SafeString:
    time = localize(assessment.assessed_at)
    return link_to("risk_assessment", assessment.pk, time)


def _payment_cell(assessment: Assessment, here: UUID | None) -> SafeString | str:
    return "this one" if assessment.pk == here else payment_cell(assessment)


JUDGED: Final = Column("Judged", _judged_cell)
SCORE: Final = Column("Score", lambda row: row.score, is_number=True)
BAND: Final = Column("Band", lambda row: band_cell(row.band))
FLAGS: Final = Column(
    "Flags", lambda row: flags_cell(row.flags, row.shadow_flags), is_prose=True
)
REASONS: Final = Column("Why", lambda row: sentences_cell(row.reasons), is_prose=True)
TO: Final = Column("To", lambda row: row.counterparty or "-", is_prose=True)
WORTH: Final = Column("Worth", worth_text, is_number=True)
OUTCOME: Final = Column(
    "Outcome", lambda row: "came to nothing" if row.voided_at else "counts"
)
AMOUNT: Final = Column("Amount", lambda row: row.amount, is_number=True)
LIMIT_COLUMNS: Final = (
    Column("Kind", lambda use: use.kind.value),
    Column("Per", lambda use: use.period.value),
    Column("Whose", lambda use: "their own" if use.is_own else "everybody's"),
    Column("Limit", lambda use: limit_cell(use.limit), is_number=True),
    Column("Used today", lambda use: use.used_text, is_number=True),
    Column("Left", lambda use: use.left_text, is_number=True),
)
