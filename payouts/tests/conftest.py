"""Fixtures of the tests of payouts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fx.services import seed_rates
from paycore.testing.office import enter_office
from paycore.testing.suspicion import suspect_nothing
from paycore.testing.wallets import open_for
from payouts.models import Payout
from payouts.tests.bank_samples import pay_by_sepa
from payouts.tests.orders import request_by
from payouts.tests.working import (
    approve,
    make_due,
    resolve,
    send_into_doubt,
    send_into_review,
    submit,
)


@pytest.fixture
def rates(db: Any) -> None:
    """USD/EUR 0.92, USD/MYR 4.70, ... Without a rate every payout needs approval."""
    seed_rates()


@pytest.fixture
def calm(db: Any) -> None:
    """Risk holds nothing, however many payouts there are and at whatever hour."""
    suspect_nothing()


@pytest.fixture
def payout_of(rates: None) -> Callable[..., Payout]:
    """`payout_of(ada, ada_usd, "10.00", reference="r")`; see `request_by`.

    Up to 20,000 MYR, which is 4,255.31 USD, it needs no approval.
    """
    return request_by


@pytest.fixture
def payout(payout_of, ada, ada_usd):
    """10.00 of ada's 1000.00 USD, pending."""
    return payout_of(ada, ada_usd)


@pytest.fixture
def in_doubt(payout, gateway):
    """10.00 of ada's 1000.00 USD, sent, and nothing heard of them."""
    return send_into_doubt(gateway, payout)


@pytest.fixture
def in_review(payout, gateway):
    """10.00 of ada's 1000.00 USD, of which nobody knows whether they have left."""
    return send_into_review(gateway, payout)


@pytest.fixture
def given_up(in_review, operator):
    """10.00 of ada's that a person gave back; the gateway is to forget the order."""
    resolve(operator, in_review, "refund_failed")
    return in_review


@pytest.fixture
def failing_question(ada, ada_usd, payout_of, gateway, monkeypatch):
    """A payout is due to be asked about, and asking fails by a bug of ours."""

    def fail(_):
        raise ZeroDivisionError

    make_due(send_into_doubt(gateway, payout_of(ada, ada_usd)))
    monkeypatch.setattr(gateway, "find", fail)


@pytest.fixture
def ada_rich(ada):
    """100000.00 USD of ada's: enough for payouts that need four eyes."""
    return open_for(ada, "USD", "100000.00")


@pytest.fixture
def large(payout_of, ada, ada_rich):
    """10000.00 USD of ada's, pending, which needs approval."""
    return payout_of(ada, ada_rich, "10000.00")


@pytest.fixture
def approved(operator, large):
    """10000.00 USD of ada's that the operator approved."""
    return approve(operator, large)


@pytest.fixture
def office(operator):
    """The back office as an operator uses it."""
    return enter_office(operator)


@pytest.fixture
def outbox(settings, tmp_path):
    """Where SEPA files for the bank appear, by which euros leave."""
    return pay_by_sepa(settings, tmp_path / "outbox")


@pytest.fixture
def euros(ada, account_of):
    """500.00 EUR of ada's."""
    return account_of(ada, "EUR", "500.00")


@pytest.fixture
def enlist(outbox, ada, euros):
    """`enlist("10.00", "20.50")`: payouts that a worker put into one file."""

    def request_and_send(*amounts):
        payouts = [request_by(ada, euros, amount) for amount in amounts]
        submit()
        return payouts

    return request_and_send


@pytest.fixture
def pay_out(outbox, ada, euros):
    """`pay_out("10.00")`: a payout of ada's euros."""
    return partial(request_by, ada, euros)


@pytest.fixture
def long_patience(settings):
    """The bank may take as long as a busy machine may make it take."""
    settings.PAYOUT_GATEWAY_TIMEOUT = 60
    settings.PAYOUT_UNKNOWN_AFTER = 900
