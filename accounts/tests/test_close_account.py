"""close_account ..."""

import pytest

from accounts.errors import AccountNotEmpty
from accounts.services import close_account, freeze_account
from events.models import Event
from ledger.models import LedgerAccount
from ledger.services import place_hold, release_hold
from paycore.lib.errors import InvalidState
from paycore.testing.bookkeeping import money
from paycore.testing.problems import refusal_of
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db
REASON = {"reason": "Moving away"}


def close(player, account, **options):
    return player.post(f"/v1/accounts/{account.pk}/close", REASON, **options)


def test_ends_an_empty_account(ada, account_of):
    account = account_of(ada)
    before = ada.get(f"/v1/accounts/{account.pk}").json()

    response = close(ada, account)

    assert response.status_code == 200
    assert response.json() == before | {"status": "closed"}
    assert LedgerAccount.objects.get(pk=account.pk).is_closed


def test_writes_down_who_and_why(ada, account_of):
    account = account_of(ada)

    close(ada, account)

    event = Event.objects.get(type="account.closed")
    assert (event.actor, event.owner_ids) == (f"user:{ada.id}", [ada.id])
    assert event.data == {
        "account_id": str(account.pk),
        "from": "active",
        "to": "closed",
        "reason": "Moving away",
    }


def test_refuses_one_with_money(ada, ada_usd, nothing_moves):
    with nothing_moves():
        response = close(ada, ada_usd)
    with nothing_moves(), refused_with(AccountNotEmpty):
        close_account(account_id=ada_usd.pk, reason="r", origin=ada.origin)

    assert refusal_of(response) == (422, "account_not_empty")


@pytest.mark.holds_without_an_owner
def test_refuses_one_with_holds(ada, ada_usd, nothing_moves):
    place_hold(
        account_id=ada_usd.pk,
        amount=money("1000.00 USD"),
        reason="A payout",
        owner="payout:7",
    )

    with nothing_moves():
        response = close(ada, ada_usd)

    assert refusal_of(response) == (422, "account_not_empty")


def test_takes_one_that_was_emptied(ada, grace, ada_usd, account_of, pay):
    hold = place_hold(
        account_id=ada_usd.pk, amount=money("1.00 USD"), reason="r", owner="o"
    )
    release_hold(hold_id=hold.pk)
    pay(ada, ada_usd, account_of(grace), "1000.00")

    assert close(ada, ada_usd).json()["status"] == "closed"


def test_takes_a_frozen_one(ada, operator, account_of):
    account = account_of(ada)
    freeze_account(account_id=account.pk, reason="r", origin=operator.origin)

    assert close(ada, account).json()["status"] == "closed"


def test_remembers_the_refusal_with_a_key(
    ada, grace, ada_usd, account_of, pay, nothing_moves
):
    first = close(ada, ada_usd, key="k")
    pay(ada, ada_usd, account_of(grace), "1000.00")

    with nothing_moves():
        again = close(ada, ada_usd, key="k")
    anew = close(ada, ada_usd, key="another")

    assert (again.status_code, again.content) == (422, first.content)
    assert anew.status_code == 200


def test_is_for_ever(ada, account_of, nothing_moves):
    account = account_of(ada)
    close(ada, account)

    with nothing_moves():
        response = close(ada, account)
    with nothing_moves(), refused_with(InvalidState):
        close_account(account_id=account.pk, reason="r", origin=ada.origin)

    assert refusal_of(response) == (409, "invalid_state")


def test_stops_money_both_ways(ada, grace, ada_usd, grace_usd, account_of, pay):
    account = account_of(ada)
    close(ada, account)

    for player, source, destination in [
        (ada, account, grace_usd),
        (grace, grace_usd, account),
    ]:
        body = {
            "source_account_id": str(source.pk),
            "destination_account_id": str(destination.pk),
            "amount": "1.00",
        }
        response = player.post("/v1/transfers/internal", body, key="k")
        assert refusal_of(response) == (422, "account_not_active")
        assert response.json()["account_id"] == str(account.pk)


def test_leaves_it_to_be_read(ada, account_of):
    account = account_of(ada)
    close(ada, account)

    for part in ("", "/balance", "/entries", "/statement"):
        assert ada.get(f"/v1/accounts/{account.pk}{part}").status_code == 200


@pytest.mark.parametrize(
    "who",
    [
        "ada",
        "ada with accounts:write",
        "operator",
        "operator with accounts:write",
        "operator with admin",
        "admin",
    ],
)
def test_who_may(caller, ada, account_of, who):
    account = account_of(ada)

    assert close(caller(who), account).status_code == 200


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("anonymous", 401, "unauthenticated"),
        ("suspended ada", 403, "permission_denied"),
        ("ada with accounts:read", 403, "permission_denied"),
        ("operator with reviews:write", 403, "permission_denied"),
        ("mallory", 404, "account_not_found"),
        ("mallory with accounts:write", 404, "account_not_found"),
        ("grace", 404, "account_not_found"),
    ],
)
def test_who_may_not(caller, ada, account_of, who, status, code, nothing_moves):
    account = account_of(ada)
    somebody = caller(who)

    with nothing_moves():
        response = close(somebody, account)

    assert refusal_of(response) == (status, code)
