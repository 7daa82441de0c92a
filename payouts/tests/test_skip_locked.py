"""What somebody else is busy with keeps no worker waiting."""

import pytest
from django.db import transaction

from paycore.testing.races import race
from payouts.gateways import Outcome
from payouts.models import Payout
from payouts.services import cancel_payout
from payouts.tests.working import (
    ask,
    funds_of,
    make_due,
    send_into_doubt,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)


def while_locked(payout, work):
    """What a worker takes up while a payout is locked by a transaction that lasts."""
    with transaction.atomic():
        Payout.objects.select_for_update().get(pk=payout.pk)
        [taken] = race(work)
    return taken


def test_the_others_are_sent_meanwhile(ada, ada_usd, payout_of, gateway):
    busy, free = (payout_of(ada, ada_usd, "1.00") for _ in range(2))

    assert while_locked(busy, submit) == 1

    assert (status_of(busy), status_of(free)) == ("pending", "completed")
    assert gateway.heard_of(busy.pk) == []
    assert submit() == 1
    assert funds_of(ada_usd) == ("998.00", "0.00")


def test_the_others_are_asked_about_meanwhile(ada, ada_usd, payout_of, gateway):
    busy, free = (
        send_into_doubt(gateway, payout_of(ada, ada_usd, "1.00")) for _ in range(2)
    )
    gateway.will("find", Outcome.EXECUTED)
    make_due(busy, free)

    assert while_locked(busy, ask) == 1

    assert (status_of(busy), status_of(free)) == ("processing", "completed")


def test_a_cancellation_that_lasts_is_not_waited_for(
    ada, ada_usd, grace, grace_usd, payout_of, gateway
):
    given_up, wanted = payout_of(ada, ada_usd), payout_of(grace, grace_usd)

    with transaction.atomic():
        cancel_payout(payout_id=given_up.pk, reason="r", origin=ada.origin)
        assert race(submit) == [1]

    assert (status_of(given_up), status_of(wanted)) == ("cancelled", "completed")
    assert gateway.heard_of(given_up.pk) == []
    assert funds_of(ada_usd) == ("1000.00", "0.00")
