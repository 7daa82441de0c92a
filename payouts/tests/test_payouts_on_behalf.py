"""A payout that staff request from somebody's account is that person's payment."""

import pytest

from paycore.lib.errors import LimitExceeded
from paycore.testing.refusals import refused_with
from payouts.models import Payout
from payouts.tests.working import funds_of
from risk.models import Assessment
from risk.tests.settings import DAY, PAYOUT, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calm")]


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_risk_looks_at_the_owner(role, request, ada, ada_usd, payout_of):
    staff = request.getfixturevalue(role)

    payout = payout_of(staff, ada_usd, "10.00")

    assert (payout.owner_id, payout.requested_by_id) == (ada.id, staff.id)
    assert Assessment.objects.get().user_id == ada.id


def test_it_uses_the_owners_limit_and_nobody_elses(
    ada, operator, ada_usd, account_of, payout_of, nothing_moves
):
    own = account_of(operator, "USD", "100.00")
    # 47.00 MYR are 10.00 USD.
    limit("47.00 MYR", DAY, PAYOUT, user_id=ada.id)
    limit("47.00 MYR", DAY, PAYOUT, user_id=operator.id)
    payout_of(operator, ada_usd, "10.00")

    for player in (ada, operator):
        with nothing_moves(), refused_with(LimitExceeded):
            payout_of(player, ada_usd, "0.01")
    payout_of(operator, own, "10.00")

    assert Payout.objects.count() == 2
    assert (funds_of(ada_usd), funds_of(own)) == (
        ("1000.00", "10.00"),
        ("100.00", "10.00"),
    )
