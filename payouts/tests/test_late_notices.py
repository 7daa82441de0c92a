"""When a gateway says otherwise after a person has decided, ..."""

import pytest

from accounts.services import freeze_account
from ledger.errors import AccountNotActive, InsufficientBalance
from ledger.models import JournalEntry, Posting
from paycore.lib.errors import InvalidState, NotFound
from paycore.lib.ids import new_id
from paycore.lib.origin import Origin
from paycore.testing.attacks import refusal_of
from paycore.testing.refusals import refused_with
from payouts.gateways import Answer, Outcome
from payouts.models import PayoutAttempt, PayoutDiscrepancy, Step
from payouts.services import (
    cancel_payout,
    correct_discrepancy,
    discrepancies,
    dismiss_discrepancy,
    take_notices,
)
from payouts.services.claims import claim_due
from payouts.services.moves import lock_payout
from payouts.tests.working import (
    ask,
    attempts_of,
    claims_against,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    resolve,
    send_into_doubt,
    send_into_review,
    status_of,
    submit,
    work,
)

pytestmark = pytest.mark.django_db

BANK = Origin(actor="test:bank")
EXECUTED, DECLINED = Outcome.EXECUTED, Outcome.DECLINED


def notice(payout, outcome, **more):
    take_notices([Answer(payout.pk, outcome, **more)], origin=BANK)


@pytest.fixture
def refunded(ada_usd, operator, payout, gateway):
    """A person says it was not sent, so ada has her 10.00 USD back."""
    return resolve(operator, send_into_review(gateway, payout), "refund_failed")


@pytest.fixture
def confirmed(ada_usd, operator, payout, gateway):
    """A person says it was sent, so ada has paid 10.00 USD."""
    return resolve(operator, send_into_review(gateway, payout), "confirm_sent")


def closing(operator, payout, *, reason="r", **more):
    discrepancy = PayoutDiscrepancy.objects.get(payout=payout, status="open")
    return {
        "discrepancy_id": discrepancy.pk,
        "by_id": operator.id,
        "reason": reason,
        "origin": operator.origin,
        **more,
    }


@pytest.mark.parametrize("times", [1, 3])
def test_that_it_was_executed_is_told_and_moves_nothing(ada_usd, refunded, times):
    for _ in range(times):
        notice(refunded, EXECUTED, gateway_reference="bank-7", detail="Booked.")

    kept = now(refunded)
    assert (kept.status, kept.failure_code) == ("failed", "refunded_by_review")
    assert (kept.due_at, kept.leased_by, kept.gateway_reference) == (None, "", "bank-7")
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert claims_against(refunded) == [("executed", "open")]
    raised = PayoutDiscrepancy.objects.get()
    assert (raised.gateway_reference, raised.detail) == ("bank-7", "Booked.")
    assert events_of(refunded)[-2:] == ["failed", "contradicted"]
    told = last_event_of(refunded)
    assert told.actor == "test:bank"
    assert (told.data["status"], told.data["claim"]) == ("failed", "executed")
    assert told.data["discrepancy_id"] == str(raised.pk)
    # Each notice is in the timeline.
    assert attempts_of(refunded)[-times:] == [("notice", "executed")] * times


@pytest.mark.parametrize("times", [1, 3])
def test_that_it_was_declined_is_told_and_moves_nothing(ada_usd, confirmed, times):
    for _ in range(times):
        notice(confirmed, DECLINED, failure_code="account_closed")

    assert (status_of(confirmed), now(confirmed).failure_code) == ("completed", "")
    assert funds_of(ada_usd) == ("990.00", "0.00")
    assert claims_against(confirmed) == [("declined", "open")]
    assert events_of(confirmed)[-2:] == ["completed", "contradicted"]


def test_the_same_is_heard_when_asking(ada_usd, confirmed, gateway):
    gateway.will("find", DECLINED)
    make_due(confirmed)

    assert ask() == 1

    assert claims_against(confirmed) == [("declined", "open")]
    # Free for "ask again".
    assert (now(confirmed).due_at, now(confirmed).leased_by) == (None, "")
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_the_same_is_heard_when_it_cannot_be_cancelled(ada_usd, refunded, gateway):
    gateway.will("cancel", EXECUTED)

    assert work(Step.CANCEL) == 1

    assert claims_against(refunded) == [("executed", "open")]
    assert (now(refunded).due_at, status_of(refunded)) == (None, "failed")
    assert funds_of(ada_usd) == ("1000.00", "0.00")


def test_that_it_agrees_ends_the_watch(refunded):
    assert claim_due(step=Step.CANCEL, worker="w") is not None

    notice(refunded, DECLINED)

    assert (now(refunded).due_at, now(refunded).leased_by) == (None, "")
    assert claims_against(refunded) == []
    assert events_of(refunded)[-1] == "failed"


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.UNDERWAY, Outcome.ABSENT])
def test_what_is_not_certain_is_only_kept(confirmed, outcome):
    before = now(confirmed)

    notice(confirmed, outcome)

    assert now(confirmed).due_at == before.due_at
    assert claims_against(confirmed) == []
    assert attempts_of(confirmed)[-1] == ("notice", outcome)


def test_a_payout_that_was_cancelled_may_be_contradicted(ada_usd, ada, payout):
    cancel_payout(payout_id=payout.pk, reason="r", origin=ada.origin)

    notice(payout, DECLINED)
    notice(payout, EXECUTED)

    assert (status_of(payout), claims_against(payout)) == (
        "cancelled",
        [("executed", "open")],
    )
    assert funds_of(ada_usd) == ("1000.00", "0.00")


def test_a_payout_that_was_not_sent_yet_is_sent_all_the_same(ada_usd, payout, gateway):
    notice(payout, DECLINED)
    assert claims_against(payout) == []

    notice(payout, EXECUTED)

    assert (status_of(payout), claims_against(payout)) == (
        "pending",
        [("executed", "open")],
    )
    assert submit() == 1
    assert status_of(payout) == "completed"
    assert funds_of(ada_usd) == ("990.00", "0.00")


@pytest.mark.parametrize(
    ("outcome", "status", "posted"),
    [(EXECUTED, "completed", "990.00"), (DECLINED, "failed", "1000.00")],
)
def test_a_notice_settles_what_is_in_doubt_once(
    ada_usd, payout, gateway, outcome, status, posted
):
    send_into_doubt(gateway, payout)

    notice(payout, outcome)
    notice(payout, outcome)

    assert (status_of(payout), now(payout).due_at) == (status, None)
    assert funds_of(ada_usd) == (posted, "0.00")
    assert last_event_of(payout).actor == "test:bank"
    assert claims_against(payout) == []


def test_a_notice_of_nothing_that_we_know_is_ignored(payout, gateway):
    unknown = Answer(new_id(), EXECUTED)
    send_into_doubt(gateway, payout)

    take_notices([unknown, Answer(payout.pk, EXECUTED)], origin=BANK)

    assert status_of(payout) == "completed"
    assert PayoutAttempt.objects.filter(kind="notice").count() == 1


def test_correcting_debits_what_left_after_all(ada_usd, operator, refunded):
    notice(refunded, EXECUTED)

    closed = correct_discrepancy(**closing(operator, refunded, reason="It is booked"))

    assert funds_of(ada_usd) == ("990.00", "0.00")
    assert claims_against(refunded) == [("executed", "corrected")]
    assert (closed.closed_by_id, closed.closed_at) == (
        operator.id,
        now(refunded).updated_at,
    )
    entry = JournalEntry.objects.get(kind="payout_correction")
    assert closed.journal_entry_id == entry.pk
    assert entry.description == "Correction of a payout to Ada Lovelace"
    assert entry.metadata["payout_id"] == str(refunded.pk)
    assert Posting.objects.get(entry=entry, account=ada_usd.pk).amount_minor == -1000
    assert (status_of(refunded), now(refunded).journal_entry_id) == ("failed", None)
    told = last_event_of(refunded)
    assert (told.type, told.actor) == (
        "payout.discrepancy_corrected",
        operator.origin.actor,
    )
    assert told.data["reason"] == "It is booked"
    assert told.data["journal_entry_id"] == str(entry.pk)


def test_correcting_gives_back_what_did_not_leave(ada_usd, operator, confirmed):
    notice(confirmed, DECLINED)

    correct_discrepancy(**closing(operator, confirmed))

    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert status_of(confirmed) == "completed"


def test_a_discrepancy_is_closed_once(operator, refunded, nothing_moves):
    notice(refunded, EXECUTED)
    orders = closing(operator, refunded)
    correct_discrepancy(**orders)

    for close in (correct_discrepancy, dismiss_discrepancy):
        with nothing_moves(), refused_with(InvalidState):
            close(**orders)


def test_a_discrepancy_is_not_closed_by_who_was_slower(operator, refunded, monkeypatch):
    notice(refunded, EXECUTED)
    orders = closing(operator, refunded)

    def wait_for_lock(payout_id):
        monkeypatch.setattr(discrepancies, "lock_payout", lock_payout)
        correct_discrepancy(**orders)
        return lock_payout(payout_id)

    monkeypatch.setattr(discrepancies, "lock_payout", wait_for_lock)
    with refused_with(InvalidState):
        dismiss_discrepancy(**orders)


def test_a_discrepancy_may_be_dismissed(ada_usd, operator, refunded, nothing_moves):
    notice(refunded, EXECUTED)

    closed = dismiss_discrepancy(**closing(operator, refunded, reason="Put right"))

    assert (closed.status, closed.journal_entry_id) == ("dismissed", None)
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    assert last_event_of(refunded).type == "payout.discrepancy_dismissed"
    assert last_event_of(refunded).data["reason"] == "Put right"
    # The same claim again was dismissed already.
    with nothing_moves():
        notice(refunded, EXECUTED)
    assert claims_against(refunded) == [("executed", "dismissed")]


def test_a_discrepancy_that_does_not_exist_is_not_found(operator, db):
    for close in (correct_discrepancy, dismiss_discrepancy):
        with refused_with(NotFound):
            close(
                discrepancy_id=new_id(),
                by_id=operator.id,
                reason="r",
                origin=operator.origin,
            )


def test_correcting_what_was_spent_needs_force(
    ada, ada_usd, grace_usd, operator, refunded, pay, nothing_moves
):
    pay(ada, ada_usd, grace_usd, "995.00")
    notice(refunded, EXECUTED)

    with nothing_moves(), refused_with(InsufficientBalance):
        correct_discrepancy(**closing(operator, refunded))

    assert claims_against(refunded) == [("executed", "open")]
    correct_discrepancy(**closing(operator, refunded, force=True))
    assert funds_of(ada_usd) == ("-5.00", "0.00")
    assert claims_against(refunded) == [("executed", "corrected")]


def test_correcting_a_frozen_account_is_refused(
    ada_usd, operator, refunded, nothing_moves
):

    notice(refunded, EXECUTED)
    freeze_account(account_id=ada_usd.pk, reason="r", origin=operator.origin)

    with nothing_moves(), refused_with(AccountNotActive):
        correct_discrepancy(**closing(operator, refunded))


def test_there_is_nothing_to_correct_before_the_payout_has_ended(
    operator, payout, gateway, nothing_moves
):
    notice(payout, EXECUTED)

    with nothing_moves(), refused_with(InvalidState):
        correct_discrepancy(**closing(operator, payout))

    submit()
    with nothing_moves(), refused_with(InvalidState):
        correct_discrepancy(**closing(operator, payout))
    dismiss_discrepancy(**closing(operator, payout))
    assert claims_against(payout) == [("executed", "dismissed")]


def test_what_was_corrected_is_what_counts_from_then_on(
    ada_usd, operator, refunded, nothing_moves
):
    notice(refunded, EXECUTED)
    correct_discrepancy(**closing(operator, refunded))

    with nothing_moves():
        notice(refunded, EXECUTED)
    # Then it came back, as money sent to a closed account does.
    notice(refunded, DECLINED)

    assert claims_against(refunded) == [("executed", "corrected"), ("declined", "open")]
    assert events_of(refunded)[-1] == "contradicted"
    assert funds_of(ada_usd) == ("990.00", "0.00")
    correct_discrepancy(**closing(operator, refunded))
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    with nothing_moves():
        notice(refunded, DECLINED)


def test_each_time_that_it_changes_its_mind_is_told(ada_usd, operator, refunded):
    for outcome, posted in [
        (EXECUTED, "990.00"),
        (DECLINED, "1000.00"),
        (EXECUTED, "990.00"),
        (DECLINED, "1000.00"),
    ]:
        for _ in range(2):
            notice(refunded, outcome)
        correct_discrepancy(**closing(operator, refunded))
        notice(refunded, outcome)
        assert funds_of(ada_usd) == (posted, "0.00")

    assert (
        claims_against(refunded)
        == [
            ("executed", "corrected"),
            ("declined", "corrected"),
        ]
        * 2
    )
    assert events_of(refunded).count("contradicted") == 4


def test_what_was_dismissed_is_told_again_when_it_has_said_otherwise_since(
    ada_usd, operator, refunded, nothing_moves
):
    notice(refunded, EXECUTED)
    dismiss_discrepancy(**closing(operator, refunded))
    # As the books say, so nobody is told.
    notice(refunded, DECLINED)
    assert claims_against(refunded) == [("executed", "dismissed")]

    for _ in range(2):
        notice(refunded, EXECUTED, gateway_reference="bank-8")

    assert claims_against(refunded) == [("executed", "dismissed"), ("executed", "open")]
    assert events_of(refunded)[-1] == "contradicted"
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    dismiss_discrepancy(**closing(operator, refunded))
    with nothing_moves():
        notice(refunded, EXECUTED)


def test_a_discrepancy_is_raised_once_says_the_database(refunded):
    notice(refunded, EXECUTED)

    assert (
        refusal_of(
            "INSERT INTO payouts_payoutdiscrepancy"
            " (id, payout_id, claim, gateway_reference, detail, status)"
            " VALUES (%s, %s, 'executed', '', '', 'open')",
            new_id(),
            refunded.pk,
        )
        == "payouts_discrepancy_is_raised_once"
    )
