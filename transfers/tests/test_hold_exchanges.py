"""An exchange that risk is asked about ... is refused by its accounts first."""

import pytest

from accounts.services import close_account, freeze_account
from fx.models import Quote
from ledger.models import Hold
from paycore.testing.suspicion import suspect_everything
from paycore.testing.wallets import open_for
from risk.models import Review
from risk.payments import PaymentKind
from risk.tests.settings import DAY, limit
from transfers.models import Transfer
from transfers.tests.movements import EXCHANGE, send
from transfers.tests.orders import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture(autouse=True)
def _asked(settings):
    settings.RISK_KINDS = settings.RISK_KINDS | {"exchange"}


def put_away(account, by, how):
    how(account_id=account.pk, reason="r", origin=by.origin)


@pytest.mark.parametrize("how", [freeze_account, close_account])
def test_into_an_account_that_takes_nothing_is_not_held(ada, ada_usd, operator, how):
    suspect_everything()
    empty = open_for(ada, "EUR")
    put_away(empty, operator, how)

    answer = send(ada, EXCHANGE, order(ada_usd, empty, "10.00"))

    assert (answer.status_code, answer.json()["code"]) == (422, "account_not_active")
    assert not Hold.objects.exists()
    assert not Review.objects.exists()
    assert not Transfer.objects.filter(kind="exchange").exists()


def test_and_its_quote_stays_as_it_was(ada, ada_usd, ada_eur, operator):
    suspect_everything()
    wish = {
        "source_currency": "USD",
        "destination_currency": "EUR",
        "amount": "10.00",
    }
    quote = ada.post("/v1/fx/quotes", wish).json()
    put_away(ada_eur, operator, freeze_account)

    body = order(ada_usd, ada_eur, "10.00") | {"quote_id": quote["id"]}
    answer = send(ada, EXCHANGE, body)

    assert answer.json()["code"] == "account_not_active"
    assert Quote.objects.get(pk=quote["id"]).redeemed_at is None


@pytest.mark.parametrize("frozen", ["source", "destination"])
def test_before_the_limits_of_its_owner(ada, ada_usd, ada_eur, operator, frozen):
    limit("0.01 MYR", DAY, PaymentKind.EXCHANGE)
    account = {"source": ada_usd, "destination": ada_eur}[frozen]
    put_away(account, operator, freeze_account)

    answer = send(ada, EXCHANGE, order(ada_usd, ada_eur, "10.00"))

    assert (answer.status_code, answer.json()["code"]) == (422, "account_not_active")
