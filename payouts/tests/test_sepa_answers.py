"""A file from the bank ..."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paycore.testing.bookkeeping import money
from payouts.gateways.sepa import answers
from payouts.gateways.sepa.answers import (
    BankAnswer,
    Meaning,
    UnreadableBankFile,
    read_document,
)
from payouts.tests.bank_samples import sample


def entry(inside: str, *, direction="DBIT", status="BOOK", amount="10.00", more=""):
    """A statement with one entry."""
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
        <BkToCstmrStmt><Stmt><Ntry><Amt Ccy="EUR">{amount}</Amt>
        <CdtDbtInd>{direction}</CdtDbtInd>{more}<Sts><Cd>{status}</Cd></Sts>
        <NtryDtls>{inside}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>""".encode()


def payment(*, inside=""):
    return f"<TxDtls><Refs><EndToEndId>X</EndToEndId></Refs>{inside}</TxDtls>"


def report(inside: str):
    return f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">
        <CstmrPmtStsRpt>{inside}</CstmrPmtStsRpt></Document>""".encode()


def group(status: str):
    return f"""<OrgnlGrpInfAndSts><OrgnlMsgId>F</OrgnlMsgId><GrpSts>{status}</GrpSts>
        </OrgnlGrpInfAndSts>"""


def reasons(*codes: str):
    given = (f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" for code in codes)
    return "".join(given)


def single(status: str, *, reason=""):
    return f"""<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>X</OrgnlEndToEndId>
        <TxSts>{status}</TxSts>{reason}</TxInfAndSts></OrgnlPmtInfAndSts>"""


def meaning_of(content: bytes):
    [answer] = read_document(content).answers
    return answer.meaning


def test_says_what_became_of_each_payment():
    document = read_document(sample("pain.002-mixed"))

    assert document.kind == "pain.002"
    assert document.answers == [
        BankAnswer(
            Meaning.EXECUTED,
            end_to_end_id="FIRST",
            amount=money("10.00 EUR"),
        ),
        BankAnswer(
            Meaning.REJECTED,
            end_to_end_id="SECOND",
            reason_code="AC04",
            amount=money("20.50 EUR"),
        ),
        BankAnswer(Meaning.UNDERWAY, end_to_end_id="THIRD"),
    ]


def test_rejects_a_whole_file():
    document = read_document(sample("pain.002-file-rejected"))

    assert document.answers == [
        BankAnswer(Meaning.REJECTED, message_id="FILE", reason_code="FF01")
    ]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("ACSC", Meaning.EXECUTED),
        ("ACCC", Meaning.EXECUTED),
        ("RJCT", Meaning.REJECTED),
        ("CANC", Meaning.REJECTED),
        ("ACTC", Meaning.UNDERWAY),
        ("ACCP", Meaning.UNDERWAY),
        ("ACSP", Meaning.UNDERWAY),
        ("ACWC", Meaning.UNDERWAY),
        ("PDNG", Meaning.UNDERWAY),
        # Nothing is concluded from what nobody here has heard of.
        ("WHAT", Meaning.UNDERWAY),
        ("", Meaning.UNDERWAY),
    ],
)
def test_means_the_same_of_one_payment_and_of_all(status, meaning):
    assert meaning_of(report(single(status))) is meaning
    if status:
        assert meaning_of(report(group(status))) is meaning


def test_says_nothing_of_all_payments_by_partly():
    assert read_document(report(group("PART"))).answers == []


@pytest.mark.parametrize(
    ("codes", "meaning"),
    [
        (["DU03"], Meaning.DUPLICATE),
        (["NARR", "AM05"], Meaning.DUPLICATE),
        (["DUPL"], Meaning.DUPLICATE),
        (["AC04"], Meaning.REJECTED),
        ([], Meaning.REJECTED),
    ],
)
def test_rejects_nothing_by_having_had_it_before(codes, meaning):
    assert meaning_of(report(single("RJCT", reason=reasons(*codes)))) is meaning
    assert meaning_of(report(single("ACSP", reason=reasons(*codes)))) is (
        Meaning.UNDERWAY
    )


def test_rejects_nothing_whose_reason_is_in_the_place_of_the_banks_own():
    reason = "<StsRsnInf><Rsn><Prtry> AM05 </Prtry></Rsn></StsRsnInf>"

    assert meaning_of(report(single("RJCT", reason=reason))) is Meaning.DUPLICATE


def test_rejects_no_payment_of_a_file_that_the_bank_has_had_before():
    whole = group("RJCT").replace("</GrpSts>", f"</GrpSts>{reasons('DU01')}")

    document = read_document(report(whole + single("RJCT", reason=reasons("NARR"))))

    assert [answer.meaning for answer in document.answers] == [Meaning.DUPLICATE] * 2


def test_takes_a_reason_of_the_banks_own():
    reason = "<StsRsnInf><Rsn><Prtry>House rule 7</Prtry></Rsn></StsRsnInf>"

    [answer] = read_document(report(single("RJCT", reason=reason))).answers

    assert answer.reason_code == "House rule 7"


@pytest.mark.parametrize(
    "inside",
    [
        group("RJCT") + single("ACSC"),
        group("ACSC") + "<OrgnlPmtInfAndSts><PmtInfSts>RJCT</PmtInfSts>"
        "</OrgnlPmtInfAndSts>",
        single("ACSC") + single("RJCT"),
        single("RJCT") + single("ACSC"),
    ],
)
def test_must_not_contradict_itself(inside):
    with pytest.raises(UnreadableBankFile, match="contradicts itself"):
        read_document(report(inside))


def test_names_what_was_booked_and_passes_over_the_rest_of_an_account():
    document = read_document(sample("camt.053-booked"))

    assert document.kind == "camt.053"
    assert document.answers == [
        BankAnswer(
            Meaning.EXECUTED,
            end_to_end_id="FIRST",
            amount=money("10.00 EUR"),
        ),
        BankAnswer(
            Meaning.EXECUTED,
            end_to_end_id="SECOND",
            amount=money("20.50 EUR"),
        ),
        BankAnswer(Meaning.UNDERWAY, end_to_end_id="THIRD", amount=money("5.00 EUR")),
        BankAnswer(
            Meaning.UNCLEAR, end_to_end_id="INVOICE-7", amount=money("99.00 EUR")
        ),
    ]


def test_tells_of_a_return_with_its_reason():
    [answer] = read_document(sample("camt.053-returned")).answers

    assert answer == BankAnswer(
        Meaning.RETURNED,
        end_to_end_id="FIRST",
        reason_code="AC04",
        amount=money("10.00 EUR"),
    )


def test_may_give_the_amount_of_the_entry_alone():
    document = read_document(sample("camt.054-debited"))

    assert document.kind == "camt.054"
    assert document.answers == [
        BankAnswer(
            Meaning.EXECUTED,
            end_to_end_id="FIRST",
            amount=money("10.00 EUR"),
        )
    ]


def test_may_book_a_file_as_one():
    assert read_document(sample("camt.053-one-debit-for-all")).answers == [
        BankAnswer(
            Meaning.EXECUTED,
            message_id="FILE",
            amount=money("30.50 EUR"),
        )
    ]


RETURN = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
REVERSED = "<RvslInd>true</RvslInd>"


@pytest.mark.parametrize("more", ["", REVERSED])
def test_leaves_a_credit_for_a_file_to_a_person(more):
    batch = "<Btch><PmtInfId>FILE</PmtInfId></Btch>"

    [answer] = read_document(entry(batch, direction="CRDT", more=more)).answers

    assert (answer.meaning, answer.message_id) == (Meaning.UNCLEAR, "FILE")


@pytest.mark.parametrize(
    ("content", "meaning"),
    [
        (entry(payment()), Meaning.EXECUTED),
        (entry(payment(), status="PDNG"), Meaning.UNDERWAY),
        (entry(payment(), status="INFO"), Meaning.UNDERWAY),
        (entry(payment(inside=RETURN), direction="CRDT"), Meaning.RETURNED),
        (entry(payment(), direction="CRDT", more=REVERSED), Meaning.RETURNED),
        (
            entry(payment(inside="<CdtDbtInd>CRDT</CdtDbtInd>" + RETURN)),
            Meaning.RETURNED,
        ),
        # Whoever was paid may pay us with the same id: that brings nothing back.
        (entry(payment(), direction="CRDT"), Meaning.UNCLEAR),
        (
            entry(payment(inside=RETURN), direction="CRDT", status="PDNG"),
            Meaning.UNCLEAR,
        ),
        # A return of what somebody paid us, or of a return.
        (entry(payment(inside=RETURN)), Meaning.UNCLEAR),
        (entry(payment(), more=REVERSED), Meaning.UNCLEAR),
        (entry(payment(), direction=""), Meaning.UNCLEAR),
    ],
)
def test_means_by_a_booking_only_what_it_says(content, meaning):
    assert meaning_of(content) is meaning


def test_is_unclear_without_an_amount_for_each_payment():
    two = entry(payment() + payment())

    assert [answer.meaning for answer in read_document(two).answers] == [
        Meaning.UNCLEAR,
        Meaning.UNCLEAR,
    ]


def test_may_have_currencies_that_are_none_of_ours():
    content = entry(payment(), amount="1").replace(b'"EUR"', b'"XAU"')

    [answer] = read_document(content).answers

    assert (answer.meaning, answer.amount) == (Meaning.UNCLEAR, None)


@pytest.mark.parametrize(
    "amount", ["10.001", "-10.00", "1e3", "NaN", "", "10,00", "9" * 18, "1" * 19]
)
def test_must_have_amounts_that_are_amounts(amount):
    with pytest.raises(UnreadableBankFile, match="is no amount of EUR"):
        read_document(entry(payment(), amount=amount))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not XML"),
        (b"date;amount\n2026-11-20;10.00", "not XML"),
        (sample("camt.053-booked")[:-20], "not XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><Document/>', "not XML"),
        (b'<?xml version="1.0" encoding="koi-9"?><Document/>', "not XML"),
        (b"<Document/>", "no pain.002, camt.052, camt.053 or camt.054"),
        (b"<CstmrPmtStsRpt/>", "no pain.002, camt.052, camt.053 or camt.054"),
        (
            b"<Document><CstmrCdtTrfInitn/></Document>",
            "no pain.002, camt.052, camt.053 or camt.054",
        ),
    ],
)
def test_must_be_of_a_known_kind(content, why):
    with pytest.raises(UnreadableBankFile, match=why):
        read_document(content)


BOMB = b"""<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa">
    <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><Document>&b;</Document>"""
SPY = b"""<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <Document>&x;</Document>"""


@pytest.mark.parametrize("content", [BOMB, SPY, b"<!DOCTYPE Document><Document/>"])
def test_must_declare_no_document_type(content):
    with pytest.raises(UnreadableBankFile, match="document type or entities"):
        read_document(content)


def test_must_not_be_too_large(monkeypatch):
    content = entry(payment())
    monkeypatch.setattr(answers, "LARGEST_FILE_BYTES", len(content) - 1)

    with pytest.raises(UnreadableBankFile, match="larger than"):
        read_document(content)


def test_must_not_speak_of_too_many_payments(monkeypatch):
    monkeypatch.setattr(answers, "MOST_ANSWERS", 3)

    with pytest.raises(UnreadableBankFile, match="more than 3 payments"):
        read_document(sample("camt.053-booked"))


@given(st.binary())
def test_is_read_or_refused_whatever_it_is(content):
    with pytest.raises(UnreadableBankFile):
        read_document(content)


NAMES = ["CstmrPmtStsRpt", "OrgnlGrpInfAndSts", "GrpSts", "TxInfAndSts", "TxSts", "Amt"]
NAMES += ["OrgnlEndToEndId", "BkToCstmrStmt", "Stmt", "Ntry", "NtryDtls", "TxDtls"]
NAMES += ["Refs", "EndToEndId", "CdtDbtInd", "Sts", "Btch", "PmtInfId"]
TREES = st.recursive(
    st.sampled_from(["", "10.00", "BOOK", "DBIT", "RJCT", "ACSC"]),
    lambda inner: st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=4).map(
        lambda nodes: "".join(f"<{name}>{text}</{name}>" for name, text in nodes)
    ),
)


@given(TREES)
def test_is_read_or_refused_however_its_elements_lie(inside):
    with suppress(UnreadableBankFile):
        read_document(f"<Document>{inside}</Document>".encode())
