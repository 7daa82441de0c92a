"""Files in which a bank says what became of SEPA payments.

Note [News from a bank is not lost]
    What a file says is stored with the payments, in one transaction; the payouts follow
    afterwards. Died in between: nothing is lost. The gateway answers from what is
    stored, so whoever asks about such a payout next gets the news, and importing the
    file again tells it again. What is told is always what is stored now, never what one
    file said, so an old file cannot bring back old news.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from django.db.models import Q

from paycore.lib.db import StartOver, refuse_on, run_in_transaction
from paycore.lib.money import Money
from paycore.lib.origin import Origin
from paycore.lib.rows import update_rows
from paycore.lib.times import StatementTime
from payouts.gateways.protocol import Answer
from payouts.gateways.sepa.answers import (
    BankAnswer,
    BankDocument,
    Meaning,
    read_document,
)
from payouts.gateways.sepa.instructions import answer_of, list_instructions
from payouts.models import BankFile, InstructionStatus, SepaFile, SepaInstruction
from payouts.models.sepa import INSTRUCTION_MOVES
from payouts.services.answers import take_notices


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Something a bank said that was not applied, for a person to look at."""

    subject: str
    meaning: Meaning
    why: str


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of a file: how many payments moved, or had moved already.

    `is_repeat`: the very same content was imported before, so nothing was applied.
    """

    kind: str
    applied: int
    unchanged: int
    unmatched: tuple[Unmatched, ...]
    is_repeat: bool


def import_bank_file(*, name: str, content: bytes, origin: Origin) -> ImportedFile:
    """Apply what a file from the bank says, once, and let the payouts follow.

    See Note [News from a bank is not lost]. What cannot be told apart from a mistake is
    not applied but listed: an unknown payment, another amount, an unclear booking, a
    duplicate.

    Raises: `UnreadableBankFile`; nothing was applied then. `ExceptionGroup` when some
    payouts did not follow; all of the file was applied, and the others did.
    """
    document = read_document(content)
    digest = sha256(content).hexdigest()
    imported, news = run_in_transaction(
        lambda: _store(name[:LONGEST_NAME], digest, document, origin)
    )
    _tell(news, origin)
    return imported


# How many payouts and accounts are locked together: others wait meanwhile.
NEWS_AT_ONCE: Final = 500
LONGEST_NAME: Final = 255
# What a payment is after the bank has said this of it.
_STATUSES: Final = {
    Meaning.UNDERWAY: InstructionStatus.ACCEPTED,
    Meaning.EXECUTED: InstructionStatus.EXECUTED,
    Meaning.REJECTED: InstructionStatus.REJECTED,
    Meaning.RETURNED: InstructionStatus.RETURNED,
}
# What is for a person to look at, of whatever payment of ours.
_DOUBTFUL: Final = {
    Meaning.DUPLICATE: "The bank has had it before; this is not about the first.",
    Meaning.BOOKED_TWICE: "It was debited before in this file: perhaps it left twice.",
}
# Those for which a bank gives a reason, and those that settle a payment.
_REASONED: Final = frozenset({InstructionStatus.REJECTED, InstructionStatus.RETURNED})
_SETTLED: Final = _REASONED | {InstructionStatus.EXECUTED}


def _store(
    name: str, digest: str, document: BankDocument, origin: Origin
) -> tuple[ImportedFile, list[Answer]]:
    payments = _Payments(document.answers)
    is_repeat = BankFile.objects.filter(digest=digest).exists()
    moved: list[bool] = []
    unmatched: list[Unmatched] = []
    for answer in document.answers:
        doubt = payments.find_doubt(answer)
        if doubt is not None:
            unmatched.append(Unmatched(answer.subject, answer.meaning, doubt))
        elif answer.meaning in _STATUSES:
            subjects = payments.list_subjects(answer)
            moved += [
                not is_repeat and payments.move(each, answer) for each in subjects
            ]
    imported = ImportedFile(
        kind=document.kind,
        applied=moved.count(True),
        unchanged=moved.count(False),
        unmatched=tuple(unmatched),
        is_repeat=is_repeat,
    )
    if not is_repeat:
        payments.write()
        _record(imported, name=name, digest=digest, origin=origin)
    return imported, payments.list_news()


class _Payments:
    """The payments that a document is about, locked, by what it calls them."""

    def __init__(self, answers: Sequence[BankAnswer]) -> None:
        named = {answer.end_to_end_id for answer in answers if answer.end_to_end_id}
        wholes = {answer.message_id for answer in answers if answer.message_id}
        files = SepaFile.objects.defer("content_sealed").filter(message_id__in=wholes)
        self._files = {file.message_id: file for file in files}
        file_ids = [file.pk for file in self._files.values()]
        self._rows = list(
            list_instructions()
            .filter(Q(end_to_end_id__in=named) | Q(file__in=file_ids))
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",))
            .annotate(locked_at=StatementTime())
        )
        for row in self._rows:
            row.updated_at = row.locked_at
        self._known = {row.end_to_end_id: row for row in self._rows}
        self._named = named
        self._moved: dict[int, SepaInstruction] = {}

    def find_doubt(self, answer: BankAnswer) -> str | None:
        """Why what the bank says is not simply applied."""
        ordered = self._find_ordered(answer)
        if answer.meaning is Meaning.UNCLEAR:
            # Of a payment that is none of ours, it is none of our business.
            return None if ordered is None else "It is neither a payment nor a return."
        if ordered is None:
            return "No payment of ours has this id."
        if answer.meaning in _DOUBTFUL:
            return _DOUBTFUL[answer.meaning]
        if answer.amount not in {None, ordered}:
            return f"We ordered {ordered}; the bank says {answer.amount}."
        return None

    def list_subjects(self, answer: BankAnswer) -> list[SepaInstruction]:
        """The payments that an answer is about. See `BankAnswer`."""
        if answer.end_to_end_id:
            return [self._known[answer.end_to_end_id]]
        return [
            row
            for row in self._rows
            if row.file is not None
            and row.file.message_id == answer.message_id
            and row.end_to_end_id not in self._named
        ]

    def move(self, row: SepaInstruction, answer: BankAnswer) -> bool:
        """Whether this is news of the payment."""
        to = _STATUSES[answer.meaning]
        if answer.message_id and row.status in _SETTLED:
            # What was said of the one payment outweighs what is said of them all.
            return False
        if to not in INSTRUCTION_MOVES[InstructionStatus(row.status)]:
            return False
        row.status = to
        row.reason_code = answer.reason_code if to in _REASONED else ""
        self._moved[row.pk] = row
        return True

    def write(self) -> None:
        moved = list(self._moved.values())
        update_rows(moved, ["status", "reason_code", "updated_at"])

    def list_news(self) -> list[Answer]:
        return [answer_of(row) for row in self._rows if row.status in _SETTLED]

    def _find_ordered(self, answer: BankAnswer) -> Money | None:
        if answer.end_to_end_id:
            known = self._known.get(answer.end_to_end_id)
            # One that is in no file cannot be what the bank is talking about.
            return None if known is None or known.file is None else known.amount
        file = self._files.get(answer.message_id)
        return None if file is None else file.total


def _record(imported: ImportedFile, *, name: str, digest: str, origin: Origin) -> None:
    # Of one file twice at once, the second one starts over and finds it applied.
    with refuse_on({"payouts_bank_file_is_applied_once": StartOver()}):
        BankFile.objects.create(
            digest=digest,
            name=name,
            kind=imported.kind,
            imported_by=origin.actor,
            applied=imported.applied,
            unchanged=imported.unchanged,
            unmatched=len(imported.unmatched),
        )


def _tell(news: Sequence[Answer], origin: Origin) -> None:
    problems: list[Exception] = []
    for first in range(0, len(news), NEWS_AT_ONCE):
        try:
            take_notices(news[first : first + NEWS_AT_ONCE], origin=origin)
        except ExceptionGroup as some:
            # They keep no later news from being told.
            problems += some.exceptions
    if problems:
        raise ExceptionGroup("Some payouts did not follow.", problems)
