"""What payment providers tell us: signed as Standard Webhooks 1.0."""

import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from paycore.api.openapi import documented
from paycore.api.parsing import parse_document, read_bytes
from paycore.api.shapes import read_shape
from paycore.api.views import ApiView
from paycore.lib.db import run_in_transaction
from paycore.lib.errors import DuplicateReference, InvalidState
from paycore.lib.metrics import TRANSACTION_RETRIES
from paycore.lib.origin import Origin
from transfers import services
from transfers.errors import InvalidSignature
from transfers.serializers import DepositRequest, ReceptionResource

# All secrets are one provider's, so that they can be rotated.
PROVIDER: Final = "default"
LONGEST_MESSAGE_ID: Final = 255


class DepositNotices(ApiView):
    public = True
    # Signed instead: a provider sends in bursts, from few addresses.
    limited = False

    @documented(
        "Tell of a deposit, as a payment provider",
        description="Signed as Standard Webhooks 1.0 (`webhook-id`,"
        " `webhook-timestamp`, `webhook-signature`); a message older or newer than 300"
        " seconds is refused. `duplicate`: the reference was processed before."
        " `parked`: the account is unknown, not active, or of another currency; an"
        " operator will decide.",
        request=DepositRequest,
        answers={200: ReceptionResource},
        refusals=(InvalidSignature, DuplicateReference, InvalidState),
    )
    def post(self, request: Request) -> HttpResponse:
        raw = request._request  # noqa: SLF001  # The bytes that were signed.
        body = read_bytes(raw)
        require_signature(raw, body)
        # Stored before anything is done, or even understood.
        message = services.store_message(
            provider=PROVIDER,
            message_id=raw.headers["webhook-id"],
            body=body,
        )
        announcement = read_shape(DepositRequest, parse_document(body)).announcement()
        reception = run_in_transaction(
            lambda: services.receive_deposit(
                message=message,
                body=body,
                announcement=announcement,
                origin=Origin(f"provider:{PROVIDER}", self.request_id),
            ),
            on_retry=lambda reason: TRANSACTION_RETRIES.labels(reason).inc(),
        )
        return self.answer(ReceptionResource.of(reception))


def require_signature(request: HttpRequest, body: bytes) -> None:
    """Raises: `InvalidSignature` unless one of our secrets made a signature."""
    sent = {name: request.headers.get(f"webhook-{name}", "") for name in _HEADERS}
    signatures = [text for text in sent["signature"].split() if _SIGNATURE.match(text)]
    if not signatures or not _TIMESTAMP.match(sent["timestamp"]):
        raise InvalidSignature
    if len(sent["id"]) > LONGEST_MESSAGE_ID:
        # Cut short, two messages could have one id, and the second would be lost.
        raise InvalidSignature
    sent["signature"] = " ".join(signatures)
    headers = {f"webhook-{name}": text for name, text in sent.items()}
    for secret in settings.DEPOSIT_WEBHOOK_SECRETS:
        try:
            Webhook(secret).verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            # ValueError: a body that is not UTF-8.
            continue
        return
    raise InvalidSignature


_HEADERS: Final = ("id", "timestamp", "signature")
# The library also reads fractions and exponents, and a signature that is not one spoils
# the right one beside it.
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}\Z")
_SIGNATURE: Final = re.compile(r"v1,[A-Za-z0-9+/]{43}=\Z")
