"""What we know of payments in files, as the answer of a gateway."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from payouts.gateways.protocol import Answer, Outcome
from payouts.gateways.sepa.reasons import failure_word
from payouts.models import InstructionStatus, SepaInstruction

_OUTCOMES: Final = {
    InstructionStatus.SENT: Outcome.UNDERWAY,
    InstructionStatus.ACCEPTED: Outcome.UNDERWAY,
    InstructionStatus.EXECUTED: Outcome.EXECUTED,
    InstructionStatus.REJECTED: Outcome.DECLINED,
    InstructionStatus.RETURNED: Outcome.DECLINED,
    InstructionStatus.CANCELLED: Outcome.DECLINED,
}
_DETAILS: Final = {
    InstructionStatus.SENT: "It is in a file for the bank.",
    InstructionStatus.ACCEPTED: "The bank has it.",
    InstructionStatus.EXECUTED: "The bank debited our account.",
    InstructionStatus.REJECTED: "The bank rejected it.",
    InstructionStatus.RETURNED: "The money came back.",
    InstructionStatus.CANCELLED: "It is in no file and never will be.",
}


def list_instructions() -> QuerySet[SepaInstruction]:
    """Instructions with their files, without the files' content; not ordered."""
    return SepaInstruction.objects.select_related("file").defer("file__content_sealed")


def find_instructions(payout_ids: Collection[UUID]) -> dict[UUID, SepaInstruction]:
    """By payout; one that is in no file is missing."""
    rows = list_instructions().filter(payout_id__in=payout_ids)
    return {row.payout_id: row for row in rows}


def answer_of(instruction: SepaInstruction) -> Answer:
    """What the bank has said last. A return is a decline that says so."""
    status = InstructionStatus(instruction.status)
    return Answer(
        payout_id=instruction.payout_id,
        outcome=_OUTCOMES[status],
        gateway_reference=_reference_of(instruction),
        failure_code=_failure_code(status, instruction.reason_code),
        detail=" ".join([_DETAILS[status], instruction.reason_code]).rstrip(),
    )


def _reference_of(instruction: SepaInstruction) -> str:
    if instruction.file is None:
        return ""
    return f"{instruction.file.message_id}/{instruction.end_to_end_id}"


def _failure_code(status: InstructionStatus, reason_code: str) -> str:
    if status is InstructionStatus.REJECTED:
        return failure_word(reason_code)
    if status is InstructionStatus.RETURNED:
        return f"returned_{failure_word(reason_code)}"
    return "cancelled" if status is InstructionStatus.CANCELLED else ""
