"""freeze_account and unfreeze_account ..."""

import pytest

from accounts.errors import AccountNotFound
from accounts.models import Account
from accounts.services import close_account, freeze_account, unfreeze_account
from events.models import Event
from paycore.lib.errors import InvalidState
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db
REASON = {"reason": "Reported stolen"}


def path_of(account, verb):
    return f"/v1/accounts/{account.pk}/{verb}"


def move(account, verb, player):
    moves = {
        "freeze": freeze_account,
        "unfreeze": unfreeze_account,
        "close": close_account,
    }
    return moves[verb](account_id=account.pk, reason="r", origin=player.origin)


def transfer(player, source, destination, key):
    body = {
        "source_account_id": str(source.pk),
        "destination_account_id": str(destination.pk),
        "amount": "1.00",
    }
    return player.post("/v1/transfers/internal", body, key=key)


def test_changes_only_the_status(operator, ada_usd):
    before = operator.get(f"/v1/accounts/{ada_usd.pk}").json()

    frozen = operator.post(path_of(ada_usd, "freeze"), REASON)
    thawed = operator.post(path_of(ada_usd, "unfreeze"), REASON)

    assert (frozen.status_code, frozen.json()) == (200, before | {"status": "frozen"})
    assert (thawed.status_code, thawed.json()) == (200, before)


def test_stops_money_both_ways_until_it_is_undone(
    ada, grace, operator, ada_usd, grace_usd, nothing_moves
):
    move(ada_usd, "freeze", operator)

    with nothing_moves():
        out = transfer(ada, ada_usd, grace_usd, "k1")
        into = transfer(grace, grace_usd, ada_usd, "k2")
    move(ada_usd, "unfreeze", operator)

    for response in (out, into):
        assert refusal_of(response) == (422, "account_not_active")
        assert response.json()["account_id"] == str(ada_usd.pk)
    assert transfer(ada, ada_usd, grace_usd, "k3").status_code == 201
    assert transfer(grace, grace_usd, ada_usd, "k4").status_code == 201


def test_leaves_other_accounts_of_the_owner_alone(
    ada, operator, ada_usd, grace_usd, account_of
):
    other = account_of(ada, "USD", "5.00")
    move(ada_usd, "freeze", operator)

    assert transfer(ada, other, grace_usd, "k").status_code == 201


def test_writes_down_who_and_why(ada, operator, ada_usd):
    operator.post(path_of(ada_usd, "freeze"), REASON, **{"X-Request-Id": "request-7"})
    operator.post(path_of(ada_usd, "unfreeze"), {"reason": "Found again"})

    frozen = Event.objects.get(type="account.frozen")
    thawed = Event.objects.get(type="account.unfrozen")
    assert (frozen.actor, frozen.request_id) == (f"user:{operator.id}", "request-7")
    assert frozen.owner_ids == [ada.id]
    assert frozen.data == {
        "account_id": str(ada_usd.pk),
        "from": "active",
        "to": "frozen",
        "reason": "Reported stolen",
    }
    assert (thawed.data["from"], thawed.data["to"]) == ("frozen", "active")
    assert thawed.data["reason"] == "Found again"


@pytest.mark.parametrize(
    ("before", "verb"),
    [
        (["freeze"], "freeze"),
        ([], "unfreeze"),
        (["freeze", "unfreeze"], "unfreeze"),
        (["close"], "freeze"),
        (["close"], "unfreeze"),
        (["freeze", "close"], "unfreeze"),
    ],
)
def test_refuses_what_is_no_move(
    operator, ada, account_of, before, verb, nothing_moves
):
    account = account_of(ada)
    for earlier in before:
        move(account, earlier, operator)

    with nothing_moves():
        response = operator.post(path_of(account, verb), REASON)
    with nothing_moves(), refused_with(InvalidState):
        move(account, verb, operator)

    assert refusal_of(response) == (409, "invalid_state")


def test_may_be_repeated_with_a_key(operator, ada_usd, nothing_moves):
    first = operator.post(path_of(ada_usd, "freeze"), REASON, key="k")

    with nothing_moves():
        again = operator.post(path_of(ada_usd, "freeze"), REASON, key="k")
        other = operator.post(path_of(ada_usd, "freeze"), {"reason": "x"}, key="k")

    assert (again.status_code, again.content) == (200, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")


def test_of_one_account_is_not_repeated_for_another(operator, ada_usd, grace_usd):
    operator.post(path_of(ada_usd, "freeze"), REASON, key="k")

    response = operator.post(path_of(grace_usd, "freeze"), REASON, key="k")

    assert refusal_of(response) == (409, "idempotency_key_reused")
    assert Account.objects.get(pk=grace_usd.pk).status == "active"


@pytest.mark.parametrize("verb", ["freeze", "unfreeze", "close"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/reason"),
        ({"reason": None}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": 7}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": "a\0b"}, "/reason"),
        (REASON | {"force": True}, "/force"),
    ],
)
def test_needs_a_reason(operator, ada_usd, verb, body, pointer, nothing_moves):
    with nothing_moves():
        response = operator.post(path_of(ada_usd, verb), body)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]


@pytest.mark.parametrize("verb", ["freeze", "unfreeze", "close"])
@pytest.mark.parametrize(
    "text", ["me", "7", "0" * 32, "0198c5a0-0000-7000-8000-000000000000"]
)
def test_knows_no_account_that_is_not_there(operator, verb, text):
    response = operator.post(f"/v1/accounts/{text}/{verb}", REASON)

    assert refusal_of(response) == (404, "account_not_found")


def test_as_a_service_may_be_limited_to_an_owner(ada, mallory, ada_usd, nothing_moves):
    with nothing_moves(), refused_with(AccountNotFound):
        freeze_account(
            account_id=ada_usd.pk,
            reason="r",
            origin=mallory.origin,
            owner_id=mallory.id,
        )


@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
@pytest.mark.parametrize(
    "who",
    ["operator", "operator with accounts:write", "operator with admin", "admin"],
)
def test_who_may(caller, operator, verb, who, ada_usd):
    if verb == "unfreeze":
        move(ada_usd, "freeze", operator)

    response = caller(who).post(path_of(ada_usd, verb), REASON)

    assert response.status_code == 200


@pytest.mark.parametrize("verb", ["freeze", "unfreeze"])
@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("anonymous", 401, "unauthenticated"),
        ("ada", 403, "permission_denied"),
        ("ada with accounts:write", 403, "permission_denied"),
        ("mallory", 403, "permission_denied"),
        ("suspended operator", 403, "permission_denied"),
        ("operator with accounts:read reviews:write", 403, "permission_denied"),
    ],
)
def test_who_may_not(caller, verb, who, status, code, ada_usd, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        # A body that is wrong too: the role is judged first.
        response = somebody.post(path_of(ada_usd, verb), {"nonsense": 1})

    assert refusal_of(response) == (status, code)
