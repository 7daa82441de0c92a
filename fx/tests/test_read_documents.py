"""Reading documents of rates ..."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fx.errors import SourceFault
from fx.sources import RateDraft, read_document
from fx.tests.rates import NOW

ECB = (Path(__file__).parent / "documents" / "ecb-daily.xml").read_bytes()
DAY = datetime(2026, 11, 19, tzinfo=UTC)
BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">
]>
<Cube><Cube time="2026-11-19"><Cube currency="USD" rate="&lol2;"/></Cube></Cube>
"""
EXTERNAL = b"""<?xml version="1.0"?>
<!DOCTYPE Cube [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<Cube time="2026-11-19"><Cube currency="USD" rate="&secret;"/></Cube>
"""


def read(document):
    return read_document(document, at=NOW)


def fault_of(document):
    with pytest.raises(SourceFault) as fault:
        read(document)
    return str(fault.value)


def table(*lines):
    return "\n".join(["base,quote,rate,as_of", *lines, ""]).encode()


def cube(text):
    return ECB.replace(b"<Cube currency='JPY' rate='163.25'/>", text.encode())


def test_of_the_european_central_bank():
    drafts = read(ECB)

    # One that this server keeps no books in is left out.
    assert [(draft.base, draft.quote, str(draft.rate)) for draft in drafts] == [
        ("EUR", "USD", "1.0880"),
        ("EUR", "JPY", "163.25"),
        ("EUR", "GBP", "0.83435"),
        ("EUR", "SGD", "1.4571"),
        ("EUR", "MYR", "4.8575"),
    ]
    assert {draft.as_of for draft in drafts} == {DAY}


def test_of_several_days():
    days = """<Cube>
        <Cube time="2026-11-19"><Cube currency="USD" rate="1.09"/></Cube>
        <Cube time="2026-11-18"><Cube currency="USD" rate="1.08"/></Cube>
    </Cube>"""

    drafts = read(days.encode())

    assert [(draft.as_of.day, str(draft.rate)) for draft in drafts] == [
        (19, "1.09"),
        (18, "1.08"),
    ]


def test_of_a_table():
    drafts = read(
        table(
            "USD,EUR,0.92,2026-11-19",
            'SGD, MYR ,3.50,"2026-11-19T16:30:00+01:00"',
            "",
            "BTC,JPY,15000000.00000001,2026-11-20T00:00:00Z",
        )
    )

    assert drafts == [
        RateDraft("USD", "EUR", Decimal("0.92"), DAY),
        RateDraft("SGD", "MYR", Decimal("3.50"), DAY.replace(hour=15, minute=30)),
        RateDraft("BTC", "JPY", Decimal("15000000.00000001"), DAY.replace(day=20)),
    ]


def test_of_a_table_from_a_spreadsheet():
    text = "\ufeffas_of;x".replace(";x", ",Rate,Quote,Base\r\n2026-11-19,0.92,EUR,USD")

    assert read(text.encode()) == [RateDraft("USD", "EUR", Decimal("0.92"), DAY)]


def test_of_a_table_that_says_something_twice():
    line = "USD,EUR,0.92,2026-11-19"

    assert len(read(table(line, line))) == 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("USX,EUR,1,2026-11-19", "line 3, column base: 'USX' is no currency"),
        ("USD,eur,1,2026-11-19", "line 3, column quote: 'eur' is no currency"),
        ("USD,USD,1,2026-11-19", "line 3, column quote: it is the same as base"),
        ("USD,JPY,0,2026-11-19", "line 3, column rate: '0' is no rate"),
        ("USD,JPY,0.0,2026-11-19", "line 3, column rate: '0.0' is no rate"),
        ("USD,JPY,-1,2026-11-19", "line 3, column rate: '-1' is no rate"),
        ("USD,JPY,1e3,2026-11-19", "line 3, column rate: '1e3' is no rate"),
        ("USD,JPY,NaN,2026-11-19", "line 3, column rate: 'NaN' is no rate"),
        ('USD,JPY,"1,5",2026-11-19', "line 3, column rate: '1,5' is no rate"),
        (f"USD,JPY,0.{'1' * 19},2026-11-19", "line 3, column rate: "),
        ("USD,JPY,,2026-11-19", "line 3, column rate: it is empty"),
        ("USD,JPY,1", "line 3, column as_of: it is empty"),
        ("USD,JPY,1,yesterday", "line 3, column as_of: 'yesterday' is neither"),
        ("USD,JPY,1,2026-02-30", "line 3, column as_of: '2026-02-30' is neither"),
        ("USD,JPY,1,2026-11-19T16:00:00", "line 3, column as_of: "),
        ("USD,JPY,1,2026-11-19,what", "line 3: it has more than 4 columns"),
        ('USD,JPY,"1,2026-11-19', "line 3: unexpected end of data"),
        ("EUR,USD,1.1,2026-11-19", "line 3, column rate: line 2 says something else"),
        ("USD,EUR,0.93,2026-11-19", "line 3, column rate: line 2 says something else"),
    ],
)
def test_says_which_line_and_column_of_a_table_is_wrong(line, fault):
    assert fault_of(table("USD,EUR,0.92,2026-11-19", line)).startswith(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<Cube currency='JPY'/>", "line 10, rate of Cube: it is missing"),
        ("<Cube rate='1'/>", "line 10, currency of Cube: it is missing"),
        ("<Cube currency='JPY' rate='N/A'/>", "line 10, rate of Cube: 'N/A' is no"),
        ("<Cube time='soon'/>", "line 10, time of Cube: 'soon' is neither"),
        ("<Cube", "line 11, column 3: not well-formed"),
    ],
)
def test_says_which_line_of_the_xml_is_wrong(text, fault):
    assert fault_of(cube(text)).startswith(fault)


def test_needs_to_know_of_when_the_rates_are():
    document = b"<Cube><Cube currency='USD' rate='1.1'/></Cube>"

    assert fault_of(document) == "line 1, time of Cube: no cube around it has one."


@pytest.mark.parametrize("document", [BILLION_LAUGHS, EXTERNAL])
def test_never_expands_an_entity(document):
    assert "declares a document type or entities" in fault_of(document)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (b"", "line 1: the columns must be base,quote,rate,as_of."),
        (b"from,to\n", "line 1: the columns must be base,quote,rate,as_of."),
        (b"base,quote,rate,as_of\n", "There is no rate in it."),
        (b"<html><body>Sign in</body></html>", "There is no rate in it."),
        (b"\xff\xfe\x00", "It is neither XML nor text in UTF-8."),
        (table("USD,EUR,1,2026-12-20"), "It has rates of 2026-12-20 00:00, in the"),
    ],
)
def test_refuses_what_brings_no_news(document, fault):
    assert fault_of(document).startswith(fault)
