"""The sandbox gateway and the sandbox bank understand each other."""

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from paycore.lib.money import Money
from payouts.gateways.protocol import Answer, Outcome, PaymentOrder
from payouts.gateways.sandbox import SandboxGateway
from payouts.tests.banks import (
    GRACE,
    IBAN,
    answering,
    find,
    http,
    order,
    submit,
)

pytestmark = pytest.mark.usefixtures("long_patience")


def gateway_to(bank):
    return SandboxGateway(lambda: bank.url)


@pytest.fixture
def gateway(bank):
    return gateway_to(bank)


@pytest.fixture
def impatient(gateway, bank, settings):
    """A gateway to the same bank, for answers that never come."""
    settings.PAYOUT_GATEWAY_TIMEOUT = 0.5
    return gateway_to(bank)


def wait_for(bank, *orders):
    """Until the bank has them, which on a busy machine may be after a timeout."""
    deadline = time.monotonic() + 120
    while not all(bank.payment(sent.payout_id) for sent in orders):
        assert time.monotonic() < deadline, "The bank never got them."
        time.sleep(0.01)


def test_an_order_is_executed_once(gateway, bank):
    sent = order()

    answers = [submit(gateway, sent), submit(gateway, sent), find(gateway, sent)]

    kept = bank.payment(sent.payout_id)
    executed = Answer(sent.payout_id, Outcome.EXECUTED, gateway_reference=kept["id"])
    assert answers == [executed] * 3
    assert kept["executions"] == 1
    assert (kept["amount"], kept["currency"]) == ("150.75", "EUR")
    assert (kept["iban_last4"], kept["reference"]) == ("3000", "rent")


def test_amounts_have_the_decimals_of_their_currency(gateway, bank):
    yen = order(minor=1000, currency="JPY")

    assert submit(gateway, yen).outcome == Outcome.EXECUTED
    assert bank.payment(yen.payout_id)["amount"] == "1000"


def test_an_order_is_declined(gateway, bank):
    sent = order("sandbox-decline")

    answers = [submit(gateway, sent), find(gateway, sent)]

    kept = bank.payment(sent.payout_id)
    assert (
        answers
        == [
            Answer(
                sent.payout_id,
                Outcome.DECLINED,
                gateway_reference=kept["id"],
                failure_code="declined_by_bank",
            )
        ]
        * 2
    )
    assert kept["executions"] == 0


def test_a_flaky_bank_has_not_got_the_order_until_it_takes_it(gateway, bank):
    sent = order("sandbox-flaky")

    answers = [submit(gateway, sent) for _ in range(3)]

    outcomes = [answer.outcome for answer in answers]
    assert outcomes == [Outcome.NOT_SENT, Outcome.NOT_SENT, Outcome.EXECUTED]
    assert bank.payment(sent.payout_id)["executions"] == 1


def test_a_late_order_is_unknown_and_found_on_asking(gateway, impatient, bank):
    sent = order("sandbox-late")

    first = submit(impatient, sent)
    wait_for(bank, sent)

    assert first == Answer(
        sent.payout_id,
        Outcome.UNKNOWN,
        detail="The bank did not answer within 0.5 s.",
    )
    assert find(gateway, sent).outcome == Outcome.EXECUTED
    assert bank.payment(sent.payout_id)["executions"] == 1


@pytest.mark.parametrize("outcome", [Outcome.EXECUTED, Outcome.DECLINED])
def test_what_the_bank_only_received_is_unknown_until_it_is_told(
    gateway, impatient, bank, outcome
):
    sent = order("sandbox-timeout")

    assert submit(impatient, sent).outcome == Outcome.UNKNOWN
    wait_for(bank, sent)
    asked = find(gateway, sent)
    bank.tell(sent.payout_id, outcome.value)

    assert asked == Answer(
        sent.payout_id,
        Outcome.UNKNOWN,
        gateway_reference=bank.payment(sent.payout_id)["id"],
        detail="The bank has it, and has not said what becomes of it.",
    )
    assert find(gateway, sent).outcome == outcome


def test_an_order_that_was_never_sent_is_absent(gateway):
    sent = order()

    assert find(gateway, sent) == Answer(
        sent.payout_id, Outcome.ABSENT, detail="The bank does not know it."
    )


def test_the_key_of_another_payment_is_unclear(gateway, bank):
    sent = order()
    submit(gateway, sent)
    changed = PaymentOrder(sent.payout_id, Money.of(1, "EUR"), GRACE, "rent")

    assert submit(gateway, changed).outcome == Outcome.UNKNOWN
    assert find(gateway, changed).outcome == Outcome.UNKNOWN
    assert bank.payment(sent.payout_id)["executions"] == 1


def test_many_orders_are_each_answered_once_and_slow_ones_hinder_nobody(gateway, bank):
    slow = [order("sandbox-slow") for _ in range(3)]
    quick = [order() for _ in range(100)]

    lists = gateway.submit([*slow, *quick])
    answers = [answer for answered in lists for answer in answered]

    assert Counter(answer.payout_id for answer in answers) == Counter(
        sent.payout_id for sent in [*slow, *quick]
    )
    assert {answer.outcome for answer in answers} == {Outcome.EXECUTED}
    last = {answer.payout_id for answer in answers[-3:]}
    assert last == {sent.payout_id for sent in slow}


def test_nothing_to_send_is_no_answer(gateway):
    assert list(gateway.submit([])) == []
    assert list(gateway.find([])) == []


def test_an_order_that_nobody_waits_for_any_more_is_not_begun(bank, settings):
    settings.PAYOUT_GATEWAY_TIMEOUT = 4
    gateway = gateway_to(bank)
    waiting = [order("sandbox-late") for _ in range(16)]
    behind = [order() for _ in range(50)]

    # Of the sixteen that are begun, one is answered after two seconds.
    answers = gateway.submit([order("sandbox-slow"), *waiting, *behind])
    next(answers)
    answers.close()
    # The threads are free again once these are through.
    list(gateway.find([order() for _ in range(16)]))

    wait_for(bank, *waiting[:15])
    assert bank.payment(behind[-1].payout_id) is None


def test_what_was_received_can_be_cancelled(gateway, impatient, bank):
    sent = order("sandbox-timeout")
    submit(impatient, sent)
    wait_for(bank, sent)

    answers = [gateway.cancel(sent), gateway.cancel(sent)]

    outcomes = [(answer.outcome, answer.failure_code) for answer in answers]
    assert outcomes == [(Outcome.DECLINED, "cancelled")] * 2
    assert bank.payment(sent.payout_id)["executions"] == 0


def test_what_was_executed_cannot_be_cancelled(gateway):
    sent = order()
    submit(gateway, sent)

    assert gateway.cancel(sent).outcome == Outcome.EXECUTED


def test_what_is_cancelled_before_it_was_sent_is_never_executed(gateway, bank):
    sent = order()

    assert gateway.cancel(sent).outcome == Outcome.DECLINED
    assert submit(gateway, sent).outcome == Outcome.DECLINED
    assert bank.payment(sent.payout_id)["executions"] == 0


def test_the_iban_is_told_to_the_bank_and_nobody_else(caplog):
    caplog.set_level("DEBUG")
    sent = order()
    with answering(http(400, {"code": IBAN, "id": IBAN})) as (gateway, requests):
        answers = [submit(gateway, sent), find(gateway, sent), gateway.cancel(sent)]

    assert IBAN.encode() in requests[0]
    assert IBAN not in repr(answers)
    assert IBAN not in repr(sent)
    assert IBAN not in caplog.text


def test_connections_are_kept(bank):
    gateway = SandboxGateway(lambda: bank.url)

    for _ in range(5):
        submit(gateway, order())
        find(gateway, order())

    pool = gateway._line().connections.connection_from_url(bank.url)
    assert pool.num_connections == 1
    assert pool.num_requests == 10


def test_a_bank_that_was_killed_is_spoken_to_again_when_it_is_back(own_bank):
    gateway = SandboxGateway(lambda: own_bank.url)
    before, between, after = order(), order(), order()
    assert submit(gateway, before).outcome == Outcome.EXECUTED

    own_bank.kill()
    assert submit(gateway, between).outcome == Outcome.NOT_SENT
    own_bank.start()

    assert submit(gateway, after).outcome == Outcome.EXECUTED
    assert find(gateway, before).outcome == Outcome.EXECUTED
    assert find(gateway, between).outcome == Outcome.ABSENT


def test_a_forked_process_has_connections_of_its_own(gateway, bank):
    """As Celery's: the parent may have used the gateway before it forks."""
    assert submit(gateway, order()).outcome == Outcome.EXECUTED
    sent = [order() for _ in range(20)]

    child = os.fork()
    if child == 0:
        # A child that fails or hangs must not go on to run the rest of the tests.
        signal.alarm(120)
        with suppress(BaseException):
            if sum(map(len, gateway.submit(sent))) == len(sent):
                os._exit(0)
        os._exit(1)
    submit(gateway, order())
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert all(bank.payment(paid.payout_id)["executions"] == 1 for paid in sent)


def test_the_stack_says_where_its_bank_is(settings, bank):
    settings.SANDBOX_BANK_URL = ""
    settings.HOME = bank.home

    assert submit(SandboxGateway(), order()).outcome == Outcome.EXECUTED


def test_the_settings_say_first_where_the_bank_is(settings, bank, tmp_path):
    settings.SANDBOX_BANK_URL = f"{bank.url}/"
    settings.HOME = tmp_path

    assert submit(SandboxGateway(), order()).outcome == Outcome.EXECUTED


def test_without_a_bank_nothing_is_sent(settings, tmp_path):
    settings.SANDBOX_BANK_URL = ""
    settings.HOME = tmp_path
    gateway, sent = SandboxGateway(), order()

    assert submit(gateway, sent) == Answer(
        sent.payout_id, Outcome.NOT_SENT, detail="The sandbox bank is not running."
    )
    assert find(gateway, sent).outcome == Outcome.UNKNOWN
    assert gateway.cancel(sent).outcome == Outcome.UNKNOWN


def test_is_as_patient_as_the_settings_say(settings):
    settings.PAYOUT_UNKNOWN_AFTER = 60

    assert SandboxGateway().patience == timedelta(minutes=1)
