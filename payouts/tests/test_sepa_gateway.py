"""The SEPA gateway ..."""

from collections import Counter

import pytest
from django.core.exceptions import ImproperlyConfigured
from structlog.testing import capture_logs

from paycore.lib.sealing import unseal
from paycore.testing.races import race
from payouts.gateways import Outcome
from payouts.gateways.sepa import SepaGateway, deliver_files, enlisting
from payouts.gateways.sepa.delivery import STAGING
from payouts.gateways.sepa.files import build_file
from payouts.models import Payout, SepaFile, SepaInstruction
from payouts.tests.bank_samples import (
    in_outbox,
    order_of,
    paid_by,
    submit,
)

pytestmark = pytest.mark.django_db


def test_puts_payouts_into_one_file_and_waits(pay_out, outbox):
    first, second = pay_out("10.00", reference="rent"), pay_out("20.50")

    answers = submit(first, second)

    [file] = SepaFile.objects.all()
    assert [answer.outcome for answer in answers] == [Outcome.UNDERWAY] * 2
    assert [answer.gateway_reference for answer in answers] == [
        f"{file.message_id}/{first.pk.hex}",
        f"{file.message_id}/{second.pk.hex}",
    ]
    assert (file.payments, file.total.text, file.currency) == (2, "30.50", "EUR")
    assert file.message_id == file.pk.hex
    assert None not in (file.staged_at, file.delivered_at)
    assert in_outbox(outbox) == [f"{file.message_id}.xml"]
    written = outbox / f"{file.message_id}.xml"
    assert sorted(paid_by(written.read_bytes())) == sorted(
        [first.pk.hex, second.pk.hex]
    )
    assert written.stat().st_mode & 0o777 == 0o600
    assert (outbox / STAGING).stat().st_mode & 0o777 == 0o700


def test_keeps_the_file_as_it_was_delivered_and_sealed(pay_out, outbox):
    payout = pay_out()
    submit(payout)

    [file] = SepaFile.objects.all()
    delivered = (outbox / f"{file.message_id}.xml").read_text()

    iban = unseal(payout.iban_sealed)
    assert iban in delivered
    assert iban not in file.content_sealed
    assert unseal(file.content_sealed) == delivered


def test_puts_no_payout_into_a_second_file(pay_out, outbox):
    old, new = pay_out(), pay_out()
    [before] = submit(old)

    [again, other] = submit(old, new)

    assert again == before
    assert other.outcome == Outcome.UNDERWAY
    assert SepaFile.objects.count() == len(in_outbox(outbox)) == 2
    assert sorted(
        identifier
        for name in in_outbox(outbox)
        for identifier in paid_by((outbox / name).read_bytes())
    ) == sorted([old.pk.hex, new.pk.hex])


def test_declines_what_sepa_cannot_pay_and_pays_the_others(pay_out, outbox):
    turkish = pay_out(iban="TR330006100519786457841326")
    nameless = pay_out(name="***")
    payout = pay_out()

    answers = submit(turkish, nameless, payout)

    assert [(answer.outcome, answer.failure_code) for answer in answers] == [
        (Outcome.DECLINED, "not_a_sepa_payment"),
        (Outcome.DECLINED, "invalid_beneficiary"),
        (Outcome.UNDERWAY, ""),
    ]
    [instruction] = SepaInstruction.objects.all()
    assert instruction.payout_id == payout.pk


def test_makes_no_file_for_nothing(pay_out, outbox):
    [answer] = submit(pay_out(name="***"))

    assert answer.outcome == Outcome.DECLINED
    assert not SepaFile.objects.exists()
    assert in_outbox(outbox) == []
    assert list(SepaGateway().submit([])) == [[]]


def test_never_declines_what_is_in_a_file(pay_out, monkeypatch):
    payout = pay_out()
    submit(payout)
    # Whatever we would say of it today.
    monkeypatch.setattr(enlisting, "find_fault", lambda _: "not_a_sepa_payment")

    [answer] = submit(payout)

    assert answer.outcome == Outcome.UNDERWAY


def test_never_declines_what_another_worker_puts_into_a_file_meanwhile(
    pay_out, monkeypatch
):
    def let_another_be_quicker(order):
        monkeypatch.setattr(enlisting, "find_fault", lambda _: None)
        enlisting.enlist_payments([order])
        return "not_a_sepa_payment"

    monkeypatch.setattr(enlisting, "find_fault", let_another_be_quicker)

    [answer] = submit(pay_out())

    assert answer.outcome == Outcome.UNDERWAY


def test_leaves_out_what_another_worker_puts_into_a_file_meanwhile(
    pay_out, outbox, monkeypatch
):
    ours, theirs = pay_out(), pay_out()

    def let_another_be_quicker(*arguments, **named):
        monkeypatch.setattr(enlisting, "build_file", build_file)
        enlisting.enlist_payments([order_of(theirs)])
        return build_file(*arguments, **named)

    monkeypatch.setattr(enlisting, "build_file", let_another_be_quicker)

    answers = submit(ours, theirs)

    assert [answer.outcome for answer in answers] == [Outcome.UNDERWAY] * 2
    paid = [paid_by((outbox / name).read_bytes()) for name in in_outbox(outbox)]
    assert sorted(map(list, paid)) == sorted([[ours.pk.hex], [theirs.pk.hex]])


def test_lets_no_payment_hold_up_the_others_by_a_mistake_of_ours(
    pay_out, outbox, monkeypatch
):
    monkeypatch.setattr(enlisting, "find_fault", lambda _: None)
    payouts = pay_out(), pay_out(name="***"), pay_out()

    with capture_logs() as logs:
        answers = submit(*payouts)

    assert [answer.outcome for answer in answers] == [
        Outcome.UNDERWAY,
        Outcome.DECLINED,
        Outcome.UNDERWAY,
    ]
    assert [entry["event"] for entry in logs] == ["sepa_file_invalid"]
    [file] = SepaFile.objects.all()
    assert (file.payments, file.total.text) == (2, "20.00")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SEPA_DEBTOR_IBAN", ""),
        ("SEPA_DEBTOR_IBAN", "DE02120300000000202052"),
        ("SEPA_DEBTOR_BIC", ""),
        ("SEPA_DEBTOR_NAME", "!!!"),
    ],
)
def test_declines_nothing_because_of_wrong_settings(
    pay_out, outbox, settings, setting, value
):
    payout = pay_out()
    setattr(settings, setting, value)

    with pytest.raises(ImproperlyConfigured, match=setting):
        submit(payout)

    assert not SepaFile.objects.exists()
    assert in_outbox(outbox) == []


def ask(payout: Payout):
    [[answer]] = SepaGateway().find([order_of(payout)])
    return answer


def test_has_never_heard_of_what_is_in_no_file(pay_out):
    assert ask(pay_out()).outcome == Outcome.ABSENT


@pytest.mark.parametrize(
    ("status", "reason", "outcome", "failure_code"),
    [
        ("sent", "", Outcome.UNDERWAY, ""),
        ("accepted", "", Outcome.UNDERWAY, ""),
        ("executed", "", Outcome.EXECUTED, ""),
        ("rejected", "AC04", Outcome.DECLINED, "account_closed"),
        ("rejected", "FF01", Outcome.DECLINED, "code_ff01"),
        ("rejected", "House rule §7", Outcome.DECLINED, "code_house_rule_7"),
        ("rejected", "", Outcome.DECLINED, "no_reason_given"),
        ("rejected", "§§§", Outcome.DECLINED, "no_reason_given"),
        ("returned", "AC04", Outcome.DECLINED, "returned_account_closed"),
        ("returned", "x" * 35, Outcome.DECLINED, f"returned_code_{'x' * 35}"),
    ],
)
def test_answers_what_the_bank_said_last(
    pay_out, status, reason, outcome, failure_code
):
    payout = pay_out()
    submit(payout)
    SepaInstruction.objects.update(status=status, reason_code=reason)

    answer = ask(payout)

    assert (answer.outcome, answer.failure_code) == (outcome, failure_code)
    assert len(answer.failure_code) <= 50
    assert answer.gateway_reference.endswith(f"/{payout.pk.hex}")


def test_rules_out_for_ever_what_is_cancelled_in_time(pay_out, outbox):
    payout = pay_out()

    answer = SepaGateway().cancel(order_of(payout))
    [afterwards] = submit(payout)

    assert (answer.outcome, answer.failure_code) == (Outcome.DECLINED, "cancelled")
    assert afterwards == answer == ask(payout)
    assert SepaGateway().cancel(order_of(payout)) == answer
    assert not SepaFile.objects.exists()
    assert in_outbox(outbox) == []


def test_cannot_take_a_payment_out_of_a_file(pay_out):
    payout = pay_out()
    submit(payout)

    assert SepaGateway().cancel(order_of(payout)).outcome == Outcome.UNDERWAY


def test_is_as_patient_as_the_settings_say(settings):
    settings.SEPA_PATIENCE_DAYS = 3

    assert SepaGateway().patience.days == 3


@pytest.mark.django_db(transaction=True)
def test_puts_payouts_into_one_file_each_however_many_workers(pay_out, outbox):
    payouts = [pay_out("1.00") for _ in range(6)]
    hands = [payouts[:4], payouts[2:], payouts[::-1], payouts[1:5], payouts]

    answers = race(*[lambda hand=hand: submit(*hand) for hand in hands])

    for hand, said in zip(hands, answers, strict=True):
        assert [answer.outcome for answer in said] == [Outcome.UNDERWAY] * len(hand)
    # Some may have been left to another worker, who was at it.
    deliver_files()
    paid = Counter(
        identifier
        for name in in_outbox(outbox)
        for identifier in paid_by((outbox / name).read_bytes())
    )
    assert paid == {payout.pk.hex: 1 for payout in payouts}
    assert len(in_outbox(outbox)) == SepaFile.objects.count()


@pytest.mark.django_db(transaction=True)
def test_either_sends_or_cancels(pay_out, outbox):
    payouts = [pay_out("1.00") for _ in range(4)]
    sendings = [lambda each=each: submit(each)[0] for each in payouts]
    cancellings = [
        lambda each=each: SepaGateway().cancel(order_of(each)) for each in payouts
    ]

    answers = race(*sendings, *cancellings)
    deliver_files()

    sent, cancelled = answers[:4], answers[4:]
    assert sent == cancelled
    underway = [answer for answer in sent if answer.outcome == Outcome.UNDERWAY]
    assert len(in_outbox(outbox)) == len(underway)
