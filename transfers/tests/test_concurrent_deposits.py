"""Messages of payment providers, several at once."""

from collections import Counter

import pytest
from django.db import connection

from paycore.lib.errors import InvalidState
from paycore.testing.races import race
from transfers import services
from transfers.models import InboxMessage, ProviderDeposit, Transfer
from transfers.services import resolve_deposit
from transfers.tests.providers import Provider, notice

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("secrets"),
]


def teller(body, message_id=None):
    """A message to be sent on another thread; answers its status and outcome."""

    def tell():
        response = Provider().tell(body, message_id=message_id)
        answer = response.json()
        return response.status_code, answer.get("code", answer["status"])

    return tell


@pytest.mark.parametrize("ids", [["msg_1"] * 8, [f"msg_{n}" for n in range(8)]])
def test_one_deposit_told_many_times_is_credited_once(ada_usd, ids, balance_of):
    answers = race(*[teller(notice(ada_usd), each) for each in ids])

    assert Counter(answers) == {(200, "processed"): 1, (200, "duplicate"): 7}
    assert balance_of(ada_usd) == "1050.00"
    assert InboxMessage.objects.count() == len(set(ids))
    assert Transfer.objects.filter(kind="deposit").count() == 1


def test_one_deposit_told_differently_is_credited_as_it_was_told_first(
    ada_usd, grace_usd, balance_of
):
    bodies = [notice(ada_usd), notice(grace_usd)] * 3

    answers = race(*[teller(body) for body in bodies])

    assert Counter(answers) == {
        (200, "processed"): 1,
        (200, "duplicate"): 2,
        (409, "duplicate_reference"): 3,
    }
    assert sorted([balance_of(ada_usd), balance_of(grace_usd)]) in (
        ["100.00", "1000.00"],
        ["1050.00", "50.00"],
    )
    assert InboxMessage.objects.count() == 6


def test_one_id_with_two_contents_is_credited_as_it_came_first(ada_usd, balance_of):
    bodies = [notice(ada_usd, reference=name) for name in ("a", "b")] * 3

    answers = Counter(race(*[teller(body, "msg_1") for body in bodies]))

    assert answers[200, "processed"] == 1
    assert answers[200, "duplicate"] == 2
    assert answers[409, "invalid_state"] == 3
    assert balance_of(ada_usd) == "1050.00"


def test_different_deposits_to_one_account_are_all_credited(ada_usd, balance_of):
    answers = race(
        *[teller(notice(ada_usd, "1.00", reference=f"wire-{n}")) for n in range(20)]
    )

    assert set(answers) == {(200, "processed")}
    assert balance_of(ada_usd) == "1020.00"


def test_what_died_after_its_message_was_stored_is_done_when_told_again(
    ada_usd, balance_of, nothing_moves, monkeypatch
):
    def die(**_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch, nothing_moves():
        patch.setattr(services, "receive_deposit", die)
        died = race(teller(notice(ada_usd), "msg_1"))
    stored = [message.message_id for message in InboxMessage.objects.all()]
    again = race(teller(notice(ada_usd), "msg_1"))

    assert (died, stored) == ([(503, "service_unavailable")], ["msg_1"])
    assert again == [(200, "processed")]
    assert balance_of(ada_usd) == "1050.00"


def test_one_deposit_is_parked_once(grace_eur):
    answers = race(*[teller(notice(grace_eur)) for _ in range(6)])

    assert set(answers) == {(200, "parked")}
    assert ProviderDeposit.objects.count() == 1


def test_of_two_operators_one_decides(
    operator, admin, ada_usd, grace_usd, grace_eur, balance_of
):
    teller(notice(grace_eur))()
    [parked] = ProviderDeposit.objects.all()

    def resolver(player, account):
        return lambda: resolve_deposit(
            deposit_id=parked.pk,
            account_id=account.pk,
            reason="r",
            by=player.id,
            origin=player.origin,
        )

    outcomes = race(
        *[resolver(operator, ada_usd), resolver(admin, grace_usd)] * 2,
        *[teller(notice(grace_eur)) for _ in range(2)],
    )

    decided = [each for each in outcomes if isinstance(each, ProviderDeposit)]
    late = [each for each in outcomes if isinstance(each, InvalidState)]
    assert (len(decided), len(late)) == (1, 3)
    assert set(outcomes[4:]) <= {(200, "parked"), (200, "duplicate")}
    assert sorted([balance_of(ada_usd), balance_of(grace_usd)]) in (
        ["100.00", "1000.00"],
        ["1050.00", "50.00"],
    )
