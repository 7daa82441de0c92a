"""Settings of risk: what is judged, by which measure, and how soon by a person."""

import re
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from .environment import env, whole_number

KINDS: Final = ("purchase", "payout", "internal", "exchange")


def risk_kinds() -> frozenset[str]:
    """Which kinds of payments are judged at all: `purchase,payout`.

    The others cost nothing. Purchases and payouts have limits, so they always are.
    """
    text: str = env.str("RISK_KINDS", default="") or "purchase,payout"
    kinds = {part.strip() for part in text.split(",")}
    if not {"purchase", "payout"} <= kinds <= set(KINDS):
        raise ImproperlyConfigured(
            "RISK_KINDS must be purchase,payout, and may also list internal and"
            f" exchange. It says {text!r}."
        )
    return frozenset(kinds)


def risk_currency() -> str:
    """The currency in which payments are compared."""
    code: str = env.str("RISK_CURRENCY", default="") or "MYR"
    if not re.fullmatch("[A-Z]{3,8}", code):
        raise ImproperlyConfigured(
            f"RISK_CURRENCY must be a currency such as MYR. It says {code!r}."
        )
    return code


RISK_KINDS = risk_kinds()
RISK_CURRENCY = risk_currency()
# Seconds after which a held payment has waited too long for a person.
REVIEW_SLA = whole_number("REVIEW_SLA", default=4 * 3600, least=1)
