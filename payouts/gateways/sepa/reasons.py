"""The reasons of banks (ISO 20022 external codes) in our words."""

import re
from typing import Final

# What customers can do something about, or ask for. The rest keeps its code.
_WORDS: Final = {
    "AC01": "account_invalid",
    "AC03": "account_invalid",
    "AC04": "account_closed",
    "AC06": "account_blocked",
    "AC07": "account_closed",
    "AG01": "account_takes_no_transfers",
    "AM02": "amount_not_allowed",
    "BE01": "name_does_not_match",
    "MD07": "beneficiary_deceased",
    "MS02": "refused_by_beneficiary",
    "RC01": "bank_unknown",
    "RC04": "bank_unknown",
    "RR04": "regulation",
}
# As long as a payout's column, with the longest prefix in front.
_LONGEST: Final = 40


def failure_word(reason_code: str) -> str:
    """A stable word for a reason: `account_closed`, `code_ff01`, `no_reason_given`."""
    if not reason_code:
        return "no_reason_given"
    known = _WORDS.get(reason_code)
    if known is not None:
        return known
    own = re.sub("[^a-z0-9]+", "_", reason_code.lower()).strip("_")
    return f"code_{own}"[:_LONGEST] if own else "no_reason_given"
