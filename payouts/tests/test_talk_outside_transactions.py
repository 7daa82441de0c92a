"""No transaction of ours is open while a gateway is told or asked anything."""

import pytest

from payouts.gateways import Outcome
from payouts.models import Step
from payouts.tests.working import ask, make_due, resolve, send_into_review, work

pytestmark = pytest.mark.django_db


def test_while_it_is_asked(in_doubt, gateway):
    gateway.will("find", Outcome.EXECUTED)
    make_due(in_doubt)

    assert ask() == 1

    assert gateway.heard_of(in_doubt.pk) == ["submit", "find"]
    assert not gateway.saw_transaction


def test_while_orders_are_taken_back(ada, ada_usd, operator, payout_of, gateway):
    given_up = [
        send_into_review(gateway, payout_of(ada, ada_usd, "1.00")) for _ in range(3)
    ]
    for payout in given_up:
        resolve(operator, payout, "refund_failed")

    assert work(Step.CANCEL) == 3

    assert {gateway.heard_of(payout.pk)[-1] for payout in given_up} == {"cancel"}
    assert not gateway.saw_transaction


@pytest.mark.parametrize("kind", ["submit", "find", "cancel"])
def test_while_it_fails(in_review, operator, payout_of, ada, ada_usd, gateway, kind):
    def fail(order):
        raise ZeroDivisionError

    gateway.will(kind, fail)
    if kind == "submit":
        payout_of(ada, ada_usd)
    if kind == "cancel":
        resolve(operator, in_review, "refund_failed")
    make_due(in_review)

    with pytest.raises(ExceptionGroup):
        work({"submit": Step.SUBMIT, "find": Step.ASK, "cancel": Step.CANCEL}[kind])

    assert gateway.heard[-1][0] == kind
    assert not gateway.saw_transaction
