"""What staff see of payouts, what waits for them, and what they may do about it."""

from payouts.admin.attempts import AttemptPages
from payouts.admin.discrepancies import DiscrepancyPages
from payouts.admin.pages import PayoutPages
from payouts.admin.panels import (
    latest_payouts,
    open_discrepancies,
    payouts_in_review,
    payouts_to_approve,
    state_of_queue,
    undelivered_files,
)
from payouts.admin.sepa import BankFilePages, InstructionPages, SepaFilePages
from payouts.admin.tables import (
    payout_of_entry,
    payouts_of_account,
    payouts_of_user,
)

__all__ = [
    "AttemptPages",
    "BankFilePages",
    "DiscrepancyPages",
    "InstructionPages",
    "PayoutPages",
    "SepaFilePages",
    "latest_payouts",
    "open_discrepancies",
    "payout_of_entry",
    "payouts_in_review",
    "payouts_of_account",
    "payouts_of_user",
    "payouts_to_approve",
    "state_of_queue",
    "undelivered_files",
]
