"""Ordering payouts over HTTP and through services, in few words."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from accounts.models import Account
from accounts.services import Payer
from paycore.lib.ids import new_id
from paycore.testing.cast import Caller, Player
from payouts.models import Payout
from payouts.services import Destination, PayoutOrder, request_payout

PAYOUTS: Final = "/v1/payouts"
IN_REVIEW: Final = "/v1/payouts/manual-review"
IBAN: Final = "DE89370400440532013000"
MASKED: Final = "DE****************3000"
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def order(account: Account, amount: object = "10.00", **more: Any) -> dict[str, Any]:
    """The body of a payout to `IBAN`, unless `iban`, `name` or `bic` say otherwise."""
    destination = {"type": "iban", "iban": IBAN, "name": "Ada Lovelace"}
    for field in ("iban", "name", "bic"):
        if field in more:
            destination[field] = more.pop(field)
    return {
        "account_id": str(account.pk),
        "amount": amount,
        "currency": account.currency.code,
        "destination": destination,
        **more,
    }


def send(caller: Caller, body: Any, *, key: str | None = None) -> Any:
    """Order a payout, with a new key unless one is given."""
    return caller.post(PAYOUTS, body, key=key or str(new_id()))


def at(payout: Payout | UUID | str, verb: str = "") -> str:
    """Where a payout is, or what is done with it: `at(payout, "cancel")`."""
    path = f"{PAYOUTS}/{getattr(payout, 'pk', payout)}"
    return f"{path}/{verb}" if verb else path


def request_by(
    player: Player, account: Account, amount: str = "10.00", **more: Any
) -> Payout:
    """A payout that somebody requests for one of their accounts.

    `iban`, `name` and `bic` say where it goes. Staff may name any account.
    """
    destination = Destination(
        name=more.pop("name", "Ada Lovelace"),
        iban=more.pop("iban", IBAN),
        bic=more.pop("bic", ""),
    )
    return request_payout(
        order=PayoutOrder(
            account.pk, amount, account.currency.code, destination, **more
        ),
        payer=Payer(player.id, may_spend_from_any=player.principal.is_operator),
        origin=player.origin,
    )
