"""When a gateway says something else than the books: told, and left to a person."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import F

from ledger.services import EntryDraft, Line, lock_accounts
from paycore.lib.db import joined_atomic
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.lib.origin import Origin
from payouts.gateways import Answer, Outcome
from payouts.models import (
    Claim,
    DiscrepancyStatus,
    Payout,
    PayoutDiscrepancy,
    PayoutStatus,
)
from payouts.selectors import (
    find_contradicted,
    is_at_odds,
    is_taken_back,
    list_definite_words,
)
from payouts.services.announcements import contradicted, discrepancy_closed
from payouts.services.moves import (
    Changes,
    entry_of,
    lock_payout,
    refuse_own,
    store_one,
)


def doubt_contradictions(
    answers: Sequence[Answer],
    *,
    payouts: Mapping[UUID, Payout],
    late: Collection[UUID],
) -> list[Answer]:
    """The answers about these locked payouts, `unknown` where one is not to be trusted.

    Such is a decline of what the gateway has called executed before, from which nobody
    concluded (its worker died, or the books refused): it gives nothing back. Executed
    counts, unless it was heard by one who is `late`: it may be the older word.
    """
    in_doubt = {
        payout.pk
        for payout in payouts.values()
        if payout.status in {PayoutStatus.PROCESSING, PayoutStatus.MANUAL_REVIEW}
    }
    questionable = [
        answer.payout_id
        for answer in answers
        if answer.payout_id in in_doubt
        and (
            answer.outcome == Outcome.DECLINED
            or (answer.outcome == Outcome.EXECUTED and answer.payout_id in late)
        )
    ]
    both = find_contradicted(questionable)
    return [
        replace(answer, outcome=Outcome.UNKNOWN) if answer.payout_id in both else answer
        for answer in answers
    ]


def raise_discrepancy(payout: Payout, answer: Answer, *, changes: Changes) -> None:
    """Ask for a person's review of a locked payout, unless that was done already.

    Nothing moves. We stop asking: what the gateway says is known now.
    """
    payout.leased_by = ""
    if not payout.is_unsettled:
        payout.due_at = None
    # The payout's lock makes this question safe; the constraint has the last word.
    if _was_raised(payout, Claim(answer.outcome)):
        changes.keep(payout)
        return
    discrepancy = PayoutDiscrepancy(
        id=new_id(),
        payout_id=payout.pk,
        claim=Claim(answer.outcome),
        gateway_reference=answer.gateway_reference[:255],
        detail=answer.detail[:300],
    )
    discrepancy.save(force_insert=True)
    changes.keep(payout, contradicted(payout, discrepancy))


def _was_raised(payout: Payout, claim: Claim) -> bool:
    """Whether a person was told of this claim, and nobody has said otherwise since."""
    raised = PayoutDiscrepancy.objects.filter(payout_id=payout.pk, claim=claim)
    last = raised.order_by(F("closed_at").desc(nulls_first=True)).first()
    if last is None or last.status == DiscrepancyStatus.CORRECTED:
        # The books followed it then. That they differ again is another matter.
        return False
    if last.status == DiscrepancyStatus.OPEN:
        return True
    words = list_definite_words(payout.pk)
    known = words.filter(ended_at__lte=last.closed_at).last()
    if known is not None and known.outcome != claim:
        # The gateway had taken it back by then, so a person dismissed something else.
        return False
    since = words.filter(ended_at__gt=last.closed_at)
    return not since.exclude(outcome=claim).exists()


def correct_discrepancy(
    *,
    discrepancy_id: UUID,
    by_id: UUID,
    reason: str,
    origin: Origin,
    force: bool = False,
) -> PayoutDiscrepancy:
    """Let the books follow the gateway: debit what left, or give back what did not.

    The payout keeps the status that it ended in; the entry says what was put right.
    `force` may take the account below its floor.

    Raises: `NotFound`; `PermissionDenied` for whose money it is; `InvalidState` unless
    it is open and the payout has ended otherwise than the gateway says by now;
    `AccountNotActive`; `InsufficientBalance`.
    """
    with joined_atomic():
        payout, discrepancy = _lock_open(discrepancy_id, by_id)
        if is_taken_back(discrepancy):
            # Else the books would follow a word that counts no more, and as it has been
            # heard already, nobody would ever be told that the two differ.
            raise InvalidState(
                why="The gateway has said otherwise since. Ask it again, or dismiss"
                " this."
            )
        if not is_at_odds(discrepancy, payout):
            raise InvalidState(
                why=f"The payout is {payout.status}: there is nothing to correct."
            )
        draft = _correction_of(payout, discrepancy)
        books = lock_accounts(line.account_id for line in draft.lines)
        refusal = books.admit(draft, force=force)
        if refusal is not None:
            raise refusal
        books.write()
        discrepancy.journal_entry_id = draft.id
        word = _Word(by_id, reason, origin, forced=force)
        return _close(discrepancy, payout, DiscrepancyStatus.CORRECTED, word)


def dismiss_discrepancy(
    *, discrepancy_id: UUID, by_id: UUID, reason: str, origin: Origin
) -> PayoutDiscrepancy:
    """Leave the books as they are: it was put right elsewhere, or is not so.

    Raises: `NotFound`; `PermissionDenied` for whose money it is; `InvalidState` unless
    it is open.
    """
    with joined_atomic():
        payout, discrepancy = _lock_open(discrepancy_id, by_id)
        word = _Word(by_id, reason, origin)
        return _close(discrepancy, payout, DiscrepancyStatus.DISMISSED, word)


def _lock_open(discrepancy_id: UUID, by_id: UUID) -> tuple[Payout, PayoutDiscrepancy]:
    found = PayoutDiscrepancy.objects.filter(pk=discrepancy_id).first()
    if found is None:
        raise NotFound
    # The payout's lock guards its discrepancies too.
    payout = lock_payout(found.payout_id)
    refuse_own(payout, by_id)
    found.refresh_from_db()
    if found.status != DiscrepancyStatus.OPEN:
        raise InvalidState(why=f"This was {found.status} already.")
    return payout, found


def _correction_of(payout: Payout, discrepancy: PayoutDiscrepancy) -> EntryDraft:
    as_sent = entry_of(payout)
    has_left = discrepancy.claim == Claim.EXECUTED
    return EntryDraft(
        kind="payout_correction",
        description=f"Correction of a payout to {payout.beneficiary_name}",
        lines=tuple(
            Line(line.account_id, line.amount if has_left else -line.amount)
            for line in as_sent.lines
        ),
        metadata=as_sent.metadata,
    )


@dataclass(frozen=True, slots=True)
class _Word:
    """Who says so, and why."""

    by_id: UUID
    reason: str
    origin: Origin
    forced: bool = False


def _close(
    discrepancy: PayoutDiscrepancy,
    payout: Payout,
    status: DiscrepancyStatus,
    word: _Word,
) -> PayoutDiscrepancy:
    discrepancy.status = status
    discrepancy.closed_by_id = word.by_id
    discrepancy.closed_at = payout.updated_at
    discrepancy.save(
        update_fields=["status", "closed_by", "closed_at", "journal_entry"]
    )
    event = discrepancy_closed(
        payout, discrepancy, reason=word.reason, forced=word.forced
    )
    store_one(payout, event, origin=word.origin)
    return discrepancy
