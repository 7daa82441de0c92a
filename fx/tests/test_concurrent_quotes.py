"""Of several who redeem one quote at once, one wins."""

import pytest
from django.db import transaction

from fx.arithmetic import Conversion
from fx.models import Quote
from fx.services import create_quote, redeem_quote, seed_rates
from fx.tests.rates import NOW, currency, money
from paycore.lib.errors import InvalidState
from paycore.lib.ids import new_id
from paycore.testing.races import race

pytestmark = pytest.mark.django_db(transaction=True)
RACERS = 6


def test_one_redeems():
    seed_rates()
    owner_id = new_id()
    quote = create_quote(
        owner_id=owner_id,
        amount=money("92.00 EUR"),
        destination=currency("USD"),
        at=NOW,
        ttl_seconds=60,
    )

    def redeem():
        with transaction.atomic():
            return redeem_quote(
                quote_id=quote.pk,
                owner_id=owner_id,
                source=money("92.00 EUR"),
                destination=currency("USD"),
                at=NOW,
            )

    outcomes = race(*[redeem] * RACERS)

    won = [outcome for outcome in outcomes if isinstance(outcome, Conversion)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, InvalidState)]
    assert won == [quote.conversion]
    assert len(lost) == RACERS - 1
    assert Quote.objects.get().redeemed_at == NOW
