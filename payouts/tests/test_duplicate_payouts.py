"""The same amount to the same receiver again is flagged as a possible duplicate."""

import pytest

from payouts.tests.orders import IBAN, at
from risk.models import Assessment

pytestmark = pytest.mark.django_db

OTHER_IBAN = "NO9386011117947"
FLAG = "POSSIBLE_DUPLICATE"


def is_flagged(payout):
    return FLAG in Assessment.objects.get(subject_id=payout.pk).flags


def test_the_second_one_is(ada, ada_usd, operator, payout_of, calm):
    first, second = (payout_of(ada, ada_usd, "10.00") for _ in range(2))

    assert (is_flagged(first), is_flagged(second)) == (False, True)
    assert FLAG in operator.get(at(second)).json()["risk"]["flags"]
    # It is told, and worth no points.
    assert second.status == "pending"
    assert not second.is_held


@pytest.mark.parametrize(
    ("amount", "receiver"),
    [
        ("10.01", {}),
        ("10.00", {"iban": OTHER_IBAN}),
        ("10.00", {"name": "Grace Hopper"}),
    ],
)
def test_another_one_is_not(ada, ada_usd, payout_of, calm, amount, receiver):
    payout_of(ada, ada_usd, "10.00", iban=IBAN, name="Ada Lovelace")

    assert not is_flagged(payout_of(ada, ada_usd, amount, **receiver))


def test_nobody_elses_counts(ada, grace, ada_usd, grace_usd, payout_of, calm):
    payout_of(ada, ada_usd, "10.00")

    assert not is_flagged(payout_of(grace, grace_usd, "10.00"))
