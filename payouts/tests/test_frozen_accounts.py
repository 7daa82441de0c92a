"""While an account is frozen, ..."""

import pytest

from accounts.services import freeze_account, unfreeze_account
from ledger.errors import AccountNotActive
from paycore.lib.origin import Origin
from paycore.testing.refusals import refused_with
from payouts.gateways import Outcome
from payouts.models import Step
from payouts.services import cancel_payout, work_on_due
from payouts.tests.working import (
    ask,
    attempts_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    pause_of,
    resolve,
    send_into_doubt,
    status_of,
    submit,
    work,
)

pytestmark = pytest.mark.django_db


STAGE = Origin(actor="test")


def freeze(account):
    freeze_account(account_id=account.pk, reason="r", origin=STAGE)


def unfreeze(account):
    unfreeze_account(account_id=account.pk, reason="r", origin=STAGE)


def wait_to_be_sent_again(gateway, payout, answers):
    """Send it once; then it is due to be sent again."""
    gateway.will("submit", answers[0])
    submit()
    for answer in answers[1:]:
        gateway.will("find", answer)
        make_due(payout)
        ask()
    make_due(payout)
    assert (status_of(payout), now(payout).step) == ("processing", "submit")


def test_nothing_is_sent_from_it(ada_usd, payout, gateway):
    freeze(ada_usd)

    assert submit() == 0

    assert gateway.heard == []
    waiting = now(payout)
    assert (waiting.status, waiting.step, waiting.attempts) == ("pending", "submit", 0)
    assert (waiting.leased_by, waiting.fence) == ("", 0)
    assert pause_of(payout) == 60
    assert attempts_of(payout) == []
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_others_are_sent(ada, ada_usd, grace, grace_usd, payout_of, payout, gateway):
    others = payout_of(grace, grace_usd)
    freeze(ada_usd)

    assert submit() == 1

    assert (status_of(payout), status_of(others)) == ("pending", "completed")


def test_nobody_waits_behind_it(
    ada, ada_usd, grace, grace_usd, payout_of, gateway, monkeypatch
):
    monkeypatch.setattr("payouts.services.claims.BATCH", 2)
    for _ in range(4):
        payout_of(ada, ada_usd)
    last = payout_of(grace, grace_usd)
    freeze(ada_usd)

    assert work_on_due(step=Step.SUBMIT, worker="w", seconds=60) == 1

    assert status_of(last) == "completed"


def test_what_was_not_sent_yet_can_be_cancelled(
    ada, ada_usd, grace_usd, payout, gateway, pay
):
    freeze(ada_usd)
    submit()

    cancel_payout(payout_id=payout.pk, reason="r", origin=ada.origin, owner_id=ada.id)

    assert status_of(payout) == "cancelled"
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    with refused_with(AccountNotActive):
        pay(ada, ada_usd, grace_usd, "1.00")


@pytest.mark.parametrize("answers", [["not_sent"], ["unknown", "absent"]])
def test_what_would_be_sent_again_waits_for_a_person(ada_usd, payout, gateway, answers):
    wait_to_be_sent_again(gateway, payout, answers)
    freeze(ada_usd)

    assert submit() == 0

    waiting = now(payout)
    assert (waiting.status, waiting.step, waiting.attempts) == (
        "manual_review",
        "ask",
        1,
    )
    assert (waiting.leased_by, pause_of(payout)) == ("", 0)
    assert last_event_of(payout).data["why"] == "account_frozen"
    assert [verb for verb, _ in gateway.heard].count("submit") == 1
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_that_person_may_give_back_what_the_account_cannot_spend(
    ada, ada_usd, grace_usd, operator, payout, gateway, pay
):
    wait_to_be_sent_again(gateway, payout, ["not_sent"])
    freeze(ada_usd)
    submit()

    resolve(operator, payout, "refund_failed")

    assert status_of(payout) == "failed"
    assert funds_of(ada_usd) == ("1000.00", "0.00")
    with refused_with(AccountNotActive):
        pay(ada, ada_usd, grace_usd, "1.00")
    # Its gateway is told to forget it, should it ever have heard of it.
    gateway.will("cancel", Outcome.DECLINED)
    assert work(Step.CANCEL) == 1
    assert now(payout).due_at is None


def test_that_person_decides_also_when_the_account_is_unfrozen(
    ada_usd, payout, gateway
):
    wait_to_be_sent_again(gateway, payout, ["not_sent"])
    freeze(ada_usd)
    submit()
    unfreeze(ada_usd)
    gateway.will("find", Outcome.ABSENT)
    make_due(payout)

    assert (ask(), submit()) == (1, 0)

    assert status_of(payout) == "manual_review"
    assert pause_of(payout) == 1


def test_what_its_gateway_knows_of_after_all_is_settled(ada_usd, payout, gateway):
    wait_to_be_sent_again(gateway, payout, ["unknown", "absent"])
    freeze(ada_usd)
    submit()
    gateway.will("find", Outcome.EXECUTED)

    assert ask() == 1

    assert status_of(payout) == "completed"
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_it_is_sent_when_the_account_is_unfrozen(ada_usd, payout, gateway):
    freeze(ada_usd)
    submit()
    unfreeze(ada_usd)
    make_due(payout)

    assert submit() == 1

    assert status_of(payout) == "completed"


def test_what_was_sent_before_is_settled(ada_usd, payout, gateway):
    send_into_doubt(gateway, payout)
    freeze(ada_usd)
    gateway.will("find", Outcome.EXECUTED)
    make_due(payout)

    assert ask() == 1

    assert status_of(payout) == "completed"
    assert funds_of(ada_usd) == ("990.00", "0.00")


def test_what_was_declined_is_given_back(ada_usd, payout, gateway):
    send_into_doubt(gateway, payout)
    freeze(ada_usd)
    gateway.will("find", Outcome.DECLINED)
    make_due(payout)

    ask()

    assert funds_of(ada_usd) == ("1000.00", "0.00")
