"""What a gateway has claimed against the books and then takes back ..."""

import pytest

from paycore.lib.errors import InvalidState
from paycore.lib.origin import Origin
from paycore.testing.refusals import refused_with
from payouts.gateways import Answer, Outcome
from payouts.models import PayoutDiscrepancy
from payouts.services import correct_discrepancy, dismiss_discrepancy, take_notices
from payouts.tests.working import claims_against, funds_of, resolve

pytestmark = pytest.mark.django_db

BANK = Origin(actor="test:bank")


@pytest.fixture
def confirmed(operator, in_review):
    """A person says that 10.00 of ada's 1000.00 USD were sent."""
    return resolve(operator, in_review, "confirm_sent")


def notices(payout, *outcomes):
    for outcome in outcomes:
        take_notices([Answer(payout.pk, outcome)], origin=BANK)


def close(order, operator):
    order(
        discrepancy_id=PayoutDiscrepancy.objects.get(status="open").pk,
        by_id=operator.id,
        reason="r",
        origin=operator.origin,
    )


def test_is_not_corrected_unless_it_is_said_again(
    ada_usd, operator, confirmed, nothing_moves
):
    notices(confirmed, Outcome.DECLINED, Outcome.EXECUTED, Outcome.UNKNOWN)

    with nothing_moves(), refused_with(InvalidState):
        close(correct_discrepancy, operator)

    assert claims_against(confirmed) == [("declined", "open")]
    notices(confirmed, Outcome.DECLINED)
    close(correct_discrepancy, operator)
    assert funds_of(ada_usd) == ("1000.00", "0.00")


def test_is_told_again_when_it_was_dismissed_for_that_and_is_said_again(
    operator, confirmed, nothing_moves
):
    notices(confirmed, Outcome.DECLINED, Outcome.EXECUTED)
    close(dismiss_discrepancy, operator)

    notices(confirmed, Outcome.DECLINED)

    told = [("declined", "dismissed"), ("declined", "open")]
    assert claims_against(confirmed) == told
    # The third time it repeats only what the person knew.
    close(dismiss_discrepancy, operator)
    with nothing_moves():
        notices(confirmed, Outcome.DECLINED)
