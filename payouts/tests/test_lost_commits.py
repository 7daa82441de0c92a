"""When nobody hears what became of a COMMIT, as when a worker or PostgreSQL is killed
in the middle of it, ...
"""

import pytest
from django.db import OperationalError

from events.models import Event
from paycore.lib.ids import new_id
from payouts.gateways import Answer, Outcome
from payouts.models import Payout
from payouts.tests.orders import order, send
from payouts.tests.wires import breaking
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    make_due,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)

# Of a worker's round, in their order.
CLAIMED, STORED, CONCLUDED = 1, 2, 3


@pytest.fixture
def bank(gateway):
    """Decides each order once, and knows those that it was sent."""

    def tell(decided):
        return Answer(decided.payout_id, bank_says, gateway_reference="bank-7")

    def find(asked):
        known = "submit" in gateway.heard_of(asked.payout_id)
        return tell(asked) if known else Answer(asked.payout_id, Outcome.ABSENT)

    bank_says = Outcome.EXECUTED
    gateway.will("submit", tell)
    gateway.will("find", find)
    return gateway


@pytest.mark.parametrize(
    ("commit", "is_done", "heard"),
    [
        (CLAIMED, False, ["submit"]),
        (CLAIMED, True, ["find", "submit"]),
        (STORED, False, ["submit", "find"]),
        (STORED, True, ["submit", "find"]),
        (CONCLUDED, False, ["submit", "find"]),
        (CONCLUDED, True, ["submit"]),
    ],
)
def test_a_payout_is_sent_once_and_settled(
    ada_usd, payout, bank, commit, is_done, heard
):
    with breaking(at_commit=commit, is_done=is_done), pytest.raises(OperationalError):
        submit()
    for _ in range(3):
        make_due_unless_over(payout)
        ask()
        make_due_unless_over(payout)
        submit()

    assert bank.heard_of(payout.pk) == heard
    assert (status_of(payout), funds_of(ada_usd)) == ("completed", ("990.00", "0.00"))
    assert events_of(payout) == ["pending", "processing", "completed"]
    assert ("submit", None) not in attempts_of(payout)


@pytest.mark.parametrize("is_done", [False, True])
def test_an_order_is_taken_once(ada, ada_usd, rates, calm, is_done):
    body, key = order(ada_usd, reference="rent"), str(new_id())

    with breaking(at_commit=1, is_done=is_done):
        unheard = send(ada, body, key=key)
    again = send(ada, body, key=key)

    assert (unheard.status_code, again.status_code) == (503, 202)
    assert again.headers.get("Idempotent-Replayed") == ("true" if is_done else None)
    assert Payout.objects.count() == 1
    assert Event.objects.filter(type="payout.pending").count() == 1
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def make_due_unless_over(payout):
    if status_of(payout) == "processing":
        make_due(payout)
