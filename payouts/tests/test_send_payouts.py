"""A worker takes up a due payout, tells its gateway, and ..."""

import pytest
from django.test.utils import override_settings

from ledger.house import HousePurpose
from ledger.models import Hold, JournalEntry, Posting
from paycore.lib.metrics import PAYOUT_ANSWERS
from paycore.lib.money import CURRENCIES
from paycore.settings.payouts import new_encryption_key
from paycore.testing.bookkeeping import house
from paycore.testing.statements import statements_of
from payouts.gateways import Answer, Outcome
from payouts.models import PayoutAttempt
from payouts.services.claims import BATCH
from payouts.tests.orders import IBAN
from payouts.tests.working import (
    attempts_of,
    counted,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    pause_of,
    put_off,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db


def answers_counted(kind, outcome):
    return PAYOUT_ANSWERS.labels(
        gateway="sandbox", kind=kind, outcome=outcome
    )._value.get()


def test_takes_what_was_held_when_it_was_executed(ada_usd, payout, gateway):
    assert submit() == 1

    sent = now(payout)
    assert (sent.status, sent.failure_code) == ("completed", "")
    assert sent.gateway_reference == f"bank-{payout.pk}"
    assert (sent.attempts, sent.questions, sent.fence) == (1, 0, 1)
    assert (sent.due_at, sent.leased_by, sent.unknown_since) == (None, "", None)
    assert sent.completed_at == sent.updated_at > payout.updated_at
    assert events_of(payout) == ["pending", "processing", "completed"]
    assert attempts_of(payout) == [("submit", "executed")]
    assert funds_of(ada_usd) == ("990.00", "0.00")
    assert funds_of(house(HousePurpose.PAYOUTS, "USD")) == ("10.00", "0.00")


def test_writes_one_entry_that_says_whose_it_is(ada_usd, payout_of, ada, gateway):
    payout = payout_of(ada, ada_usd, reference="rent")

    submit()

    entry = JournalEntry.objects.get(kind="payout")
    assert now(payout).journal_entry_id == entry.pk
    assert entry.description == "Payout to Ada Lovelace"
    assert entry.metadata == {"payout_id": str(payout.pk), "reference": "rent"}
    lines = Posting.objects.filter(entry=entry).values_list(
        "account_id", "amount_minor"
    )
    assert sorted(lines) == sorted(
        [(ada_usd.pk, -1000), (house(HousePurpose.PAYOUTS, "USD"), 1000)]
    )
    hold = Hold.objects.get()
    assert (hold.status, hold.captured_minor) == ("captured", 1000)


def test_gives_back_what_was_held_when_it_was_declined(ada_usd, payout, gateway):
    gateway.will(
        "submit",
        Answer(
            payout.pk, Outcome.DECLINED, "bank-7", "account_closed", "It is closed."
        ),
    )

    submit()

    failed = now(payout)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert (failed.gateway_reference, failed.due_at) == ("bank-7", None)
    assert (failed.journal_entry_id, failed.completed_at) == (None, None)
    assert events_of(payout) == ["pending", "processing", "failed"]
    told = last_event_of(payout)
    assert (told.actor, told.owner_ids) == ("system", [payout.owner_id])
    assert told.data["failure_code"] == "account_closed"
    assert IBAN not in str(told.data)
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert Hold.objects.get().status == "released"
    attempt = PayoutAttempt.objects.get()
    assert (attempt.gateway_reference, attempt.failure_code, attempt.detail) == (
        "bank-7",
        "account_closed",
        "It is closed.",
    )


def test_gives_a_decline_without_a_code_one(payout, gateway):
    gateway.will("submit", Outcome.DECLINED)

    submit()

    assert now(payout).failure_code == "declined_by_gateway"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.UNDERWAY, Outcome.ABSENT])
def test_keeps_the_funds_on_hold_and_asks_soon_when_nobody_knows(
    ada_usd, payout, gateway, outcome
):
    gateway.will("submit", outcome)

    submit()

    waiting = now(payout)
    assert (waiting.status, waiting.step) == ("processing", "ask")
    assert (waiting.leased_by, waiting.fence, waiting.attempts) == ("", 1, 1)
    # Since before it was sent, which was when it was taken up.
    assert payout.updated_at < waiting.unknown_since < waiting.updated_at
    assert pause_of(payout) == 1
    assert events_of(payout) == ["pending", "processing"]
    assert attempts_of(payout) == [("submit", outcome)]
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_sends_again_later_when_it_was_certainly_not_sent(ada_usd, payout, gateway):
    gateway.will("submit", Outcome.NOT_SENT, Outcome.EXECUTED)

    submit()

    waiting = now(payout)
    assert (waiting.status, waiting.step, waiting.attempts) == (
        "processing",
        "submit",
        1,
    )
    assert (waiting.leased_by, waiting.unknown_since) == ("", None)
    assert pause_of(payout) == 1
    assert funds_of(ada_usd) == ("1000.00", "10.00")
    put_off(payout)
    assert submit() == 0
    make_due(payout)
    assert submit() == 1
    assert status_of(payout) == "completed"
    assert attempts_of(payout) == [("submit", "not_sent"), ("submit", "executed")]
    # The key is the same each time, and `processing` was told once.
    assert gateway.heard_of(payout.pk) == ["submit", "submit"]
    assert events_of(payout) == ["pending", "processing", "completed"]


def test_gives_up_what_was_never_sent(ada_usd, payout, gateway, settings):
    settings.PAYOUT_MAX_ATTEMPTS = 3
    gateway.will("submit", Outcome.NOT_SENT)

    for _ in range(3):
        make_due(payout)
        assert submit() == 1

    failed = now(payout)
    assert (failed.status, failed.failure_code) == ("failed", "gateway_unavailable")
    assert (failed.attempts, failed.due_at) == (3, None)
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert attempts_of(payout) == [("submit", "not_sent")] * 3
    make_due(payout)
    assert submit() == 0


def test_tells_the_gateway_the_whole_order(ada, ada_usd, payout_of, gateway):
    payout = payout_of(ada, ada_usd, "12.34", reference="rent", bic="COBADEFFXXX")

    submit()

    [(kind, order)] = gateway.heard
    assert (kind, order.payout_id, order.reference) == ("submit", payout.pk, "rent")
    assert (order.amount.text, order.amount.currency) == (
        "12.34",
        CURRENCIES.get("USD"),
    )
    to = order.beneficiary
    assert (to.name, to.iban, to.bic) == ("Ada Lovelace", IBAN, "COBADEFFXXX")


def test_talks_outside_of_any_transaction(payout, gateway):
    submit()

    assert gateway.heard
    assert not gateway.saw_transaction


def test_leaves_alone_what_waits_for_approval(large, gateway):
    assert submit() == 0
    assert (status_of(large), gateway.heard) == ("pending", [])


def test_takes_the_oldest_first_and_only_a_batch(ada, ada_usd, payout_of, gateway):
    payouts = [payout_of(ada, ada_usd, "0.01") for _ in range(BATCH + 1)]

    assert submit() == BATCH

    assert {order.payout_id for _, order in gateway.heard} == {
        payout.pk for payout in payouts[:-1]
    }
    assert submit() == 1
    assert funds_of(ada_usd) == ("999.35", "0.00")


def test_costs_as_many_statements_for_many_as_for_one(ada, ada_usd, payout_of, gateway):
    def statements(count):
        for _ in range(count):
            payout_of(ada, ada_usd, "0.01")
        return statements_of(submit)

    assert statements(1) == statements(30)
    assert len(gateway.heard) == 31


def test_sends_the_others_of_a_batch_of_which_one_cannot_be_read(
    ada, ada_usd, payout_of, gateway
):
    with override_settings(ENCRYPTION_KEYS=[new_encryption_key()]):
        unreadable = payout_of(ada, ada_usd)
    readable = payout_of(ada, ada_usd)

    assert submit() == 2

    assert status_of(readable) == "completed"
    assert gateway.heard_of(unreadable.pk) == []
    waiting = now(unreadable)
    assert (waiting.status, waiting.step) == ("processing", "submit")
    assert attempts_of(unreadable) == [("submit", "not_sent")]


def test_is_counted_once_it_is_committed(
    payout, gateway, django_capture_on_commit_callbacks
):
    def count():
        return [
            counted("processing"),
            counted("completed"),
            counted("failed"),
            answers_counted("submit", "executed"),
        ]

    before = count()
    with django_capture_on_commit_callbacks(execute=True):
        submit()

    assert [late - early for early, late in zip(before, count(), strict=True)] == [
        1,
        1,
        0,
        1,
    ]


def test_keeps_what_a_gateway_says_as_far_as_it_fits(payout, gateway):
    gateway.will(
        "submit",
        Answer(payout.pk, Outcome.DECLINED, "r" * 999, "c" * 999, "d" * 999),
    )

    submit()

    stored = now(payout)
    assert (stored.gateway_reference, stored.failure_code) == ("r" * 255, "c" * 50)
    assert PayoutAttempt.objects.get().detail == "d" * 300
