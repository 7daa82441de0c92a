"""On the first page: what waits for a person, and whether workers keep up."""

from typing import Final

from django.db.models import QuerySet

from paycore.backoffice.columns import age_of, link_to, link_to_list
from paycore.backoffice.first_page import Place, on_first_page
from paycore.backoffice.tables import (
    Column,
    Table,
    count_up_to,
    newest,
    status_cell,
)
from payouts.admin.attempts import answer_cell, attach_answers
from payouts.admin.cells import NEXT, age_cell, owner_cell, payout_cell, to_cell
from payouts.admin.discrepancies import COLUMNS as DISCREPANCY_COLUMNS
from payouts.admin.discrepancies import with_payouts
from payouts.admin.sepa import FILE_COLUMNS
from payouts.admin.tables import COLUMNS, newest_first, oldest_first
from payouts.models import (
    Approval,
    DiscrepancyStatus,
    Payout,
    PayoutDiscrepancy,
    PayoutStatus,
    SepaFile,
    Step,
)
from payouts.selectors import QueueState, get_queue_state

# Workers look every second; who is later than this is not coming.
LATE_SECONDS: Final = 60


@on_first_page(Place.ATTENTION)
def payouts_in_review() -> Table:
    """Payouts of which nobody knows whether they were sent: the longest wait first."""
    waiting = oldest_first(Payout.objects.filter(status=PayoutStatus.MANUAL_REVIEW))
    oldest = newest(waiting)
    attach_answers(oldest)
    return Table(
        title="Payouts in manual review",
        columns=(PAYOUT, AGE, AMOUNT, FROM, TO, GATEWAY, SAYS, ATTEMPTS),
        rows=oldest,
        links=[link_to_list("payouts_payout", "Review queue", waits="review")],
        count=_count(waiting, oldest),
    )


@on_first_page(Place.ATTENTION)
def payouts_to_approve() -> Table:
    """Payouts that nobody sends before a second person has said yes."""
    waiting = oldest_first(
        Payout.objects.filter(status=PayoutStatus.PENDING, approval=Approval.REQUIRED)
    ).select_related("requested_by")
    oldest = newest(waiting)
    return Table(
        title="Payouts that wait for an approval",
        columns=(PAYOUT, AGE, AMOUNT, REQUESTER, FROM, TO, GATEWAY),
        rows=oldest,
        links=[link_to_list("payouts_payout", "All", waits="approval")],
        count=_count(waiting, oldest),
    )


@on_first_page(Place.ATTENTION)
def open_discrepancies() -> Table:
    """Where a gateway says something else than the books."""
    raised = PayoutDiscrepancy.objects.filter(status=DiscrepancyStatus.OPEN)
    return Table(
        title="Payouts of which a gateway says something else than the books",
        columns=DISCREPANCY_COLUMNS,
        rows=newest(with_payouts(raised).order_by("created_at", "pk")),
        links=[link_to_list("payouts_payoutdiscrepancy", "All", status__exact="open")],
        count=count_up_to(raised),
    )


@on_first_page(Place.ATTENTION)
def undelivered_files() -> Table:
    """Files that are not where the bank takes them from: `SEPA_OUTBOX` is wrong."""
    waiting = SepaFile.objects.filter(delivered_at__isnull=True)
    return Table(
        title="SEPA files that the bank was not given",
        columns=FILE_COLUMNS,
        rows=newest(waiting.defer("content_sealed").order_by("created_at")),
        count=count_up_to(waiting),
    )


@on_first_page(Place.ATTENTION)
def state_of_queue() -> Table:
    """Whether workers take payouts up when they come due."""
    state = get_queue_state()
    is_late = state.oldest_due_seconds > LATE_SECONDS
    return Table(
        title="Queue of payouts",
        columns=(
            Column("What workers do next", lambda step: NEXT[step]),
            Column("Due now", lambda step: state.due[step], is_number=True),
        ),
        rows=list(Step),
        note=_told_of(state),
        badge=status_cell(
            "late" if is_late else "on time", color="danger" if is_late else "success"
        ),
    )


@on_first_page(Place.LATEST)
def latest_payouts() -> Table:
    return Table(
        title="Payouts",
        columns=COLUMNS,
        rows=newest(newest_first(Payout.objects.all())),
        links=[link_to_list("payouts_payout", "All payouts")],
    )


def _told_of(state: QueueState) -> str:
    workers = f"Workers have {state.leased} in hand."
    if not any(state.due.values()):
        return f"{workers} Nothing is due."
    seconds = f"{state.oldest_due_seconds:,.0f} s"
    return f"{workers} What is due first has been due for {seconds}."


def _count(waiting: QuerySet[Payout], oldest: list[Payout]) -> str:
    count = count_up_to(waiting)
    return (
        f"{count}, the oldest for {age_of(oldest[0].created_at)}" if oldest else count
    )


def _requester_cell(payout: Payout) -> object:
    person = payout.requested_by
    return link_to("accounts_user", person.pk, person) if person else "nobody knows"


PAYOUT: Final = Column("Payout", payout_cell)
FROM: Final = Column("From", owner_cell)
TO: Final = Column("To", to_cell)
GATEWAY: Final = Column("Gateway", lambda payout: payout.gateway)
SAYS: Final = Column("Gateway says", answer_cell)
ATTEMPTS: Final = Column("Sent", lambda payout: payout.attempts, is_number=True)
AGE: Final = Column("Age", age_cell)
REQUESTER: Final = Column("Requested by", _requester_cell)
AMOUNT: Final = Column("Amount", lambda payout: payout.amount, is_number=True)
