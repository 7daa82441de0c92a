"""What payment providers announce, as stored messages and deposits."""

import json
from typing import Any
from uuid import UUID

from paycore.lib.ids import new_id
from paycore.lib.origin import Origin
from paycore.testing.bookkeeping import money
from transfers.models import InboxMessage, ProviderDeposit
from transfers.services import Announcement, receive_deposit, store_message

PROVIDER = Origin(actor="provider:default")


def say(body: bytes | dict[str, Any]) -> InboxMessage:
    """A message that is stored and not acted on yet."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return store_message(provider="default", message_id=str(new_id()), body=raw)


def announce(
    account_id: UUID, amount: str = "15.00 USD", *, reference: str = "wire-1"
) -> ProviderDeposit:
    """A deposit of e.g. `"15.00 USD"` that was announced: made, or parked."""
    text, code = amount.split()
    message = say(
        {
            "reference": reference,
            "account_id": str(account_id),
            "amount": text,
            "currency": code,
        }
    )
    reception = receive_deposit(
        message=message,
        body=bytes(message.body),
        announcement=Announcement(reference, account_id, money(amount)),
        origin=PROVIDER,
    )
    return reception.deposit
