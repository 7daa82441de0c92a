"""Settings of money that leaves: gateways, patience, and what needs four eyes."""

import re
from decimal import Decimal
from typing import Final

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from .environment import env, required, whole_number

GATEWAYS: Final = frozenset({"sandbox", "sepa"})
ANY: Final = "*"
# With what it takes to connect, a round of `payouts.services.claims`.
LONGEST_TIMEOUT: Final = 48


def gateways() -> dict[str, str]:
    """Which gateway pays out which currency: `EUR=sepa,*=sandbox`."""
    text: str = env.str("PAYOUT_GATEWAYS", default="") or "*=sandbox"
    chosen: dict[str, str] = {}
    for pair in _pairs(text):
        code, _, name = pair.partition("=")
        if not (code == ANY or re.fullmatch("[A-Z]{3,8}", code)) or (
            name not in GATEWAYS
        ):
            raise ImproperlyConfigured(
                "PAYOUT_GATEWAYS must look like EUR=sepa,*=sandbox: a currency, or *"
                f" for any other, and one of {', '.join(sorted(GATEWAYS))}."
                f" It says {pair!r}."
            )
        chosen[code] = name
    return chosen


def approval_thresholds() -> dict[str, Decimal]:
    """Above which amounts a payout needs four eyes, by currency.

    The first one also counts for currencies that are not listed, at the rate in force.
    """
    text: str = env.str("PAYOUT_APPROVAL_ABOVE", default="") or "MYR=20000"
    thresholds: dict[str, Decimal] = {}
    for pair in _pairs(text):
        code, _, amount = pair.partition("=")
        if not (
            re.fullmatch("[A-Z]{3,8}", code)
            and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,8})?", amount)
        ):
            raise ImproperlyConfigured(
                "PAYOUT_APPROVAL_ABOVE must look like MYR=20000,EUR=5000.00."
                f" It says {pair!r}."
            )
        thresholds[code] = Decimal(amount)
    return thresholds


def encryption_keys(*, default: str = "") -> list[str]:
    """Fernet keys, the first of which seals. None is a mistake of the settings."""
    text: str = env.str("ENCRYPTION_KEYS", default="") or default
    keys = _pairs(text)
    for key in keys:
        try:
            Fernet(key)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"Each key in ENCRYPTION_KEYS must be one that this makes: {MAKE_KEY}"
            ) from error
    return keys


def required_encryption_keys() -> list[str]:
    """Production has no default for them."""
    required("ENCRYPTION_KEYS", example="... (see docs/configuration.md)")
    return encryption_keys()


def gateway_timeout() -> int:
    """For how long a gateway may keep a worker waiting for one answer."""
    seconds = whole_number("PAYOUT_GATEWAY_TIMEOUT", default=5, least=1)
    if seconds > LONGEST_TIMEOUT:
        raise ImproperlyConfigured(
            f"PAYOUT_GATEWAY_TIMEOUT must be at most {LONGEST_TIMEOUT} seconds, or"
            " workers would be killed while they wait for an answer. It says"
            f" {seconds}."
        )
    return seconds


def lease(*, timeout: int) -> int:
    """For how long a worker has a payout to itself."""
    seconds = whole_number("PAYOUT_LEASE", default=60, least=2)
    if seconds < 2 * timeout:
        raise ImproperlyConfigured(
            "PAYOUT_LEASE must be at least twice PAYOUT_GATEWAY_TIMEOUT, or workers"
            " would be taken for dead while they wait for an answer. They are"
            f" {seconds} and {timeout}."
        )
    return seconds


MAKE_KEY: Final = (
    'python -c "from cryptography.fernet import Fernet;'
    ' print(Fernet.generate_key().decode())"'
)


def new_encryption_key() -> str:
    return Fernet.generate_key().decode()


def _pairs(text: str) -> list[str]:
    return [part for part in text.replace(" ", "").split(",") if part]


PAYOUT_GATEWAYS = gateways()
PAYOUT_APPROVAL_ABOVE = approval_thresholds()
# How long a gateway may take to answer, and to leave us in doubt.
PAYOUT_GATEWAY_TIMEOUT = gateway_timeout()
PAYOUT_UNKNOWN_AFTER = whole_number("PAYOUT_UNKNOWN_AFTER", default=900, least=1)
# A worker that is silent for so long is taken for dead.
PAYOUT_LEASE = lease(timeout=PAYOUT_GATEWAY_TIMEOUT)
# Enough for a gateway to be away for half an hour.
PAYOUT_MAX_ATTEMPTS = whole_number("PAYOUT_MAX_ATTEMPTS", default=14, least=1)
# For how long we go on asking after a person has decided.
PAYOUT_WATCH_DAYS = whole_number("PAYOUT_WATCH_DAYS", default=7)
SANDBOX_BANK_URL: str = env.str("SANDBOX_BANK_URL", default="")

SEPA_DEBTOR_NAME: str = env.str("SEPA_DEBTOR_NAME", default="")
SEPA_DEBTOR_IBAN: str = env.str("SEPA_DEBTOR_IBAN", default="")
SEPA_DEBTOR_BIC: str = env.str("SEPA_DEBTOR_BIC", default="")
SEPA_OUTBOX: str = env.str("SEPA_OUTBOX", default="")
SEPA_PATIENCE_DAYS = whole_number("SEPA_PATIENCE_DAYS", default=5, least=1)
if "sepa" in PAYOUT_GATEWAYS.values():
    required("SEPA_DEBTOR_NAME", example="Example Payments Ltd")
    required("SEPA_DEBTOR_IBAN", example="DE02120300000000202051")
    required("SEPA_DEBTOR_BIC", example="BYLADEM1001")
    required("SEPA_OUTBOX", example="/srv/sepa/outbox")
