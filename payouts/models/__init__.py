"""Payouts, what was said about them, and where the books and a bank differ."""

from payouts.models.attempt import AttemptKind, AttemptOutcome, PayoutAttempt
from payouts.models.discrepancy import (
    Claim,
    DiscrepancyStatus,
    PayoutDiscrepancy,
)
from payouts.models.life import (
    MOVES,
    UNSETTLED,
    Approval,
    Decision,
    PayoutStatus,
    Step,
)
from payouts.models.payout import Payout
from payouts.models.sepa import (
    INSTRUCTION_MOVES,
    BankFile,
    BankFileKind,
    InstructionStatus,
    SepaFile,
    SepaInstruction,
)

__all__ = [
    "INSTRUCTION_MOVES",
    "MOVES",
    "UNSETTLED",
    "Approval",
    "AttemptKind",
    "AttemptOutcome",
    "BankFile",
    "BankFileKind",
    "Claim",
    "Decision",
    "DiscrepancyStatus",
    "InstructionStatus",
    "Payout",
    "PayoutAttempt",
    "PayoutDiscrepancy",
    "PayoutStatus",
    "SepaFile",
    "SepaInstruction",
    "Step",
]
