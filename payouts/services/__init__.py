"""All writes of payouts."""

from payouts.services.answers import take_notices
from payouts.services.approvals import approve_payout
from payouts.services.bank_files import ImportedFile, import_bank_file
from payouts.services.discrepancies import correct_discrepancy, dismiss_discrepancy
from payouts.services.queue import look_at_queue
from payouts.services.requests import (
    Destination,
    PayoutOrder,
    cancel_payout,
    request_payout,
)
from payouts.services.resolutions import Resolution, ask_again, resolve_payout
from payouts.services.work import work_on_due, worker_name

__all__ = [
    "Destination",
    "ImportedFile",
    "PayoutOrder",
    "Resolution",
    "approve_payout",
    "ask_again",
    "cancel_payout",
    "correct_discrepancy",
    "dismiss_discrepancy",
    "import_bank_file",
    "look_at_queue",
    "request_payout",
    "resolve_payout",
    "take_notices",
    "work_on_due",
    "worker_name",
]
