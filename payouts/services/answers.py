"""What gateways answer: stored first, then what follows from it.

Note [What an answer means]
    Only two answers settle a payout: `executed` takes what was held, `declined` gives
    it back. They count whoever brings them, for they are facts about the world, until
    a gateway contradicts itself: see `doubt_contradictions`. All others only say what
    to do next, so they count only while the lease lasts under which they were heard.

    `not_sent`: send again, a while later; after `PAYOUT_MAX_ATTEMPTS` it fails, unless
    an earlier attempt is in doubt. `absent`: the gateway has never heard of it, so
    send again, a while later, under the same key: if an earlier order is still on its
    way, the gateway will execute one of them. `underway`, `unknown`, and what makes no
    sense: ask again; when the gateway's patience is over, a person must look, and the
    funds stay on hold.

    An answer that cannot be taken, because the books refuse what follows from it or
    it cannot even be stored, keeps no other from being taken, and is as good as
    `unknown`: asked for again, and in the end a person is told.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from paycore.lib.db import run_in_transaction
from paycore.lib.errors import ServiceUnavailable
from paycore.lib.metrics import PAYOUT_ANSWERS
from paycore.lib.origin import SYSTEM, Origin
from paycore.lib.rows import update_rows
from paycore.lib.times import StatementTime
from payouts.gateways import Answer, Outcome, get_gateway
from payouts.models import (
    AttemptKind,
    Decision,
    Payout,
    PayoutAttempt,
    PayoutStatus,
    Step,
)
from payouts.selectors import find_corrected, is_sent_by_the_books
from payouts.services.claims import Lease
from payouts.services.discrepancies import doubt_contradictions, raise_discrepancy
from payouts.services.moves import Changes, lock_payouts

log = structlog.get_logger(__name__)

# Failure codes of our own; a gateway's decline brings its own.
NEVER_SENT: Final = "gateway_unavailable"
DECLINED: Final = "declined_by_gateway"

# How long until the next word with a gateway: twice as long each time, up to these.
RETRY_SECONDS: Final = 300
IN_DOUBT_SECONDS: Final = 30
IN_REVIEW_SECONDS: Final = 900
UNDERWAY_SECONDS: Final = 6 * 3600
WATCH_SECONDS: Final = 6 * 3600


def take_answers(
    answers: Sequence[Answer], *, leases: Mapping[UUID, Lease]
) -> list[Exception]:
    """Store what was answered under these leases, and conclude from it.

    Two transactions: if the process dies between them, the answers (with the gateways'
    references) are in the books, and the payouts come due again to be asked about.
    Answers what went wrong with some of them, while the others were taken.
    """

    def store(some: Sequence[Answer]) -> None:
        store_answers(some, leases=leases)

    def draw(some: Sequence[Answer]) -> None:
        conclude(some, leases=leases, origin=SYSTEM)

    ours = _leave_out_strangers(answers, leases)
    unstored = _together_or_apart(ours, store)
    stored = [answer for answer in ours if answer not in unstored]
    failed = unstored | _together_or_apart(stored, draw)
    # Who fails again keeps its lease, and comes due when that has ended.
    _together_or_apart(_in_doubt(unstored), store)
    _together_or_apart(_in_doubt(failed), draw)
    return list(failed.values())


def take_notices(answers: Sequence[Answer], *, origin: Origin) -> None:
    """Take what a gateway told of its own accord. May be repeated.

    Only what settles a payout matters; the rest is in the timeline.

    Raises: `ExceptionGroup` of what went wrong with some, when the others were taken.
    """
    failed = _together_or_apart(answers, _store_notices)
    stored = [answer for answer in answers if answer not in failed]
    failed |= _together_or_apart(
        stored, lambda some: conclude(some, leases={}, origin=origin)
    )
    if failed:
        raise ExceptionGroup("Some notices were not taken.", [*failed.values()])


def _leave_out_strangers(
    answers: Sequence[Answer], leases: Mapping[UUID, Lease]
) -> list[Answer]:
    strangers = [each.payout_id for each in answers if each.payout_id not in leases]
    if strangers:
        # Nobody asked about these, so whatever it says is not to be trusted.
        log.error("payout_answers_unasked", payout_ids=[str(pk) for pk in strangers])
    return [answer for answer in answers if answer.payout_id in leases]


def _together_or_apart(
    answers: Sequence[Answer], take: Callable[[Sequence[Answer]], None]
) -> dict[Answer, Exception]:
    """Take answers in one transaction or, if that fails, each in its own.

    Tells those that failed. Without this a single one would keep all those that were
    heard with it from settling, and they would come due together again, for ever.
    """
    problem = _try(answers, take) if answers else None
    if problem is None:
        return {}
    if len(answers) == 1:
        return {answers[0]: problem}
    tried = {answer: _try([answer], take) for answer in answers}
    return {answer: each for answer, each in tried.items() if each is not None}


def _try(
    answers: Sequence[Answer], take: Callable[[Sequence[Answer]], None]
) -> Exception | None:
    try:
        run_in_transaction(lambda: take(answers))
    except (OperationalError, InterfaceError):
        # The database is in trouble, not the answers.
        raise
    except Exception as problem:
        ids = [str(answer.payout_id) for answer in answers]
        log.exception("payout_answers_not_taken", payout_ids=ids)
        return problem
    return None


def _in_doubt(failed: Mapping[Answer, Exception]) -> list[Answer]:
    # Of a lost race nothing is to be learned: the next worker will have better luck.
    return [
        Answer(
            answer.payout_id,
            Outcome.UNKNOWN,
            detail=f"The answer could not be taken ({type(problem).__name__}).",
        )
        for answer, problem in failed.items()
        if not isinstance(problem, ServiceUnavailable)
    ]


def store_answers(answers: Sequence[Answer], *, leases: Mapping[UUID, Lease]) -> None:
    """Finish the attempts, and keep the gateway's references."""
    # Before the attempts, as whoever finds a lease expired locks them.
    payouts = lock_payouts([answer.payout_id for answer in answers])
    heard = {leases[answer.payout_id].attempt_id: answer for answer in answers}
    attempts = list(
        PayoutAttempt.objects.filter(pk__in=heard)
        .order_by("pk")
        .annotate(heard_at=StatementTime())
    )
    for attempt in attempts:
        answer = heard[attempt.pk]
        attempt.outcome = answer.outcome
        attempt.gateway_reference = answer.gateway_reference[:255]
        attempt.failure_code = answer.failure_code[:50]
        attempt.detail = answer.detail[:300]
        attempt.ended_at = attempt.heard_at
    update_rows(
        attempts,
        ["outcome", "gateway_reference", "failure_code", "detail", "ended_at"],
    )
    _keep_references(answers, payouts)
    # Robust: whatever happens to a counter, what was committed has happened.
    transaction.on_commit(lambda: _count(answers, leases), robust=True)


def _count(answers: Iterable[Answer], leases: Mapping[UUID, Lease]) -> None:
    for answer in answers:
        lease = leases[answer.payout_id]
        PAYOUT_ANSWERS.labels(
            gateway=lease.payout.gateway, kind=lease.step, outcome=answer.outcome
        ).inc()


def conclude(
    answers: Sequence[Answer], *, leases: Mapping[UUID, Lease], origin: Origin
) -> None:
    """Let each payout become what its answer says. Again: nothing more happens."""
    payouts = lock_payouts([answer.payout_id for answer in answers])
    corrected = find_corrected(payouts.values())
    late = {
        pk for pk, payout in payouts.items() if not _is_current(leases.get(pk), payout)
    }
    changes = Changes()
    for answer in doubt_contradictions(answers, payouts=payouts, late=late):
        payout = payouts.get(answer.payout_id)
        if payout is not None:
            lease = leases.get(payout.pk)
            _Conclusion(payout, answer, lease, corrected, changes).draw()
    changes.write(origin=origin)


def _is_current(lease: Lease | None, payout: Payout) -> bool:
    return lease is not None and lease.fence == payout.fence


class _Conclusion:
    """What one answer means for one locked payout."""

    def __init__(
        self,
        payout: Payout,
        answer: Answer,
        lease: Lease | None,
        corrected: Mapping[UUID, bool],
        changes: Changes,
    ) -> None:
        self.payout = payout
        self.answer = answer
        self.lease = lease
        self.corrected = corrected
        self.changes = changes

    def draw(self) -> None:
        if self.answer.outcome == Outcome.EXECUTED:
            self._settle(sent=True)
        elif self.answer.outcome == Outcome.DECLINED:
            self._settle(sent=False)
        elif self._is_leased_to_us():
            assert self.lease is not None
            self.payout.leased_by = ""
            self._go_on(self.lease)
            self.changes.keep(self.payout)

    def _is_leased_to_us(self) -> bool:
        # Else somebody else has it, or it was settled in the meantime.
        return _is_current(self.lease, self.payout) and self.payout.leased_by != ""

    def _settle(self, *, sent: bool) -> None:
        payout = self.payout
        if payout.status in {PayoutStatus.PROCESSING, PayoutStatus.MANUAL_REVIEW}:
            payout.unknown_since = None
            if sent:
                self.changes.complete(payout)
            else:
                self.changes.fail(payout, self.answer.failure_code[:50] or DECLINED)
        elif payout.status == PayoutStatus.PENDING:
            # Of one that was never sent: a decline says nothing new.
            if sent:
                raise_discrepancy(payout, self.answer, changes=self.changes)
        elif sent == is_sent_by_the_books(payout, self.corrected):
            # It agrees with what was decided, so there is nothing left to watch for.
            payout.due_at = None
            payout.leased_by = ""
            self.changes.keep(payout)
        else:
            raise_discrepancy(payout, self.answer, changes=self.changes)

    def _go_on(self, lease: Lease) -> None:
        # Each of the two means something only where it is an answer to the question.
        heard = (lease.step, self.answer.outcome)
        if not self.payout.is_unsettled:
            self._watch(heard)
        elif self.payout.status == PayoutStatus.MANUAL_REVIEW:
            # A person is deciding; nothing is sent behind their back.
            self._ask_in(_growing(self.payout.questions, up_to=IN_REVIEW_SECONDS))
        elif heard == (Step.SUBMIT, Outcome.NOT_SENT):
            self._try_again()
        elif heard == (Step.ASK, Outcome.ABSENT):
            self._send_under_the_same_key()
        else:
            self._doubt(lease)

    def _try_again(self) -> None:
        payout = self.payout
        if payout.unknown_since is not None:
            # This attempt did not arrive, an earlier one may have.
            self._ask_in(_growing(payout.attempts, up_to=RETRY_SECONDS))
        elif payout.attempts < settings.PAYOUT_MAX_ATTEMPTS:
            payout.step = Step.SUBMIT
            payout.due_at = payout.updated_at + _growing(
                payout.attempts, up_to=RETRY_SECONDS
            )
        else:
            self.changes.fail(payout, NEVER_SENT)

    def _send_under_the_same_key(self) -> None:
        payout = self.payout
        if payout.attempts < settings.PAYOUT_MAX_ATTEMPTS:
            # Not at once: a gateway may lose orders for a while, and still answer.
            payout.step = Step.SUBMIT
            payout.due_at = payout.updated_at + _growing(
                payout.attempts, up_to=IN_DOUBT_SECONDS
            )
        else:
            self._call_a_person()

    def _doubt(self, lease: Lease) -> None:
        payout = self.payout
        if payout.unknown_since is None:
            # As of when it was claimed, hence before it was sent.
            payout.unknown_since = lease.payout.updated_at
        ends_at = payout.unknown_since + get_gateway(payout.gateway).patience
        if ends_at <= payout.updated_at:
            self._call_a_person()
        else:
            up_to = (
                UNDERWAY_SECONDS
                if self.answer.outcome == Outcome.UNDERWAY
                else IN_DOUBT_SECONDS
            )
            self._ask_in(_growing(payout.questions, up_to=up_to))
            assert payout.due_at is not None
            payout.due_at = min(payout.due_at, ends_at)

    def _call_a_person(self) -> None:
        self._ask_in(_growing(self.payout.questions, up_to=IN_REVIEW_SECONDS))
        self.changes.move(
            self.payout, PayoutStatus.MANUAL_REVIEW, gateway_says=self.answer.outcome
        )

    def _watch(self, heard: tuple[Step, Outcome]) -> None:
        # A person has decided without knowing. If the gateway speaks at last, it is
        # compared with what was decided.
        payout = self.payout
        payout.due_at = None
        watched_for = timedelta(days=settings.PAYOUT_WATCH_DAYS)
        decided_at = payout.decided_at
        if decided_at is not None and payout.updated_at < decided_at + watched_for:
            payout.due_at = payout.updated_at + _growing(
                payout.questions, up_to=WATCH_SECONDS
            )
        elif (
            heard == (Step.ASK, Outcome.ABSENT)
            and payout.decision == Decision.CONFIRM_SENT
            and is_sent_by_the_books(payout, self.corrected)
        ):
            # An order that has not arrived by now never will, yet it was paid for.
            never_sent = replace(self.answer, outcome=Outcome.DECLINED)
            raise_discrepancy(payout, never_sent, changes=self.changes)

    def _ask_in(self, pause: timedelta) -> None:
        self.payout.step = Step.ASK
        self.payout.due_at = self.payout.updated_at + pause


def _growing(times: int, *, up_to: int) -> timedelta:
    # From the second on, so that 1, 2, 4, ... and no number too large to count with.
    return timedelta(seconds=min(2 ** min(max(times - 1, 0), 20), up_to))


def _store_notices(answers: Sequence[Answer]) -> None:
    known = lock_payouts([answer.payout_id for answer in answers])
    PayoutAttempt.objects.bulk_create(
        [
            PayoutAttempt(
                payout_id=answer.payout_id,
                fence=0,
                kind=AttemptKind.NOTICE,
                worker="",
                ended_at=StatementTime(),
                outcome=answer.outcome,
                gateway_reference=answer.gateway_reference[:255],
                failure_code=answer.failure_code[:50],
                detail=answer.detail[:300],
            )
            for answer in answers
            if answer.payout_id in known
        ]
    )
    _keep_references(answers, known)


def _keep_references(answers: Iterable[Answer], payouts: Mapping[UUID, Payout]) -> None:
    told: dict[UUID, Payout] = {}
    for answer in answers:
        payout = payouts.get(answer.payout_id)
        reference = answer.gateway_reference[:255]
        if payout is None or reference in {"", payout.gateway_reference}:
            continue
        # What a person wrote down stays; the gateway's word is in the timeline.
        if payout.decision is None or not payout.gateway_reference:
            payout.gateway_reference = reference
            told[payout.pk] = payout
    update_rows(list(told.values()), ["gateway_reference", "updated_at"])
