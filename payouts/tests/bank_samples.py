"""Files as banks send them, made up by us, and SEPA orders to go with them."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from defusedxml.ElementTree import fromstring

from paycore.lib.ids import new_id
from paycore.lib.sealing import unseal
from paycore.testing.bookkeeping import money
from payouts.gateways import Answer, Beneficiary, PaymentOrder
from payouts.gateways.sepa import SepaGateway
from payouts.gateways.sepa.delivery import STAGING
from payouts.models import Payout, SepaFile

SAMPLES = Path(__file__).parent / "samples"
ADAS_IBAN = "DE89370400440532013000"


def sample(name: str, **words: str) -> bytes:
    """A sample by name, with e.g. `FIRST` replaced by an id: `FIRST=...`."""
    text = (SAMPLES / f"{name}.xml").read_text()
    for word, replacement in words.items():
        text = text.replace(f">{word}<", f">{replacement}<")
    return text.encode()


def named(name: str, *payouts: Payout) -> bytes:
    """A sample about the latest file and these payouts: FIRST, SECOND, THIRD."""
    file = SepaFile.objects.latest("created_at").message_id
    words = zip(("FIRST", "SECOND", "THIRD"), payouts, strict=False)
    return sample(name, FILE=file, **{word: each.pk.hex for word, each in words})


def sepa_order(
    amount: str = "10.00 EUR",
    *,
    name: str = "Ada Lovelace",
    iban: str = ADAS_IBAN,
    bic: str = "",
    reference: str = "",
    payout_id: UUID | None = None,
) -> PaymentOrder:
    return PaymentOrder(
        payout_id=payout_id or new_id(),
        amount=money(amount),
        beneficiary=Beneficiary(name, iban, bic),
        reference=reference,
    )


def order_of(payout: Payout) -> PaymentOrder:
    """A payout as its gateway is told of it."""
    return sepa_order(
        str(payout.amount),
        name=payout.beneficiary_name,
        iban=unseal(payout.iban_sealed),
        bic=payout.bic,
        reference=payout.reference or "",
        payout_id=payout.pk,
    )


def submit(*payouts: Payout) -> list[Answer]:
    """Hand payouts to the gateway; its answers in the order of the payouts."""
    [answers] = SepaGateway().submit([order_of(payout) for payout in payouts])
    by_payout = {answer.payout_id: answer for answer in answers}
    assert by_payout.keys() == {payout.pk for payout in payouts}
    return [by_payout[payout.pk] for payout in payouts]


def pay_by_sepa(settings: Any, outbox: Path) -> Path:
    """Let euros leave by SEPA, without a second pair of eyes."""
    outbox.mkdir(exist_ok=True)
    settings.PAYOUT_GATEWAYS = {"EUR": "sepa", "*": "sandbox"}
    settings.PAYOUT_APPROVAL_ABOVE = {"EUR": Decimal(20000)}
    settings.SEPA_OUTBOX = str(outbox)
    return outbox


def in_outbox(outbox: Path) -> list[str]:
    """What the bank's channel would take away."""
    return sorted(path.name for path in outbox.iterdir() if path.name != STAGING)


def paid_by(document: bytes) -> list[str]:
    """The end-to-end ids in a file."""
    root = fromstring(document)
    return [node.text or "" for node in root.iterfind(".//{*}EndToEndId")]
