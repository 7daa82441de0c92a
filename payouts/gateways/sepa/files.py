"""Credit transfer files: pain.001.001.09, as the bank of the payer takes them.

`sepaxml` knows the document; what it makes up by chance or by the clock (identifiers,
times) is written over, so that one file is the same file however often it is built.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, register_namespace, tostring
from zoneinfo import ZoneInfo

from defusedxml.ElementTree import fromstring
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException
from text_unidecode import unidecode

from payouts.gateways.protocol import PaymentOrder

if TYPE_CHECKING:
    from xmlschema import XMLSchema

SCHEMA: Final = "pain.001.001.09"
EURO: Final = "EUR"
# The scheme's largest amount, 999,999,999.99.
LARGEST_MINOR: Final = 99_999_999_999
LONGEST_NAME: Final = 70
LONGEST_REMITTANCE: Final = 140
# The days of the scheme are those of TARGET, which keeps the time of Frankfurt. Late in
# the evening UTC would ask for yesterday, and banks refuse that.
SCHEME_TIME: Final = ZoneInfo("Europe/Berlin")

NOT_A_SEPA_PAYMENT: Final = "not_a_sepa_payment"
INVALID_BENEFICIARY: Final = "invalid_beneficiary"

# The first two letters of IBANs in the scheme, after the European Payments Council's
# list EPC409-09: the European Union and the European Economic Area, then the others.
# Territories bank under their country (Jersey: GB, Martinique: FR). schwifty's own list
# lacks the Vatican, San Marino, Gibraltar and who joined since 2024.
SEPA_COUNTRIES: Final = frozenset(
    country
    for countries in (
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT",
        "RO SE SI SK",
        "AD AL CH GB GI MC MD ME MK RS SM VA",
    )
    for country in countries.split()
)

# All that every bank of the scheme must be able to print (EPC217-08).
_FOREIGN = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
_PRINTED = re.compile(r"[A-Za-z0-9]")
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{SCHEMA}"


class InvalidFile(Exception):
    """The document that came out is not one of the schema."""


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who pays: the house, at its bank."""

    name: str
    iban: str
    bic: str


def find_fault(order: PaymentOrder) -> str | None:
    """Why an order cannot be a SEPA credit transfer, as a failure code."""
    to = order.beneficiary
    try:
        country = IBAN(to.iban).country_code
        if to.bic:
            BIC(to.bic)
    except SchwiftyException:
        return INVALID_BENEFICIARY
    if order.amount.currency.code != EURO or country not in SEPA_COUNTRIES:
        return NOT_A_SEPA_PAYMENT
    if not 0 < order.amount.minor <= LARGEST_MINOR:
        return NOT_A_SEPA_PAYMENT
    return None if printable(to.name, LONGEST_NAME) else INVALID_BENEFICIARY


def end_to_end_id(order: PaymentOrder) -> str:
    """What the payment is called from end to end: never longer than 35 characters."""
    return order.payout_id.hex


def build_file(
    orders: Sequence[PaymentOrder], *, message_id: str, debtor: Debtor, at: datetime
) -> str:
    """The file that pays these orders, to be executed on the day of `at`.

    The same arguments give the same file. The orders are without fault.

    Raises: `InvalidFile`.
    """
    # Imported where it is used: it takes a third of the time in which a process starts,
    # and few processes ever write a file.
    from sepaxml import SepaTransfer

    transfer = SepaTransfer(
        {
            "name": printable(debtor.name, LONGEST_NAME),
            "IBAN": IBAN(debtor.iban).compact,
            "BIC": BIC(debtor.bic).compact,
            "batch": True,
            "currency": EURO,
        },
        schema=SCHEMA,
        # Its own cleaning lets characters through that banks do not print.
        clean=False,
    )
    execution_date = at.astimezone(SCHEME_TIME).date()
    for order in orders:
        transfer.add_payment(_payment(order) | {"execution_date": execution_date})
    document = _name(transfer.export(validate=False), message_id=message_id, at=at)
    _validate(document)
    return document


def printable(text: str, limit: int) -> str:
    """The text in the letters of the scheme, cut to fit; empty if none is left."""
    latin = unidecode(text).replace("&", "+")
    words = " ".join(_FOREIGN.sub(" ", latin).split())[:limit].rstrip()
    return words if _PRINTED.search(words) else ""


def _payment(order: PaymentOrder) -> dict[str, object]:
    to = order.beneficiary
    payment: dict[str, object] = {
        "name": printable(to.name, LONGEST_NAME),
        "IBAN": IBAN(to.iban).compact,
        "amount": order.amount.minor,
        "description": printable(order.reference, LONGEST_REMITTANCE)
        or str(order.payout_id),
        "endtoend_id": end_to_end_id(order),
    }
    if to.bic:
        payment["BIC"] = BIC(to.bic).compact
    return payment


def _name(exported: bytes, *, message_id: str, at: datetime) -> str:
    root: Element = fromstring(exported, forbid_dtd=True)
    for path, text in (
        ("GrpHdr/MsgId", message_id),
        ("GrpHdr/CreDtTm", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("PmtInf/PmtInfId", message_id),
        # One debit for each payment, so that a statement names each of them.
        ("PmtInf/BtchBookg", "false"),
    ):
        steps = "/".join(f"{{{_NAMESPACE}}}{step}" for step in path.split("/"))
        node = root.find(f"{{{_NAMESPACE}}}CstmrCdtTrfInitn/{steps}")
        assert node is not None
        node.text = text
    # Without a prefix, which banks need not understand.
    register_namespace("", _NAMESPACE)
    return _DECLARATION + tostring(root, encoding="unicode")


def _validate(document: str) -> None:
    from xmlschema import XMLSchemaValidationError

    try:
        _schema().validate(document)
    except XMLSchemaValidationError as error:
        # Only where: what is wrong would quote the document, which names people.
        raise InvalidFile(f"Not of the schema: {error.path}") from None


@cache
def _schema() -> "XMLSchema":
    from xmlschema import XMLSchema

    with as_file(files("sepaxml") / "schemas" / f"{SCHEMA}.xsd") as path:
        return XMLSchema(str(path))
