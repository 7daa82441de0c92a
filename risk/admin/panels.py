"""On the first page: what is held for a person, and for how long."""

from typing import Final

from django.conf import settings
from django.utils.safestring import SafeString

from paycore.backoffice.columns import age_of, link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import Column, Table, newest, status_cell
from risk.admin.cells import (
    age_cell,
    band_cell,
    flags_cell,
    kind_cell,
    person_cell,
)
from risk.models import Band, Review
from risk.selectors import (
    ReviewQueue,
    find_oldest_review,
    get_review_queue,
    list_open_reviews,
)


@on_first_page(Place.ATTENTION)
def held_payments() -> Table:
    """The beginning of the queue, and how long it is."""
    queue = get_review_queue(sla_seconds=settings.REVIEW_SLA)
    waiting = list_open_reviews().select_related("assessment", "user")
    return Table(
        title="Payments held for a review",
        columns=COLUMNS,
        rows=newest(waiting),
        links=[link_to_list("risk_review", "Review queue")],
        count=_told_of(queue),
        badge=status_cell(f"{queue.overdue} overdue", color="danger")
        if queue.overdue
        else "",
    )


def _age_cell(review: Review) -> SafeString:
    return link_to("risk_review", review.pk, age_cell(review))


def _told_of(queue: ReviewQueue) -> str:
    counts = ", ".join(
        f"{queue.open[band]} {band.value}" for band in (Band.URGENT, Band.REVIEW)
    )
    oldest = find_oldest_review()
    return counts if oldest is None else f"{counts}; oldest: {age_of(oldest)}"


COLUMNS: Final = (
    Column("Age", _age_cell),
    Column("Band", lambda review: band_cell(review.band)),
    Column("Score", lambda review: review.score, is_number=True),
    Column("Amount", lambda review: review.assessment.amount, is_number=True),
    Column("Person", person_cell),
    Column("Kind", kind_cell),
    Column("Flags", lambda review: flags_cell(review.flags), is_prose=True),
)
