"""Money comes in: staff write it down, and payment providers tell of it."""

import secrets
import time
from datetime import UTC, datetime

from django.conf import settings
from standardwebhooks.webhooks import Webhook

from paycore.settings.environment import new_webhook_secret
from paycore.stack.client import Answer, as_json
from paycore.stack.demo.stage import Stage

MINUTES = 60


def money_comes_in(stage: Stage) -> None:
    zoe, operator = stage.callers["zoe"], stage.callers["operator"]
    stage.open_account("zoe", "euros", "EUR", "opens an account in euros")
    wire = deposit(stage, f"wire-{stage.run}", "200.00")
    answer = stage.send(zoe, "/v1/deposits", wire)
    stage.step(
        zoe, "deposits 200.00 EUR for herself", "403 permission_denied", answer.told()
    )
    answer = stage.send(operator, "/v1/deposits", wire)
    stage.step(
        operator,
        "deposits the 200.00 EUR of her wire",
        "201 deposit 200.00 EUR",
        answer.told("kind", "amount", "currency"),
    )
    answer = stage.send(operator, "/v1/deposits", wire)
    stage.step(
        operator,
        "deposits the same wire again",
        "409 duplicate_reference",
        answer.told(),
    )
    providers_tell(stage)
    forgers_tell(stage)
    stage.balance_is("zoe", "euros", "250.00 EUR", what="now has, in euros")


def providers_tell(stage: Stage) -> None:
    provider = stage.anybody.with_signature("provider", {})
    card = deposit(stage, f"card-{stage.run}", "50.00")
    first = tell(stage, card)
    stage.step(
        provider,
        "tells of 50.00 EUR for her, signed",
        "200 processed",
        first.told("status"),
    )
    again = tell(stage, card)
    is_same = first["transfer_id"] == again["transfer_id"] is not None
    stage.step(
        provider,
        "tells it once more",
        "200 duplicate, same transfer",
        f"{again.told('status')}, {'same' if is_same else 'another'} transfer",
    )
    answer = tell(stage, card | {"amount": "5000.00"})
    stage.step(
        provider,
        "tells of 5000.00 EUR by that reference",
        "409 duplicate_reference",
        answer.told(),
    )
    dollars = deposit(stage, f"dollars-{stage.run}", "50.00", currency="USD")
    answer = tell(stage, dollars)
    is_nothing = answer["transfer_id"] is None
    stage.step(
        provider,
        "tells of dollars for her euros",
        "200 parked, nothing moved",
        f"{answer.told('status')}, {'nothing' if is_nothing else 'something'} moved",
    )


def forgers_tell(stage: Stage) -> None:
    forger = stage.anybody.with_signature("forger", {})
    fortune = deposit(stage, f"fortune-{stage.run}", "9000.00")
    answer = tell(stage, fortune, secret=new_webhook_secret())
    stage.step(
        forger,
        "tells of 9000.00 EUR by another secret",
        "401 invalid_signature",
        answer.told(),
    )
    answer = tell(stage, fortune, seconds_ago=10 * MINUTES)
    stage.step(
        forger,
        "sends what was signed ten minutes ago",
        "401 invalid_signature",
        answer.told(),
    )


def deposit(
    stage: Stage, reference: str, amount: str, *, currency: str = "EUR"
) -> dict[str, str]:
    """So much for zoe's account in euros."""
    return {
        "reference": reference,
        "account_id": stage.accounts["euros"],
        "amount": amount,
        "currency": currency,
    }


def tell(
    stage: Stage, message: dict[str, str], *, secret: str = "", seconds_ago: int = 0
) -> Answer:
    """Send a message under a new `webhook-id`, signed as Standard Webhooks 1.0."""
    message_id = f"msg_{secrets.token_hex(8)}"
    at = datetime.fromtimestamp(int(time.time()) - seconds_ago, UTC)
    webhook = Webhook(secret or settings.DEPOSIT_WEBHOOK_SECRETS[0])
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": webhook.sign(message_id, at, as_json(message)),
    }
    provider = stage.anybody.with_signature("provider", headers)
    return provider.post("/v1/webhooks/deposit", message)
