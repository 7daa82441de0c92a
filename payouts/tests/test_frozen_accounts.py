"""While an account is frozen, ..."""

import pytest

from accounts.services import freeze_account, unfreeze_account
from paycore.lib.origin import Origin
from payouts.gateways import Outcome
from payouts.tests.working import (
    ask,
    attempts_of,
    funds_of,
    make_due,
    now,
    pause_of,
    send_into_doubt,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db


STAGE = Origin(actor="test")


def freeze(account):
    freeze_account(account_id=account.pk, reason="r", origin=STAGE)


def unfreeze(account):
    unfreeze_account(account_id=account.pk, reason="r", origin=STAGE)


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


def test_nothing_is_sent_from_it_again(ada_usd, payout, gateway):
    gateway.will("submit", Outcome.NOT_SENT)
    submit()
    freeze(ada_usd)
    make_due(payout)

    assert submit() == 0

    assert (status_of(payout), now(payout).attempts) == ("processing", 1)
    assert pause_of(payout) == 60


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
