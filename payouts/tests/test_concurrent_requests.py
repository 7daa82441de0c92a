"""Requests and cancellations at the same time, each on a connection of its own."""

from collections import Counter

import pytest

from events.models import Event
from ledger.models import Hold, HoldStatus
from paycore.lib.errors import InvalidState
from paycore.testing.bookkeeping import held
from paycore.testing.cast import Caller
from paycore.testing.races import race
from payouts.models import Payout, PayoutAttempt, PayoutStatus, Step
from payouts.services import approve_payout, cancel_payout, work_on_due
from payouts.tests.orders import PAYOUTS, at, order, request_by

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates"),
]

ROUNDS = 40


def sender(player, path, body, key=None):
    """A request to be sent on another thread; answers its status and code."""
    client = Caller(headers=player.headers)

    def send():
        response = client.post(path, body, key=key)
        return response.status_code, response.json().get("code", "")

    return send


def canceller(player, payout):
    return lambda: cancel_payout(payout_id=payout.pk, reason="", origin=player.origin)


def worker(name, step=Step.SUBMIT):
    return lambda: work_on_due(step=step, worker=name, seconds=0)


def test_of_two_for_the_last_money_one_wins(ada, account_of):
    for number in range(10):
        account = account_of(ada, "USD", "10.00")
        calls = [
            sender(ada, PAYOUTS, order(account, "10.00"), f"{number} {name}")
            for name in ("a", "b")
        ]

        answers = race(*calls)

        assert sorted(answers) == [(202, ""), (422, "insufficient_balance")]
        assert held(account.ledger_account) == "10.00"


def test_many_cannot_hold_more_than_there_is(ada, account_of, grace_usd):
    account = account_of(ada, "USD", "10.00")
    transfer = {
        "source_account_id": str(account.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "1.00",
    }

    answers = race(
        *[sender(ada, PAYOUTS, order(account, "1.00"), f"p{n}") for n in range(20)],
        *[sender(ada, "/v1/transfers/internal", transfer, f"t{n}") for n in range(20)],
    )

    seen = Counter(status for status, _ in answers)
    assert seen[202] + seen[201] == 10
    assert seen[422] == 30
    assert held(account.ledger_account) == f"{seen[202]}.00"
    assert Payout.objects.count() == seen[202]


def test_one_reference_is_used_once(ada, ada_usd, account_of):
    # Between accounts that share no lock, too.
    accounts = [ada_usd, account_of(ada, "USD", "10.00")] * 4

    answers = race(
        *[
            sender(ada, PAYOUTS, order(account, "1.00", reference="r"), f"k{n}")
            for n, account in enumerate(accounts)
        ]
    )

    assert Counter(answers) == {(202, ""): 1, (409, "duplicate_reference"): 7}
    assert Payout.objects.count() == Hold.objects.count() == 1


def test_one_key_is_one_payout(ada, ada_usd):
    body = order(ada_usd, "1.00")

    answers = race(*[sender(ada, PAYOUTS, body, "k")] * 20)

    assert Counter(answers) == {(202, ""): 20}
    assert Payout.objects.count() == Hold.objects.count() == 1


def test_one_key_with_other_payloads_is_a_conflict(ada, ada_usd):
    bodies = [order(ada_usd, f"{n}.00") for n in range(1, 9)]

    answers = race(*[sender(ada, PAYOUTS, body, "k") for body in bodies])

    assert Counter(answers) == {(202, ""): 1, (409, "idempotency_key_reused"): 7}
    assert held(ada_usd.ledger_account) == Payout.objects.get().amount.text


def test_of_a_worker_and_a_cancellation_one_wins(ada, ada_usd, gateway, balance_of):
    won: Counter[str] = Counter()
    for turn in range(ROUNDS):
        payout = request_by(ada, ada_usd, "1.00")
        calls = [worker("w"), canceller(ada, payout)]

        # Neither is always the first to start.
        taken, cancelled = race(*calls) if turn % 2 else race(*calls[::-1])[::-1]

        payout.refresh_from_db()
        attempts = PayoutAttempt.objects.filter(payout=payout).count()
        if isinstance(cancelled, InvalidState):
            assert (taken, attempts) == (1, 1)
            assert payout.status == PayoutStatus.COMPLETED
            assert gateway.heard_of(payout.pk) == ["submit"]
        else:
            assert (taken, attempts) == (0, 0)
            assert payout.status == PayoutStatus.CANCELLED
            assert gateway.heard_of(payout.pk) == []
        won[payout.status] += 1

    assert won.total() == ROUNDS
    assert not Hold.objects.filter(status=HoldStatus.OPEN).exists()
    assert balance_of(ada_usd) == f"{1000 - won['completed']}.00"
    assert held(ada_usd.ledger_account) == "0.00"


def test_of_many_cancellations_one_wins(ada, operator, ada_usd):
    for _ in range(5):
        payout = request_by(ada, ada_usd, "1.00")

        answers = race(
            *[sender(ada, at(payout, "cancel"), {})] * 4,
            *[sender(operator, at(payout, "cancel"), {})] * 4,
        )

        assert Counter(answers) == {(200, ""): 1, (409, "invalid_state"): 7}
        assert (
            Event.objects.filter(subject_id=payout.pk, type="payout.cancelled").count()
            == 1
        )
    assert held(ada_usd.ledger_account) == "0.00"


def test_of_an_approval_and_a_cancellation_money_is_right(
    ada, operator, ada_rich, gateway
):
    for turn in range(10):
        payout = request_by(ada, ada_rich, "5000.00")

        def approve(payout=payout):
            return approve_payout(
                payout_id=payout.pk,
                approver_id=operator.id,
                reason="",
                origin=operator.origin,
            )

        calls = [approve, canceller(ada, payout)]
        approved, cancelled = race(*calls) if turn % 2 else race(*calls[::-1])[::-1]

        payout.refresh_from_db()
        # Whoever was first: nobody had sent it, so it could be cancelled.
        assert not isinstance(cancelled, Exception)
        assert payout.status == PayoutStatus.CANCELLED
        assert payout.due_at is None
        if isinstance(approved, InvalidState):
            assert payout.approval == "required"
        else:
            assert payout.approval == "approved"

    assert worker("w")() == 0
    assert gateway.heard == []
    assert held(ada_rich.ledger_account) == "0.00"


def test_many_workers_share_what_is_due(ada, ada_usd, gateway, balance_of):
    payouts = [request_by(ada, ada_usd, "1.00") for _ in range(30)]

    taken = race(*[worker(f"w{n}") for n in range(6)])

    # Who came while all was locked took none; the next beat takes what is left.
    assert sum(taken) + worker("late")() == 30
    assert [gateway.heard_of(payout.pk) for payout in payouts] == [["submit"]] * 30
    assert set(Payout.objects.values_list("status", "attempts", "fence")) == {
        ("completed", 1, 1)
    }
    assert balance_of(ada_usd) == "970.00"
