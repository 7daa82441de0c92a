"""Workers and people at once."""

from collections import Counter
from functools import partial
from threading import Event as Signal

import pytest

from paycore.lib.db import run_in_transaction
from paycore.lib.errors import InvalidState
from paycore.testing.races import PATIENCE_SECONDS, race
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutAttempt, PayoutDiscrepancy, Step
from payouts.services import approve_payout, cancel_payout
from payouts.services.answers import take_answers
from payouts.services.claims import by_payout, claim_due
from payouts.tests.orders import at
from payouts.tests.working import (
    ask,
    attempts_of,
    claims_against,
    events_of,
    funds_of,
    make_due,
    now,
    resolve,
    send_into_review,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 6


def until_nothing_is_due(work, name):
    def run():
        taken = 0
        while (batch := work(worker=name)) > 0:
            taken += batch
        return taken

    return run


def workers(work):
    return [until_nothing_is_due(work, f"worker {n}") for n in range(WORKERS)]


def kinds(answers):
    """How many succeeded, and how many of each exception there were."""
    return Counter(
        type(each).__name__ if isinstance(each, Exception) else "done"
        for each in answers
    )


def test_many_workers_send_each_payout_once(
    ada, ada_usd, grace, grace_usd, payout_of, gateway, monkeypatch
):
    monkeypatch.setattr("payouts.services.claims.BATCH", 5)
    payouts = [payout_of(ada, ada_usd, "1.00") for _ in range(40)]
    payouts += [payout_of(grace, grace_usd, "1.00") for _ in range(20)]

    taken = race(*workers(submit))

    assert sum(taken) == 60
    assert Counter(order.payout_id for _, order in gateway.heard) == {
        payout.pk: 1 for payout in payouts
    }
    assert {status_of(payout) for payout in payouts} == {"completed"}
    assert PayoutAttempt.objects.count() == 60
    assert (funds_of(ada_usd), funds_of(grace_usd)) == (
        ("960.00", "0.00"),
        ("30.00", "0.00"),
    )


def test_many_workers_ask_about_each_payout_once(
    ada, ada_usd, payout_of, gateway, monkeypatch
):
    monkeypatch.setattr("payouts.services.claims.BATCH", 5)
    payouts = [payout_of(ada, ada_usd, "1.00") for _ in range(30)]
    gateway.will("submit", Outcome.UNKNOWN)
    race(*workers(submit))
    gateway.will("find", Outcome.EXECUTED)
    make_due(*payouts)

    assert sum(race(*workers(ask))) == 30

    assert {tuple(attempts_of(payout)) for payout in payouts} == {
        (("submit", "unknown"), ("ask", "executed"))
    }
    assert funds_of(ada_usd) == ("970.00", "0.00")


def test_of_a_worker_and_a_cancellation_one_wins(ada, ada_usd, payout_of, gateway):
    for turn in range(6):
        payout = payout_of(ada, ada_usd, "10.00")
        path = at(payout, "cancel")

        taken, answer = race(submit, partial(ada.post, path, {"reason": "r"}))

        ended = {0: ("cancelled", 200), 1: ("completed", 409)}[taken]
        assert (status_of(payout), answer.status_code) == ended, turn
        assert len(gateway.heard_of(payout.pk)) == taken
        assert events_of(payout)[-1] == status_of(payout)
    assert funds_of(ada_usd)[1] == "0.00"


def test_of_an_approval_and_a_cancellation_the_cancellation_may_be_last(
    ada, ada_rich, operator, payout_of, gateway
):
    for _ in range(6):
        payout = payout_of(ada, ada_rich, "10000.00")

        approved, cancelled = race(
            partial(
                approve_payout,
                payout_id=payout.pk,
                approver_id=operator.id,
                reason="r",
                origin=operator.origin,
            ),
            partial(cancel_payout, payout_id=payout.pk, reason="r", origin=ada.origin),
        )

        # An approved one is still pending, so it can always be cancelled.
        assert not isinstance(cancelled, Exception)
        assert status_of(payout) == "cancelled"
        assert isinstance(approved, InvalidState | Payout)
        assert submit() == 0
    assert (gateway.heard, funds_of(ada_rich)) == ([], ("100000.00", "0.00"))


def test_of_an_approval_and_a_worker_nothing_is_sent_before_it_is_approved(
    ada, ada_rich, operator, payout_of, gateway
):
    for _ in range(4):
        payout = payout_of(ada, ada_rich, "5000.00")

        taken, _ = race(
            submit,
            partial(
                approve_payout,
                payout_id=payout.pk,
                approver_id=operator.id,
                reason="r",
                origin=operator.origin,
            ),
        )

        assert taken + submit() == 1
        assert events_of(payout) == ["pending", "approved", "processing", "completed"]


def test_of_opposite_resolutions_one_wins(
    ada, ada_usd, operator, admin, payout_of, gateway
):
    for _ in range(4):
        payout = send_into_review(gateway, payout_of(ada, ada_usd, "10.00"))
        before = funds_of(ada_usd)

        answers = race(
            partial(resolve, operator, payout, "confirm_sent"),
            partial(resolve, admin, payout, "refund_failed"),
        )

        assert kinds(answers) == {"done": 1, "InvalidState": 1}
        decided = now(payout)
        is_sent = not isinstance(answers[0], Exception)
        assert (decided.decision, decided.status) == (
            ("confirm_sent", "completed") if is_sent else ("refund_failed", "failed")
        )
        assert events_of(payout)[3:] == [decided.status]
        lost = float(before[0]) - float(funds_of(ada_usd)[0])
        assert lost == (10 if is_sent else 0)


def test_many_of_the_same_resolution_are_one(ada_usd, operator, payout, gateway):
    send_into_review(gateway, payout)

    answers = race(*[lambda: resolve(operator, payout, "confirm_sent")] * 8)

    assert kinds(answers) == {"done": 8}
    assert events_of(payout)[3:] == ["completed"]
    assert funds_of(ada_usd) == ("990.00", "0.00")


@pytest.mark.parametrize(
    ("decision", "outcome", "settled", "contradiction"),
    [
        ("refund_failed", Outcome.EXECUTED, "completed", "executed"),
        ("confirm_sent", Outcome.DECLINED, "failed", "declined"),
    ],
)
def test_of_a_person_and_the_gateways_answer_the_first_one_moves_the_money(
    ada,
    ada_usd,
    operator,
    payout_of,
    gateway,
    decision,
    outcome,
    settled,
    contradiction,
):
    for _ in range(6):
        payout = send_into_review(gateway, payout_of(ada, ada_usd, "10.00"))
        gateway.will("find", outcome)
        make_due(payout)

        _, person = race(ask, partial(resolve, operator, payout, decision))

        if isinstance(person, InvalidState):
            assert status_of(payout) == settled
            assert claims_against(payout) == []
        else:
            # The gateway was heard later, unless it was not asked any more.
            was_asked = gateway.heard_of(payout.pk).count("find") == 2
            assert now(payout).decision == decision
            assert claims_against(payout) == [(outcome, "open")] * was_asked
        assert len([each for each in events_of(payout) if each in ENDS]) == 1
    assert funds_of(ada_usd)[1] == "0.00"


ENDS = {"completed", "failed"}


def test_a_worker_that_wakes_up_late_moves_nothing_twice(ada_usd, payout, gateway):
    """One hangs in the gateway until its lease has ended and another has taken over."""
    is_hanging, may_go_on = Signal(), Signal()

    def hang(order):
        is_hanging.set()
        assert may_go_on.wait(PATIENCE_SECONDS)
        return Answer(order.payout_id, Outcome.EXECUTED, "bank-7")

    gateway.will("submit", hang)
    gateway.will("find", Outcome.EXECUTED)

    def overtake():
        assert is_hanging.wait(PATIENCE_SECONDS)
        make_due(payout)
        taken = ask(worker="quick")
        may_go_on.set()
        return taken

    assert race(lambda: submit(worker="slow"), overtake) == [1, 1]

    assert status_of(payout) == "completed"
    assert events_of(payout) == ["pending", "processing", "completed"]
    assert attempts_of(payout) == [("submit", "executed"), ("ask", "executed")]
    assert funds_of(ada_usd) == ("990.00", "0.00")
    assert PayoutDiscrepancy.objects.count() == 0


def test_answers_and_expired_leases_do_not_wait_for_each_other_for_ever(
    ada, ada_usd, payout_of, gateway
):
    payouts = [payout_of(ada, ada_usd, "1.00") for _ in range(20)]
    gateway.will("find", Outcome.UNKNOWN)
    for _ in range(3):
        leases = run_in_transaction(lambda: claim_due(step=Step.SUBMIT, worker="slow"))
        assert leases is not None
        make_due(*payouts)
        held = by_payout(leases)
        late = [Answer(each, Outcome.UNKNOWN) for each in reversed(held)]

        problems, asked = race(partial(take_answers, late, leases=held), ask)

        # It takes up those that the answers have not locked.
        assert problems == []
        assert 0 <= asked <= 20
        Payout.objects.update(step=Step.SUBMIT)
        make_due(*payouts)
    for payout in payouts:
        assert status_of(payout) == "processing"
        assert now(payout).fence == len(attempts_of(payout))
