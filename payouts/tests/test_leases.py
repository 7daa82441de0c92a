"""A lease is one worker's for a while: afterwards it is another's, who asks first."""

from datetime import timedelta

import pytest

from paycore.lib.metrics import PAYOUT_LEASES_EXPIRED
from paycore.lib.origin import SYSTEM
from paycore.testing.attacks import refusal_of
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutAttempt, Step
from payouts.services import take_notices
from payouts.services.answers import conclude, store_answers, take_answers
from payouts.services.claims import CANCELLATIONS, by_payout, claim_due
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    make_due,
    now,
    pass_patience,
    resolve,
    send_into_review,
    status_of,
    submit,
    work,
)

pytestmark = pytest.mark.django_db


def claim(step=Step.SUBMIT, worker="slow"):
    leases = claim_due(step=step, worker=worker)
    assert leases is not None
    [lease] = leases
    return lease


def hear(lease, outcome, **more):
    answer = Answer(lease.payout.pk, outcome, **more)
    assert take_answers([answer], leases=by_payout([lease])) == []


def test_is_written_down_before_anything_is_sent(payout, gateway):
    lease = claim()

    taken = now(payout)
    assert (lease.step, lease.fence) == ("submit", 1)
    assert (taken.status, taken.step) == ("processing", "ask")
    assert (taken.leased_by, taken.fence, taken.attempts) == ("slow", 1, 1)
    assert taken.due_at == taken.updated_at + timedelta(seconds=60)
    attempt = PayoutAttempt.objects.get()
    assert attempt.pk == lease.attempt_id
    assert (attempt.kind, attempt.worker, attempt.fence) == ("submit", "slow", 1)
    assert (attempt.outcome, attempt.ended_at) == (None, None)
    assert gateway.heard == []


def test_never_sets_the_time_of_the_last_change_back(payout, gateway):
    # As after a change by somebody else at that very moment, or when the clock of the
    # database was set back.
    changed_at = now(payout).updated_at + timedelta(hours=1)
    Payout.objects.filter(pk=payout.pk).update(updated_at=changed_at)

    claim()

    taken = now(payout)
    assert taken.updated_at == changed_at
    assert taken.due_at == changed_at + timedelta(seconds=60)


def test_keeps_others_away_while_it_lasts(payout, gateway):
    claim()

    assert (submit(), ask()) == (0, 0)


def test_that_has_ended_makes_the_next_worker_ask_before_it_sends(
    ada_usd, payout, gateway
):
    claim()
    gateway.will("find", Outcome.ABSENT)
    make_due(payout)

    assert (submit(), ask()) == (0, 1)

    assert gateway.heard_of(payout.pk) == ["find"]
    assert attempts_of(payout) == [("submit", "lost"), ("ask", "absent")]
    make_due(payout)
    assert submit() == 1
    taken = now(payout)
    assert (taken.status, taken.attempts, taken.fence) == ("completed", 2, 3)
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_that_has_ended_leaves_the_payout_in_doubt(payout, gateway, settings):
    settings.PAYOUT_MAX_ATTEMPTS = 1
    claim()
    gateway.will("find", Outcome.UNKNOWN)
    make_due(payout)

    ask()

    asked = now(payout)
    assert asked.unknown_since is not None
    assert (asked.status, asked.leased_by) == ("processing", "")


def test_that_ends_again_leaves_it_in_doubt_since_the_first(payout, gateway):
    claim()
    make_due(payout)
    claim(Step.ASK)
    in_doubt = now(payout).unknown_since
    make_due(payout)

    claim(Step.ASK)

    assert in_doubt is not None
    assert now(payout).unknown_since == in_doubt


def test_that_ends_each_time_calls_a_person_at_last(payout, gateway, settings):
    settings.PAYOUT_MAX_ATTEMPTS = 2
    gateway.will("find", Outcome.ABSENT)

    for _ in range(2):
        make_due(payout)
        claim()
        make_due(payout)
        ask()

    assert (status_of(payout), gateway.heard_of(payout.pk)) == (
        "manual_review",
        ["find", "find"],
    )


def test_is_counted_and_told_when_it_has_ended(
    payout, gateway, django_capture_on_commit_callbacks
):
    claim()
    make_due(payout)
    before = PAYOUT_LEASES_EXPIRED._value.get()

    with django_capture_on_commit_callbacks(execute=True):
        ask()

    assert PAYOUT_LEASES_EXPIRED._value.get() - before == 1
    with django_capture_on_commit_callbacks(execute=True):
        make_due(payout)
        ask()
    assert PAYOUT_LEASES_EXPIRED._value.get() - before == 1


@pytest.mark.parametrize(
    "outcome", [Outcome.NOT_SENT, Outcome.UNKNOWN, Outcome.UNDERWAY, Outcome.ABSENT]
)
def test_that_has_ended_concludes_nothing_from_what_is_not_certain(
    payout, gateway, outcome
):
    late = claim()
    make_due(payout)
    current = claim(Step.ASK, worker="quick")
    before = now(payout)

    hear(late, outcome, gateway_reference="bank-7")

    after = now(payout)
    assert (after.status, after.step, after.due_at) == (
        before.status,
        before.step,
        before.due_at,
    )
    assert (after.leased_by, after.fence) == ("quick", current.fence)
    # It is known to have been said all the same.
    assert after.gateway_reference == "bank-7"
    assert attempts_of(payout) == [("submit", outcome), ("ask", None)]


@pytest.mark.parametrize(
    ("outcome", "status", "posted"),
    [
        (Outcome.EXECUTED, "completed", "990.00"),
        (Outcome.DECLINED, "failed", "1000.00"),
    ],
)
def test_that_has_ended_may_still_tell_what_is_certain(
    ada_usd, payout, gateway, outcome, status, posted
):
    late = claim()
    make_due(payout)
    current = claim(Step.ASK, worker="quick")

    hear(late, outcome)
    # Whoever has it now hears the same, or nothing.
    hear(current, outcome)
    hear(current, Outcome.UNKNOWN)

    settled = now(payout)
    assert (settled.status, settled.due_at, settled.leased_by) == (status, None, "")
    assert funds_of(ada_usd) == (posted, "0.00")
    assert events_of(payout) == ["pending", "processing", status]


def test_that_is_over_is_not_ended_twice(payout, gateway):
    lease = claim()
    hear(lease, Outcome.UNKNOWN)
    before = now(payout)

    hear(lease, Outcome.NOT_SENT)

    assert now(payout).step == before.step == "ask"
    assert now(payout).due_at == before.due_at


def test_whose_answer_was_stored_but_not_concluded_from_is_asked_about(
    ada_usd, payout, gateway, monkeypatch
):
    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("payouts.services.answers.conclude", die)
        with pytest.raises(KeyboardInterrupt):
            submit()
    stored = now(payout)
    assert (stored.status, stored.leased_by) == ("processing", "w")
    assert stored.gateway_reference == f"bank-{payout.pk}"
    assert attempts_of(payout) == [("submit", "executed")]
    assert funds_of(ada_usd) == ("1000.00", "10.00")
    gateway.will("find", Outcome.EXECUTED)
    make_due(payout)

    ask()

    assert status_of(payout) == "completed"
    # What was heard is not called lost.
    assert attempts_of(payout) == [("submit", "executed"), ("ask", "executed")]


@pytest.fixture
def told_it_was_executed(payout, gateway):
    """Its worker died after it had stored the answer, so the gateway is asked next."""

    def die(*_, **__):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("payouts.services.answers.conclude", die)
        with pytest.raises(KeyboardInterrupt):
            submit()
    make_due(payout)
    return payout


def test_after_which_a_gateway_contradicts_itself_gives_nothing_back(
    ada_usd, told_it_was_executed, gateway
):
    gateway.will("find", Outcome.DECLINED)

    ask()

    assert attempts_of(told_it_was_executed) == [
        ("submit", "executed"),
        ("ask", "declined"),
    ]
    assert status_of(told_it_was_executed) == "processing"
    pass_patience(told_it_was_executed)
    ask()
    take_notices([Answer(told_it_was_executed.pk, Outcome.DECLINED)], origin=SYSTEM)
    # Nobody knows, so a person must look.
    assert status_of(told_it_was_executed) == "manual_review"
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_after_which_a_gateway_says_again_that_it_was_executed_takes_the_funds(
    ada_usd, told_it_was_executed, gateway
):
    gateway.will("find", Outcome.DECLINED, Outcome.EXECUTED)

    ask()
    make_due(told_it_was_executed)
    ask()

    assert status_of(told_it_was_executed) == "completed"
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_that_has_ended_concludes_nothing_from_a_word_that_was_contradicted_since(
    ada_usd, payout, gateway
):
    late = claim()
    make_due(payout)
    current = claim(Step.ASK, worker="quick")
    # Both are stored before anybody concludes from them.
    for lease, outcome in [(late, Outcome.EXECUTED), (current, Outcome.DECLINED)]:
        store_answers([Answer(payout.pk, outcome)], leases=by_payout([lease]))

    for lease, outcome in [(current, Outcome.DECLINED), (late, Outcome.EXECUTED)]:
        conclude([Answer(payout.pk, outcome)], leases=by_payout([lease]), origin=SYSTEM)

    assert (status_of(payout), now(payout).step) == ("processing", "ask")
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_on_a_payout_that_was_resolved_meanwhile_changes_nothing(
    ada_usd, operator, payout, gateway
):
    send_into_review(gateway, payout)
    make_due(payout)
    lease = claim(Step.ASK)
    resolve(operator, payout, "refund_failed")
    before = now(payout)

    hear(lease, Outcome.UNKNOWN)

    after = now(payout)
    assert (after.status, after.step, after.due_at) == (
        "failed",
        "cancel",
        before.due_at,
    )
    assert funds_of(ada_usd) == ("1000.00", "0.00")


def test_for_cancelling_is_of_few_payouts(ada, ada_usd, operator, payout_of, gateway):
    payouts = [payout_of(ada, ada_usd, "1.00") for _ in range(CANCELLATIONS + 1)]
    gateway.will("submit", Outcome.UNKNOWN)
    submit()
    Payout.objects.update(unknown_since="2020-01-01T00:00Z")
    make_due(*payouts)
    ask()
    for payout in payouts:
        resolve(operator, payout, "refund_failed")

    assert (work(Step.CANCEL), work(Step.CANCEL)) == (CANCELLATIONS, 1)


def test_has_a_number_of_its_own(payout, gateway):
    claim()

    assert (
        refusal_of(
            "INSERT INTO payouts_payoutattempt (payout_id, fence, kind, worker,"
            " gateway_reference, failure_code, detail)"
            " VALUES (%s, 1, 'ask', 'another', '', '', '')",
            payout.pk,
        )
        == "payouts_attempt_has_a_lease_of_its_own"
    )
