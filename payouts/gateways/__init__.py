"""The ways in which money leaves, and which currency takes which."""

from collections.abc import Callable
from functools import cache
from typing import Final

from django.conf import settings

from paycore.lib.errors import ServiceUnavailable
from paycore.lib.money import Currency
from payouts.gateways.protocol import (
    Answer,
    Beneficiary,
    Gateway,
    Outcome,
    PaymentOrder,
)
from payouts.gateways.sandbox import SandboxGateway
from payouts.gateways.sepa import SepaGateway

__all__ = [
    "Answer",
    "Beneficiary",
    "Gateway",
    "Outcome",
    "PaymentOrder",
    "gateway_for",
    "get_gateway",
]

_MAKERS: Final[dict[str, Callable[[], Gateway]]] = {
    "sandbox": SandboxGateway,
    "sepa": SepaGateway,
}


def gateway_for(currency: Currency) -> str:
    """The name of the gateway that pays out this currency.

    Raises: `ServiceUnavailable` when the settings name none.
    """
    chosen: dict[str, str] = settings.PAYOUT_GATEWAYS
    name = chosen.get(currency.code) or chosen.get("*")
    if name is None:
        raise ServiceUnavailable(why=f"No gateway pays out {currency} at present.")
    return name


@cache
def get_gateway(name: str) -> Gateway:
    """The gateway of this name, also one that is no longer chosen for anything."""
    return _MAKERS[name]()
