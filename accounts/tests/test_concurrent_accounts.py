"""Accounts opened, frozen and closed at the same time."""

from collections import Counter

import pytest

from accounts.models import Account
from events.models import Event
from paycore.testing.cast import Caller
from paycore.testing.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def sender(player, path, body, key=None):
    """A request to be sent on another thread; answers its status."""
    client = Caller(headers=player.headers, client=player.client)
    return lambda: client.post(path, body, key=key).status_code


def test_one_external_id_opens_one(ada):
    body = {"currency": "USD", "external_id": "e"}

    answers = race(*[sender(ada, "/v1/accounts", body)] * 8)

    assert Counter(answers) == {201: 1, 409: 7}
    assert Account.objects.count() == 1


def test_one_key_opens_one(ada):
    answers = race(*[sender(ada, "/v1/accounts", {"currency": "USD"}, "k")] * 8)

    assert Counter(answers) == {201: 8}
    assert Account.objects.count() == 1


def test_is_frozen_once(operator, ada_usd):
    path = f"/v1/accounts/{ada_usd.pk}/freeze"

    answers = race(*[sender(operator, path, {"reason": "r"})] * 8)

    assert Counter(answers) == {200: 1, 409: 7}
    assert Event.objects.filter(type="account.frozen").count() == 1


def test_a_closed_one_never_has_money(ada, grace, grace_usd, account_of, balance_of):
    for round_number in range(4):
        account = account_of(ada)
        body = {
            "source_account_id": str(grace_usd.pk),
            "destination_account_id": str(account.pk),
            "amount": "1.00",
        }
        close = sender(ada, f"/v1/accounts/{account.pk}/close", {"reason": "r"})
        pay = sender(grace, "/v1/transfers/internal", body, f"k{round_number}")

        answers = race(close, pay)

        status = Account.objects.get(pk=account.pk).status
        assert (answers, status, balance_of(account)) in [
            ([200, 422], "closed", "0.00"),
            ([422, 201], "active", "1.00"),
        ]
