"""A credit transfer file ..."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sepaxml
import xmlschema
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from schwifty import IBAN

from payouts.gateways.sepa.files import (
    INVALID_BENEFICIARY,
    NOT_A_SEPA_PAYMENT,
    Debtor,
    InvalidFile,
    build_file,
    find_fault,
    printable,
)
from payouts.tests.bank_samples import ADAS_IBAN, sepa_order

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUSE = Debtor("Paycore Test Ltd", "DE02120300000000202051", "BYLADEM1001")
LETTERS = r"[A-Za-z0-9/?:().,'+ -]"


@pytest.fixture(scope="module")
def schema():
    """The published schema, as the library brings it."""
    folder = Path(sepaxml.__file__).parent / "schemas"
    return xmlschema.XMLSchema(str(folder / "pain.001.001.09.xsd"))


def built(*orders, at=NOON, message_id="F1"):
    return build_file(orders, message_id=message_id, debtor=HOUSE, at=at)


def texts(document, path):
    """Every text at a path of element names, wherever it begins."""
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return [node.text for node in fromstring(document).iterfind(f".//{steps}")]


def test_is_of_the_published_schema(schema):
    orders = [
        sepa_order("10.00 EUR", reference="rent"),
        sepa_order("0.01 EUR", name="Grace", bic="COBADEFFXXX"),
        sepa_order("999999999.99 EUR", iban="FR1420041010050500013M02606"),
    ]

    schema.validate(built(*orders))


def test_says_who_pays_whom_how_much_and_why():
    first = sepa_order("10.00 EUR", reference="rent", bic="COBADEFFXXX")
    second = sepa_order("20.50 EUR", name="Grace Hopper")

    document = built(first, second, message_id="0193" * 8)

    assert fromstring(document).tag == (
        "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}Document"
    )
    assert {
        path: texts(document, path)
        for path in (
            *("GrpHdr/MsgId", "GrpHdr/CreDtTm", "GrpHdr/NbOfTxs", "GrpHdr/CtrlSum"),
            *("PmtInf/PmtInfId", "PmtInf/BtchBookg", "PmtInf/ReqdExctnDt/Dt"),
            *("SvcLvl/Cd", "Dbtr/Nm", "DbtrAcct/Id/IBAN", "DbtrAgt/FinInstnId/BICFI"),
            *("PmtInf/ChrgBr", "PmtId/EndToEndId", "Amt/InstdAmt"),
            *("CdtrAgt/FinInstnId/BICFI", "Cdtr/Nm", "CdtrAcct/Id/IBAN"),
            "RmtInf/Ustrd",
        )
    } == {
        "GrpHdr/MsgId": ["0193" * 8],
        "GrpHdr/CreDtTm": ["2026-11-20T12:00:00Z"],
        "GrpHdr/NbOfTxs": ["2"],
        "GrpHdr/CtrlSum": ["30.50"],
        "PmtInf/PmtInfId": ["0193" * 8],
        "PmtInf/BtchBookg": ["false"],
        "PmtInf/ReqdExctnDt/Dt": ["2026-11-20"],
        "SvcLvl/Cd": ["SEPA"],
        "Dbtr/Nm": ["Paycore Test Ltd"],
        "DbtrAcct/Id/IBAN": ["DE02120300000000202051"],
        "DbtrAgt/FinInstnId/BICFI": ["BYLADEM1001"],
        "PmtInf/ChrgBr": ["SLEV"],
        "PmtId/EndToEndId": [first.payout_id.hex, second.payout_id.hex],
        "Amt/InstdAmt": ["10.00", "20.50"],
        "CdtrAgt/FinInstnId/BICFI": ["COBADEFFXXX"],
        "Cdtr/Nm": ["Ada Lovelace", "Grace Hopper"],
        "CdtrAcct/Id/IBAN": [ADAS_IBAN, ADAS_IBAN],
        "RmtInf/Ustrd": ["rent", str(second.payout_id)],
    }


def test_is_the_same_file_when_built_again():
    order = sepa_order()

    assert built(order) == built(order)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), date(2026, 11, 20)),
        # Midnight has passed in Frankfurt.
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_asks_for_the_day_that_it_is_where_banks_settle(at, day):
    assert texts(built(sepa_order(), at=at), "ReqdExctnDt/Dt") == [day.isoformat()]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Jürgen Groß & Söhne", "Jurgen Gross + Sohne"),
        ("Đorđe Čović", "Dorde Covic"),
        ("Αλέξανδρος", "Alexandros"),
        ("O'Neill, (Jr.)", "O'Neill, (Jr.)"),
        ("  two\n lines\t", "two lines"),
        ("<b>Ada</b>", "b Ada /b"),
        ("ada@paycore.example", "ada paycore.example"),
        ("x" * 69 + " y", "x" * 69),
        ("x" * 71, "x" * 70),
        ("", ""),
        ("***", ""),
        ("...", ""),
        ("\u200b\u202e", ""),
        ("🙂", ""),
    ],
)
def test_writes_names_in_the_letters_of_the_scheme(name, written):
    assert printable(name, 70) == written


@given(st.text(max_size=200))
def test_has_only_letters_that_every_bank_can_print(name):
    written = printable(name, 70)

    assert re.fullmatch(rf"{LETTERS}{{0,70}}", written)
    assert written == written.strip()
    assert printable(written, 70) == written


@given(name=st.text(max_size=200), reference=st.text(max_size=300))
def test_is_valid_for_whoever_is_without_fault(name, reference):
    order = sepa_order(name=name, reference=reference)

    if find_fault(order) is None:
        assert texts(built(order), "Cdtr/Nm") == [printable(name, 70)]
    else:
        assert printable(name, 70) == ""


@pytest.mark.parametrize(
    ("order", "fault"),
    [
        (sepa_order(), None),
        (sepa_order(bic="COBADEFFXXX"), None),
        (sepa_order(iban="de89 3704 0044 0532 0130 00"), None),
        # Not in the registry of the library, but in the scheme.
        (sepa_order(iban="SM86U0322509800000000270100"), None),
        (sepa_order(iban="RS35260005601001611379"), None),
        (sepa_order(iban="GB29NWBK60161331926819"), None),
        (sepa_order("10.00 USD"), NOT_A_SEPA_PAYMENT),
        (sepa_order("999999999.99 EUR"), None),
        (sepa_order("1000000000.00 EUR"), NOT_A_SEPA_PAYMENT),
        (sepa_order(iban="TR330006100519786457841326"), NOT_A_SEPA_PAYMENT),
        (sepa_order(iban="AE070331234567890123456"), NOT_A_SEPA_PAYMENT),
        (sepa_order(iban="DE89370400440532013001"), INVALID_BENEFICIARY),
        (sepa_order(iban="DE********************00"), INVALID_BENEFICIARY),
        (sepa_order(iban=""), INVALID_BENEFICIARY),
        (sepa_order(bic="NOBANK"), INVALID_BENEFICIARY),
        (sepa_order(name="***"), INVALID_BENEFICIARY),
    ],
)
def test_is_only_for_orders_without_fault(order, fault):
    assert find_fault(order) == fault


@pytest.mark.parametrize("country", ["DE", "FR", "CH", "NO", "GI", "VA", "MD"])
def test_reaches_the_countries_of_the_scheme(country):
    iban = IBAN.random(country_code=country).compact

    assert find_fault(sepa_order(iban=iban)) is None


def test_that_is_not_of_the_schema_is_not_handed_out():
    with pytest.raises(InvalidFile) as caught:
        built(sepa_order(), message_id="x" * 36)

    # Where, but not whose.
    assert (
        str(caught.value)
        == "Not of the schema: /Document/CstmrCdtTrfInitn/GrpHdr/MsgId"
    )
