"""Ordering transfers over HTTP, in few words."""

from typing import Any

from accounts.models import Account
from paycore.lib.ids import new_id
from paycore.testing.cast import Caller

INTERNAL = "/v1/transfers/internal"
BATCH = "/v1/transfers/batch"


def order(
    source: Account, destination: Account, amount: object = "10.00", **more: Any
) -> dict[str, Any]:
    """The body of an internal transfer, or an item of a batch."""
    return {
        "source_account_id": str(source.pk),
        "destination_account_id": str(destination.pk),
        "amount": amount,
        **more,
    }


def batch(*items: dict[str, Any], mode: str = "independent") -> dict[str, Any]:
    return {"mode": mode, "transfers": list(items)}


def send(caller: Caller, body: Any, *, key: str | None = None) -> Any:
    """Order a transfer or a batch, with a new key unless one is given."""
    is_batch = isinstance(body, dict) and "transfers" in body
    return caller.post(BATCH if is_batch else INTERNAL, body, key=key or str(new_id()))
