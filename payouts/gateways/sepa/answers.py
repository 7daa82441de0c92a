"""What a bank answers: status reports (pain.002) and bookings (camt.052 to camt.054).

Pure reading. Versions differ in hundreds of elements and agree in the few that matter
here, so elements are found by name in whatever namespace; the libraries there are have
a set of classes for each version, or know statements only.

Note [What a bank's word means]
    pain.002 says what the bank did with an order: rejected it, has it, or has debited
    our account for it. One that was rejected because the bank has had it before says
    nothing of the first, which is the one that counts. camt.05x says what was booked on
    our account. A booked debit that carries our end-to-end id is an execution. A credit
    that carries it is a return only if it says so: whoever received the money knows the
    id and can write it on a payment of their own. What is not booked yet may never be.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from paycore.lib.errors import UnsupportedCurrency
from paycore.lib.money import CURRENCIES, LARGEST_MINOR, Money

# The statement of a busy day is a few megabytes; the tree in memory is ten times that.
LARGEST_FILE_BYTES: Final = 20 * 1024 * 1024
# More could not be looked up by one statement.
MOST_ANSWERS: Final = 50_000
# Amounts have no sign in ISO 20022: the direction is an element of its own.
_AMOUNT: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?\Z")


class UnreadableBankFile(Exception):
    """It is no message of the kinds that are known here, or not one to rely on."""


class Meaning(StrEnum):
    """What the bank says of a payment.

    `duplicate` (it has had this before), `booked_twice` (in one file) and `unclear` are
    for a person to look at.
    """

    EXECUTED = "executed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    UNDERWAY = "underway"
    RETURNED = "returned"
    BOOKED_TWICE = "booked_twice"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class BankAnswer:
    """What the bank says of one payment, or of all the others of one file.

    With a `message_id` it is about every payment of that file which the same document
    does not name; otherwise about the payment with this `end_to_end_id`. Of a status
    report the amount may be None; of a whole file it is the total.
    """

    meaning: Meaning
    end_to_end_id: str = ""
    message_id: str = ""
    reason_code: str = ""
    amount: Money | None = None

    @property
    def subject(self) -> str:
        """What it is about, in the words of the bank."""
        return self.end_to_end_id or f"file {self.message_id}"


@dataclass(frozen=True, slots=True)
class BankDocument:
    """`kind` is `pain.002`, `camt.052`, `camt.053` or `camt.054`."""

    kind: str
    answers: list[BankAnswer]


def read_document(content: bytes) -> BankDocument:
    """All that a file from the bank says about payments, in its order.

    Raises: `UnreadableBankFile`, also for XML with a document type: entities can be
    bombs, or read our files.
    """
    root = _parse(content)
    if _local_name(root) == "Document":
        for message in root:
            known = _READERS.get(_local_name(message))
            if known is not None:
                kind, read = known
                return BankDocument(kind, _listed(read(message)))
    raise UnreadableBankFile("It is no pain.002, camt.052, camt.053 or camt.054.")


def _listed(answers: Iterator[BankAnswer]) -> list[BankAnswer]:
    listed = list(islice(answers, MOST_ANSWERS + 1))
    if len(listed) > MOST_ANSWERS:
        raise UnreadableBankFile(
            f"It speaks of more than {MOST_ANSWERS:,} payments; ask for smaller files."
        )
    return listed


def _parse(content: bytes) -> Element:
    if len(content) > LARGEST_FILE_BYTES:
        raise UnreadableBankFile(
            f"It is larger than {LARGEST_FILE_BYTES // 1024**2} MB."
        )
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise UnreadableBankFile(
            "The XML declares a document type or entities, which no bank's file needs."
        ) from None
    # The parser's LookupError and ValueError are about encodings.
    except (ParseError, LookupError, ValueError) as error:
        raise UnreadableBankFile(f"It is not XML: {error}.") from None
    return root


# Settled, to ISO 20022: the debtor's account was debited, the creditor's credited.
_SETTLED: Final = frozenset({"ACSC", "ACCC"})
# The bank will not execute it, or no more.
_REFUSED: Final = frozenset({"RJCT", "CANC"})
# Reasons of refusal: a file, a batch or a payment like this is there already.
_DUPLICATE: Final = frozenset({"AM05", "DU01", "DU02", "DU03", "DU04", "DU05", "DUPL"})
# Some of the payments this, some that: says nothing about any of them.
_PARTLY: Final = "PART"


def _read_report(message: Element) -> Iterator[BankAnswer]:
    """pain.002: the whole file, the batch in it, and single payments."""
    wholes = [
        *_whole_statuses(message, "OrgnlGrpInfAndSts", "OrgnlMsgId", "GrpSts"),
        *_whole_statuses(message, "OrgnlPmtInfAndSts", "OrgnlPmtInfId", "PmtInfSts"),
    ]
    parts = [_payment_status(node) for node in message.iterfind(".//{*}TxInfAndSts")]
    if any(whole.meaning is Meaning.DUPLICATE for whole in wholes):
        parts = [_as_duplicate(part) for part in parts]
    _refuse_contradiction(wholes, parts)
    yield from wholes
    yield from parts


def _whole_statuses(
    message: Element, holder: str, identifier: str, status: str
) -> Iterator[BankAnswer]:
    for node in _all(message, holder):
        said = _text(node, status)
        if said and said != _PARTLY:
            yield BankAnswer(
                _meaning_of(said, node),
                message_id=_text(node, identifier),
                reason_code=_reason(node, "StsRsnInf"),
            )


def _payment_status(node: Element) -> BankAnswer:
    return BankAnswer(
        _meaning_of(_text(node, "TxSts"), node),
        end_to_end_id=_text(node, "OrgnlEndToEndId"),
        reason_code=_reason(node, "StsRsnInf"),
        amount=_amount(node, "OrgnlTxRef/Amt/InstdAmt"),
    )


def _meaning_of(status: str, node: Element) -> Meaning:
    """See Note [What a bank's word means]."""
    if status in _SETTLED:
        return Meaning.EXECUTED
    if status in _REFUSED:
        # Some banks write ISO's codes where their own ones belong.
        codes = node.iterfind("{*}StsRsnInf/{*}Rsn/*")
        reasons = {(code.text or "").strip() for code in codes}
        return Meaning.REJECTED if reasons.isdisjoint(_DUPLICATE) else Meaning.DUPLICATE
    # A code of tomorrow, or of one bank, must not conclude anything.
    return Meaning.UNDERWAY


def _as_duplicate(part: BankAnswer) -> BankAnswer:
    is_refused = part.meaning is Meaning.REJECTED
    return replace(part, meaning=Meaning.DUPLICATE) if is_refused else part


def _refuse_contradiction(wholes: list[BankAnswer], parts: list[BankAnswer]) -> None:
    rejects = any(whole.meaning is Meaning.REJECTED for whole in wholes)
    executes = any(each.meaning is Meaning.EXECUTED for each in (*wholes, *parts))
    both = _named(parts, Meaning.REJECTED) & _named(parts, Meaning.EXECUTED)
    if (rejects and executes) or both:
        raise UnreadableBankFile(
            "It contradicts itself: it rejects what it says is executed."
        )


def _named(parts: list[BankAnswer], meaning: Meaning) -> set[str]:
    return {part.end_to_end_id for part in parts if part.meaning is meaning} - {""}


def _read_statements(message: Element) -> Iterator[BankAnswer]:
    """camt.05x. Each booking is there once, so a second is another one."""
    debited: set[str] = set()
    for booking in _bookings(message):
        if booking.meaning is not Meaning.EXECUTED:
            yield booking
        elif booking.subject in debited:
            yield replace(booking, meaning=Meaning.BOOKED_TWICE)
        else:
            debited.add(booking.subject)
            yield booking


def _bookings(message: Element) -> Iterator[BankAnswer]:
    """Entries with the payments that they are made of."""
    for report in message:
        for entry in _all(report, "Ntry"):
            details = list(entry.iterfind("{*}NtryDtls/{*}TxDtls"))
            for detail in details:
                identifier = _text(detail, "Refs/EndToEndId")
                if identifier and identifier != "NOTPROVIDED":
                    yield _booking(entry, detail, is_alone=len(details) == 1)
            if not details:
                yield from _batch_bookings(entry)


def _booking(entry: Element, detail: Element, *, is_alone: bool) -> BankAnswer:
    amount = _first_amount((detail, "Amt"), (detail, "AmtDtls/TxAmt/Amt"))
    if amount is None and is_alone:
        amount = _amount(entry, "Amt")
    return BankAnswer(
        _meaning_of_booking(entry, detail) if amount is not None else Meaning.UNCLEAR,
        end_to_end_id=_text(detail, "Refs/EndToEndId"),
        reason_code=_reason(detail, "RtrInf"),
        amount=amount,
    )


def _meaning_of_booking(entry: Element, detail: Element) -> Meaning:
    """See Note [What a bank's word means]."""
    direction = _text(detail, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    is_return = _is_return(entry, detail)
    if direction == "DBIT" and not is_return:
        return Meaning.EXECUTED if _is_booked(entry) else Meaning.UNDERWAY
    if direction == "CRDT" and is_return and _is_booked(entry):
        return Meaning.RETURNED
    return Meaning.UNCLEAR


def _is_booked(entry: Element) -> bool:
    # Text of its own until version 3, a code since.
    return (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK"


def _is_return(entry: Element, detail: Element) -> bool:
    families = {_text(node, "BkTxCd/Domn/Fmly/SubFmlyCd") for node in (entry, detail)}
    return (
        detail.find("{*}RtrInf") is not None
        or _text(entry, "RvslInd") in {"true", "1"}
        # Reimbursements, the code for returned credit transfers.
        or "RRTN" in families
    )


def _batch_bookings(entry: Element) -> Iterator[BankAnswer]:
    """One debit for all payments of a file, from a bank that would not itemise."""
    for batch in entry.iterfind("{*}NtryDtls/{*}Btch"):
        identifier = _text(batch, "PmtInfId") or _text(batch, "MsgId")
        amount = _first_amount((batch, "TtlAmt"), (entry, "Amt"))
        direction = _text(batch, "CdtDbtInd") or _text(entry, "CdtDbtInd")
        # A credit that names a file may be all of it or some of it that came back.
        is_clear = amount is not None and direction == "DBIT"
        if identifier:
            yield BankAnswer(
                _meaning_of_booking(entry, batch) if is_clear else Meaning.UNCLEAR,
                message_id=identifier,
                amount=amount,
            )


_READERS: Final[dict[str, tuple[str, Callable[[Element], Iterator[BankAnswer]]]]] = {
    "CstmrPmtStsRpt": ("pain.002", _read_report),
    "BkToCstmrAcctRpt": ("camt.052", _read_statements),
    "BkToCstmrStmt": ("camt.053", _read_statements),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", _read_statements),
}


def _reason(node: Element, holder: str) -> str:
    code = _text(node, f"{holder}/Rsn/Cd") or _text(node, f"{holder}/Rsn/Prtry")
    return code[:35]


def _first_amount(*places: tuple[Element, str]) -> Money | None:
    amounts = (_amount(node, path) for node, path in places)
    return next((amount for amount in amounts if amount is not None), None)


def _amount(node: Element, path: str) -> Money | None:
    """Raises: `UnreadableBankFile` for one that is no amount of its currency."""
    found = _find(node, path)
    if found is None:
        return None
    text, code = (found.text or "").strip(), found.get("Ccy", "")
    try:
        currency = CURRENCIES.get(code)
    except UnsupportedCurrency:
        # Whoever is paid in it is not paid by us.
        return None
    minor = Decimal(text).scaleb(currency.decimals) if _AMOUNT.match(text) else None
    if minor is None or minor > LARGEST_MINOR or minor != int(minor):
        raise UnreadableBankFile(f"{text[:40]!r} is no amount of {currency}.")
    return Money(int(minor), currency)


def _text(node: Element, path: str) -> str:
    found = _find(node, path)
    return "" if found is None else (found.text or "").strip()


def _find(node: Element, path: str) -> Element | None:
    return node.find("/".join(f"{{*}}{step}" for step in path.split("/")))


def _all(node: Element, name: str) -> list[Element]:
    return node.findall(f"{{*}}{name}")


def _local_name(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]
