"""A purchase is judged by what its payer is debited, not by what the merchant gets."""

import pytest

from paycore.testing.problems import refusal_of
from risk.models import Assessment
from risk.tests.calls import PURCHASES, buy, send
from risk.tests.settings import TRANSACTION, limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rules", "rates")]


def test_where_the_debit_is_rounded_up(ada, ada_usd, nothing_moves):
    # One yen is 0.0066 dollars, so 0.01 are debited: 0.047 ringgit, not 0.031.
    limit("0.04 MYR", TRANSACTION)
    with nothing_moves():
        refused = send(ada, PURCHASES, buy(ada_usd, "1", "JPY"))
    assert refusal_of(refused) == (422, "limit_exceeded")

    limit("0.05 MYR", TRANSACTION)
    assert send(ada, PURCHASES, buy(ada_usd, "1", "JPY")).status_code == 201

    judged = Assessment.objects.get()
    assert (str(judged.amount), str(judged.worth)) == ("0.01 USD", "0.0470000000")
