"""Paying and reviewing over HTTP, in few words."""

from typing import Any, Final

from accounts.models import Account
from paycore.lib.ids import new_id
from paycore.testing.cast import Caller

PURCHASES: Final = "/v1/purchases"
PAYOUTS: Final = "/v1/payouts"
REVIEWS: Final = "/v1/reviews"
IBAN: Final = "DE89370400440532013000"


def send(caller: Caller, path: str, body: Any, *, key: str | None = None) -> Any:
    """Order something, with a new key unless one is given."""
    return caller.post(path, body, key=key or str(new_id()))


def buy(
    account: Account, amount: str = "10.00", currency: str | None = None
) -> dict[str, Any]:
    """The body of a purchase."""
    return {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": currency or account.currency.code,
        "merchant_name": "Corner Coffee",
        "merchant_category": "restaurants",
    }


def pay_out(caller: Caller, account: Account, amount: str = "10.00") -> Any:
    """Order a payout."""
    body = {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": account.currency.code,
        "destination": {"type": "iban", "iban": IBAN, "name": "Ada Lovelace"},
    }
    return send(caller, PAYOUTS, body)


def open_reviews(caller: Caller) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = caller.get(REVIEWS, status="open").json()["items"]
    return items


def decide(
    caller: Caller, review_id: object, verdict: str, reason: str = "I called her"
) -> Any:
    """Approve or reject."""
    return caller.post(f"{REVIEWS}/{review_id}/{verdict}", {"reason": reason})
