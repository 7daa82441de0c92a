"""import_bank_file ..."""

import re

import pytest

from paycore.lib.origin import Origin
from paycore.testing.races import race
from payouts.gateways.sepa import SepaGateway
from payouts.gateways.sepa.answers import UnreadableBankFile
from payouts.models import (
    BankFile,
    Payout,
    PayoutDiscrepancy,
    SepaInstruction,
)
from payouts.services import bank_files
from payouts.services.bank_files import import_bank_file
from payouts.tests.bank_samples import named, order_of, sample
from payouts.tests.orders import request_by
from payouts.tests.working import ask, refusing

pytestmark = pytest.mark.django_db
BANK = Origin(actor="test")


def read(content, name="file.xml"):
    return import_bank_file(name=name, content=content, origin=BANK)


def statuses(*payouts):
    """What each payout is now, and why it failed."""
    stored = Payout.objects.in_bulk([payout.pk for payout in payouts])
    return [
        f"{stored[each.pk].status} {stored[each.pk].failure_code}".strip()
        for each in payouts
    ]


def said(*payouts):
    """What the bank said last of each."""
    rows = SepaInstruction.objects.filter(payout__in=payouts)
    stored = {row.payout_id: row.status for row in rows}
    return [stored[each.pk] for each in payouts]


def told(imported):
    return imported.applied, imported.unchanged, len(imported.unmatched)


def test_lets_payouts_follow_a_status_report(enlist, euros, balance_of):
    payouts = enlist("10.00", "20.50", "5.00")
    assert statuses(*payouts) == ["processing"] * 3

    imported = read(named("pain.002-mixed", *payouts))

    assert told(imported) == (3, 0, 0)
    assert imported.kind == "pain.002"
    assert statuses(*payouts) == ["completed", "failed account_closed", "processing"]
    assert said(*payouts) == ["executed", "rejected", "accepted"]
    assert balance_of(euros) == "490.00"
    [file] = BankFile.objects.all()
    assert (file.name, file.kind, file.imported_by) == ("file.xml", "pain.002", "test")
    assert (file.applied, file.unchanged, file.unmatched) == (3, 0, 0)


def test_lets_payouts_follow_a_statement(enlist, euros, balance_of):
    payouts = enlist("10.00", "20.50", "5.00")

    imported = read(named("camt.053-booked", *payouts))

    assert told(imported) == (3, 0, 0)
    assert statuses(*payouts) == ["completed", "completed", "processing"]
    assert balance_of(euros) == "469.50"


def test_lets_payouts_follow_a_report_within_the_day(enlist, euros, balance_of):
    payouts = enlist("10.00", "20.50", "5.00")
    statement = named("camt.053-booked", *payouts)
    report = statement.replace(b"camt.053", b"camt.052").replace(b"Stmt>", b"Rpt>")

    imported = read(report.replace(b"CstmrRpt>", b"CstmrAcctRpt>"))

    assert (imported.kind, told(imported)) == ("camt.052", (3, 0, 0))
    assert statuses(*payouts) == ["completed", "completed", "processing"]
    # In the evening the statement says the same again.
    assert told(read(statement)) == (0, 3, 0)
    assert balance_of(euros) == "469.50"


def test_fails_all_payouts_of_a_rejected_file(enlist, euros, balance_of):
    payouts = enlist("10.00", "20.50")

    imported = read(named("pain.002-file-rejected"))

    assert told(imported) == (2, 0, 0)
    assert statuses(*payouts) == ["failed code_ff01"] * 2
    assert balance_of(euros) == "500.00"


@pytest.mark.parametrize("reason", ["DU01", "AM05"])
def test_fails_nothing_of_a_file_that_the_bank_has_had_before(
    enlist, euros, balance_of, reason
):
    payouts = enlist("10.00", "20.50")
    rejected = named("pain.002-file-rejected").decode()

    imported = read(rejected.replace("FF01", reason).encode())

    # It took the first copy, and says nothing of what becomes of that.
    assert told(imported) == (0, 0, 1)
    [unmatched] = imported.unmatched
    assert unmatched.why == "The bank has had it before; this is not about the first."
    assert (statuses(*payouts), said(*payouts)) == (["processing"] * 2, ["sent"] * 2)
    read(named("camt.053-one-debit-for-all"))
    assert statuses(*payouts) == ["completed"] * 2
    assert balance_of(euros) == "469.50"


def test_completes_all_payouts_of_a_file_that_was_booked_as_one(enlist):
    payouts = enlist("10.00", "20.50")

    imported = read(named("camt.053-one-debit-for-all"))

    assert told(imported) == (2, 0, 0)
    assert statuses(*payouts) == ["completed"] * 2


def report_on(payouts, *, whole, first):
    """A report that says one thing of the file and another of its first payment."""
    one = f"""<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>{payouts[0].pk.hex}
        </OrgnlEndToEndId><TxSts>{first}</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"""
    content = named("pain.002-file-rejected").decode().replace("RJCT", whole)
    end = "</r:CstmrPmtStsRpt>"
    return content.replace(end, one + end).encode()


def test_leaves_out_of_the_whole_what_the_same_file_says_of_one(enlist):
    payouts = enlist("10.00", "20.50")

    imported = read(report_on(payouts, whole="ACSC", first="ACSP"))

    assert told(imported) == (2, 0, 0)
    assert said(*payouts) == ["accepted", "executed"]
    assert statuses(*payouts) == ["processing", "completed"]


def test_leaves_out_of_the_whole_what_an_earlier_file_said_of_one(enlist):
    payouts = enlist("10.00", "20.50")
    read(report_on(payouts, whole="ACSP", first="RJCT"))

    imported = read(named("camt.053-one-debit-for-all"))

    assert told(imported) == (1, 1, 0)
    assert said(*payouts) == ["rejected", "executed"]
    assert statuses(*payouts) == ["failed no_reason_given", "completed"]


def test_raises_a_discrepancy_when_money_comes_back(enlist, euros, balance_of):
    [payout] = enlist("10.00")
    read(named("camt.054-debited", payout))

    imported = read(named("camt.053-returned", payout))

    assert told(imported) == (1, 0, 0)
    # Nothing moves a second time until a person says so.
    assert statuses(payout) == ["completed"]
    assert balance_of(euros) == "490.00"
    [discrepancy] = PayoutDiscrepancy.objects.all()
    assert (discrepancy.payout_id, discrepancy.claim) == (payout.pk, "declined")


def test_fails_a_payout_whose_return_is_the_first_news(enlist, euros, balance_of):
    [payout] = enlist("10.00")

    read(named("camt.053-returned", payout))

    assert statuses(payout) == ["failed returned_account_closed"]
    assert balance_of(euros) == "500.00"


def test_takes_a_debit_and_its_return_in_one_statement_for_a_return(enlist):
    [payout] = enlist("10.00")
    returned = named("camt.053-returned", payout).decode()
    debit = """<Ntry><Amt Ccy="EUR">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>
        <Sts>BOOK</Sts><NtryDtls><TxDtls><Refs><EndToEndId>X</EndToEndId></Refs>
        </TxDtls></NtryDtls></Ntry><Ntry>""".replace("X", payout.pk.hex)

    imported = read(returned.replace("<Ntry>", debit, 1).encode())

    assert told(imported) == (2, 0, 0)
    assert statuses(payout) == ["failed returned_account_closed"]
    assert not PayoutDiscrepancy.objects.exists()


def test_tells_of_a_payment_that_the_bank_has_booked_twice(enlist, euros, balance_of):
    [payout] = enlist("10.00")
    before, entry, after = re.split(
        "(<Ntry>.*</Ntry>)", named("camt.054-debited", payout).decode(), flags=re.DOTALL
    )

    imported = read((before + entry * 2 + after).encode())

    assert told(imported) == (1, 0, 1)
    assert imported.unmatched[0].meaning == "booked_twice"
    assert statuses(payout) == ["completed"]
    assert balance_of(euros) == "490.00"


def test_raises_a_discrepancy_when_a_bank_takes_back_a_rejection(enlist):
    payouts = enlist("10.00", "20.50")
    read(named("pain.002-mixed", *payouts, payouts[0]))

    read(named("camt.053-booked", *payouts, payouts[0]))

    assert said(*payouts) == ["executed", "executed"]
    assert statuses(*payouts) == ["completed", "failed account_closed"]
    [discrepancy] = PayoutDiscrepancy.objects.all()
    assert (discrepancy.payout_id, discrepancy.claim) == (payouts[1].pk, "executed")


def test_applies_a_file_once_whatever_its_name(enlist, nothing_moves):
    [payout] = enlist("10.00")
    content = named("camt.054-debited", payout)
    read(content)

    with nothing_moves():
        again = read(content, name="copy.xml")

    assert again.is_repeat
    assert told(again) == (0, 1, 0)
    assert BankFile.objects.count() == 1


def test_brings_back_no_old_news_by_an_old_file(enlist):
    payouts = enlist("10.00", "20.50", "5.00")
    report = named("pain.002-mixed", *payouts)
    read(report)
    read(named("camt.053-booked", *payouts))

    again = read(report)

    assert told(again) == (0, 3, 0)
    assert said(*payouts) == ["executed", "executed", "accepted"]


def test_takes_one_booking_from_two_files(enlist):
    [payout] = enlist("10.00")
    read(named("camt.054-debited", payout))

    again = read(named("camt.054-debited", payout) + b"\n")

    assert not again.is_repeat
    assert told(again) == (0, 1, 0)
    assert statuses(payout) == ["completed"]
    assert not PayoutDiscrepancy.objects.exists()


def test_passes_over_news_that_are_older_than_what_is_known(enlist):
    payouts = enlist("10.00", "20.50", "5.00")
    read(named("camt.053-returned", payouts[0]))

    imported = read(named("pain.002-mixed", *payouts))

    assert told(imported) == (2, 1, 0)
    assert said(*payouts) == ["returned", "rejected", "accepted"]


def test_loses_no_news_when_it_dies_before_the_payouts_follow(enlist, monkeypatch):
    [payout] = enlist("10.00")
    content = named("camt.054-debited", payout)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(bank_files, "take_notices", die)
        read(content)
    assert (said(payout), statuses(payout)) == (["executed"], ["processing"])

    imported = read(content)

    assert imported.is_repeat
    assert statuses(payout) == ["completed"]


def test_lets_the_others_follow_when_one_payout_cannot(enlist, monkeypatch):
    payouts = enlist("10.00", "20.50", "5.00")
    monkeypatch.setattr(bank_files, "NEWS_AT_ONCE", 1)

    with refusing(payouts[0]), pytest.raises(ExceptionGroup) as caught:
        read(named("camt.053-booked", *payouts))

    assert len(caught.value.exceptions) == 1
    assert said(*payouts) == ["executed", "executed", "accepted"]
    assert statuses(*payouts) == ["processing", "completed", "processing"]


def test_loses_no_news_because_the_next_worker_asks(enlist, monkeypatch):
    [payout] = enlist("10.00")
    monkeypatch.setattr(bank_files, "take_notices", lambda *_, **__: None)
    read(named("camt.054-debited", payout))
    Payout.objects.update(due_at="2026-11-20T00:00Z")

    ask()

    assert statuses(payout) == ["completed"]


@pytest.mark.django_db(transaction=True)
def test_applies_a_file_once_when_it_is_imported_many_times_at_once(
    enlist, euros, balance_of
):
    payouts = enlist("10.00", "20.50", "5.00")
    content = named("camt.053-booked", *payouts)

    imports = race(*[lambda: read(content)] * 6)

    assert sorted(told(imported) for imported in imports) == [(0, 3, 0)] * 5 + [
        (3, 0, 0)
    ]
    assert BankFile.objects.count() == 1
    assert balance_of(euros) == "469.50"
    assert not PayoutDiscrepancy.objects.exists()


def test_does_not_apply_another_amount(enlist):
    payouts = enlist("10.01", "20.50", "5.00")

    imported = read(named("pain.002-mixed", *payouts))

    assert statuses(*payouts) == ["processing", "failed account_closed", "processing"]
    [unmatched] = imported.unmatched
    assert unmatched.subject == payouts[0].pk.hex
    assert unmatched.why == "We ordered 10.01 EUR; the bank says 10.00 EUR."


def test_does_not_apply_another_currency(enlist):
    [payout] = enlist("10.00")
    content = named("camt.054-debited", payout).replace(b'"EUR"', b'"USD"')

    imported = read(content)

    assert statuses(payout) == ["processing"]
    assert [each.why for each in imported.unmatched] == [
        "We ordered 10.00 EUR; the bank says 10.00 USD."
    ]


def test_does_not_apply_a_whole_whose_total_is_another(enlist):
    payouts = enlist("10.00", "20.51")

    imported = read(named("camt.053-one-debit-for-all"))

    assert statuses(*payouts) == ["processing"] * 2
    assert [each.why for each in imported.unmatched] == [
        "We ordered 30.51 EUR; the bank says 30.50 EUR."
    ]


def test_tells_of_payments_that_are_none_of_ours(db, nothing_moves):
    with nothing_moves():
        imported = read(sample("camt.053-booked"))

    # Not of the credit, which somebody else has sent.
    assert [(each.subject, each.why) for each in imported.unmatched] == [
        ("FIRST", "No payment of ours has this id."),
        ("SECOND", "No payment of ours has this id."),
        ("THIRD", "No payment of ours has this id."),
    ]
    assert told(read(sample("pain.002-file-rejected"))) == (0, 0, 1)


@pytest.mark.django_db(transaction=True)
def test_tells_of_strangers_payments_when_it_is_imported_many_times_at_once():
    content = sample("pain.002-mixed")

    imports = race(*[lambda: read(content)] * 4)

    assert [told(imported) for imported in imports] == [(0, 0, 3)] * 4
    assert BankFile.objects.count() == 1


def test_tells_of_a_payment_that_was_never_sent(outbox, ada, euros, nothing_moves):
    payout = request_by(ada, euros, "10.00")
    SepaGateway().cancel(order_of(payout))

    with nothing_moves():
        imported = read(sample("camt.054-debited", FIRST=payout.pk.hex))

    assert [each.why for each in imported.unmatched] == [
        "No payment of ours has this id."
    ]
    assert said(payout) == ["cancelled"]


def test_does_not_take_a_payment_with_our_id_for_a_return(enlist, nothing_moves):
    [payout] = enlist("10.00")
    content = named("camt.054-debited", payout).replace(b"DBIT", b"CRDT")

    with nothing_moves():
        imported = read(content)

    assert [each.why for each in imported.unmatched] == [
        "It is neither a payment nor a return."
    ]
    assert said(payout) == ["sent"]


def test_stores_nothing_of_what_cannot_be_read(db):
    with pytest.raises(UnreadableBankFile):
        read(b"<Document/>")

    assert not BankFile.objects.exists()
