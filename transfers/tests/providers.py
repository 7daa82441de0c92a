"""A payment provider that signs what it tells us, as Standard Webhooks 1.0 says."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from accounts.models import Account
from paycore.lib.ids import new_id

PATH = "/v1/webhooks/deposit"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, ok").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret, 24 bytes").decode()


@dataclass
class Provider:
    secret: str = SECRET
    client: Client = field(default_factory=Client)

    def tell(
        self,
        body: dict[str, Any] | bytes,
        *,
        message_id: str | None = None,
        timestamp: object = None,
        **headers: str | None,
    ) -> Any:
        """Send a message, signed now; `headers` replace, or with None leave out."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent_at = str(int(time.time()) if timestamp is None else timestamp)
        sent = {
            "webhook-id": message_id or f"msg_{new_id()}",
            "webhook-timestamp": sent_at,
        }
        sent["webhook-signature"] = self.sign(sent["webhook-id"], sent_at, content)
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            PATH,
            content,
            content_type="application/json",
            headers={
                name: value
                for name, value in (sent | changed).items()
                if value is not None
            },
        )

    def sign(self, message_id: str, timestamp: str, content: bytes) -> str:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{message_id}.{timestamp}.".encode() + content
        digest = hmac.digest(key, signed, hashlib.sha256)
        return f"v1,{base64.b64encode(digest).decode()}"


def notice(
    account: Account,
    amount: str = "50.00",
    currency: str = "USD",
    reference: str = "wire-1",
) -> dict[str, str]:
    """What a provider tells of a deposit."""
    return {
        "reference": reference,
        "account_id": str(account.pk),
        "amount": amount,
        "currency": currency,
    }
