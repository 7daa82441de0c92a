"""open_account ..., as a service and over HTTP."""

from datetime import datetime
from uuid import UUID

import pytest

from accounts.errors import DuplicateAccount
from accounts.models import Account
from accounts.services import AccountDraft, open_account
from events.models import Event
from ledger.house import HousePurpose
from ledger.models import LedgerAccount
from paycore.lib.errors import NotFound
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES
from paycore.testing.bookkeeping import house
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.refusals import refused_with

pytestmark = pytest.mark.django_db
ACCOUNTS = "/v1/accounts"
USD = {"currency": "USD"}


def draft_of(player, **more):
    return AccountDraft(owner_id=player.id, currency=CURRENCIES.get("USD"), **more)


def test_answers_the_whole_resource(ada):
    response = ada.post(
        ACCOUNTS,
        {
            "currency": "USD",
            "name": "Savings",
            "external_id": "wallet-7",
            "metadata": {"colour": "red"},
        },
    )

    account = response.json()
    assert response.status_code == 201
    assert UUID(account.pop("id")).version == 7
    created_at = account.pop("created_at")
    assert created_at.endswith("Z")
    assert datetime.fromisoformat(created_at).utcoffset().total_seconds() == 0
    assert account == {
        "external_id": "wallet-7",
        "name": "Savings",
        "owner_id": str(ada.id),
        "kind": "customer",
        "currency": "USD",
        "status": "active",
        "balance": {"posted": "0.00", "held": "0.00", "available": "0.00"},
        "metadata": {"colour": "red"},
    }


def test_needs_only_a_currency(ada):
    account = ada.post(ACCOUNTS, USD).json()

    assert (account["name"], account["external_id"], account["metadata"]) == (
        "",
        None,
        {},
    )


def test_shares_its_id_with_its_ledger_account(ada):
    account = open_account(draft=draft_of(ada), origin=ada.origin)

    books = LedgerAccount.objects.get(pk=account.pk)
    assert (books.code, books.currency) == (f"customer:{account.pk}", "USD")
    assert (books.posted_minor, books.held_minor, books.floor_minor) == (0, 0, 0)


def test_is_announced_to_its_owner(ada, operator):
    body = USD | {"owner_id": str(ada.id), "external_id": "e"}

    account = operator.post(ACCOUNTS, body, **{"X-Request-Id": "request-7"}).json()

    event = Event.objects.get(type="account.opened")
    assert (event.subject_type, str(event.subject_id)) == ("account", account["id"])
    assert (event.actor, event.request_id) == (f"user:{operator.id}", "request-7")
    assert event.owner_ids == [ada.id]
    assert event.data == {
        "account_id": account["id"],
        "currency": "USD",
        "external_id": "e",
    }


@pytest.mark.parametrize(
    ("currency", "nothing"),
    [("USD", "0.00"), ("JPY", "0"), ("KWD", "0.000"), ("BTC", "0.00000000")],
)
def test_shows_the_decimals_of_its_currency(ada, currency, nothing):
    account = ada.post(ACCOUNTS, {"currency": currency}).json()

    assert account["balance"] == {
        "posted": nothing,
        "held": nothing,
        "available": nothing,
    }


def test_gives_one_person_several_of_one_currency(ada):
    ids = {ada.post(ACCOUNTS, USD).json()["id"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize("who", ["ada", "ada with accounts:write"])
def test_may_name_oneself_as_owner(caller, ada, who):
    response = caller(who).post(ACCOUNTS, USD | {"owner_id": str(ada.id)})

    assert (response.status_code, response.json()["owner_id"]) == (201, str(ada.id))


@pytest.mark.parametrize("who", ["ada", "ada with accounts:write"])
def test_for_another_person_is_for_staff(caller, grace, who, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(ACCOUNTS, USD | {"owner_id": str(grace.id)})

    assert refusal_of(response) == (403, "permission_denied")
    assert not Account.objects.exists()


@pytest.mark.parametrize("who", ["operator", "operator with accounts:write", "admin"])
def test_by_staff_belongs_to_the_person_named(caller, ada, who):
    response = caller(who).post(ACCOUNTS, USD | {"owner_id": str(ada.id)})

    assert response.status_code == 201
    [account] = ada.get(ACCOUNTS).json()["items"]
    assert account == response.json()


def test_for_nobody_is_refused(operator, nothing_moves):
    with nothing_moves():
        response = operator.post(ACCOUNTS, USD | {"owner_id": str(new_id())})

    assert refusal_of(response) == (404, "not_found")
    assert pointers_of(response) == ["/owner_id"]


def test_as_a_service_for_nobody_is_refused(ada, nothing_moves):
    draft = AccountDraft(owner_id=new_id(), currency=CURRENCIES.get("USD"))

    with nothing_moves(), refused_with(NotFound):
        open_account(draft=draft, origin=ada.origin)


@pytest.mark.parametrize("second", ["ada", "operator"])
def test_refuses_an_external_id_that_the_owner_has(request, ada, second, nothing_moves):
    somebody = request.getfixturevalue(second)
    body = {"currency": "EUR", "external_id": "e", "owner_id": str(ada.id)}
    ada.post(ACCOUNTS, body)

    with nothing_moves():
        response = somebody.post(ACCOUNTS, body | {"currency": "USD"})

    assert refusal_of(response) == (409, "duplicate_account")
    assert pointers_of(response) == ["/external_id"]
    assert LedgerAccount.objects.filter(code__startswith="customer:").count() == 1


def test_as_a_service_refuses_an_external_id_that_the_owner_has(ada, nothing_moves):
    open_account(draft=draft_of(ada, external_id="e"), origin=ada.origin)

    with nothing_moves(), refused_with(DuplicateAccount):
        open_account(draft=draft_of(ada, external_id="e"), origin=ada.origin)


def test_takes_an_external_id_of_another_owner(ada, grace):
    for player in (ada, grace):
        response = player.post(ACCOUNTS, USD | {"external_id": "e"})
        assert (response.status_code, response.json()["external_id"]) == (201, "e")


def test_takes_no_external_id_again_once_closed(ada, nothing_moves):
    account = ada.post(ACCOUNTS, USD | {"external_id": "e"}).json()
    ada.post(f"{ACCOUNTS}/{account['id']}/close", {"reason": "r"})

    with nothing_moves():
        response = ada.post(ACCOUNTS, USD | {"external_id": "e"})

    assert refusal_of(response) == (409, "duplicate_account")


def test_may_be_repeated_with_a_key(ada):
    first = ada.post(ACCOUNTS, USD, key="k")

    again = ada.post(ACCOUNTS, USD, key="k")
    other = ada.post(ACCOUNTS, USD | {"name": "x"}, key="k")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert refusal_of(other) == (409, "idempotency_key_reused")
    assert Account.objects.count() == 1


@pytest.mark.parametrize("who", ["operator", "operator with accounts:write", "admin"])
@pytest.mark.parametrize(
    ("currency", "initial", "shown"),
    [
        ("USD", "150.75", "150.75"),
        ("USD", "1", "1.00"),
        ("JPY", "1200", "1200"),
        ("KWD", "0.001", "0.001"),
        ("BTC", "92233720368.54775807", "92233720368.54775807"),
    ],
)
def test_begins_with_an_initial_balance(caller, ada, who, currency, initial, shown):
    body = {
        "currency": currency,
        "owner_id": str(ada.id),
        "initial_balance": initial,
    }

    response = caller(who).post(ACCOUNTS, body)

    assert response.status_code == 201
    account = response.json()
    assert account["balance"]["posted"] == account["balance"]["available"] == shown
    assert account == ada.get(f"{ACCOUNTS}/{account['id']}").json()


def test_books_an_initial_balance_against_the_house(operator, ada):
    body = USD | {"owner_id": str(ada.id), "initial_balance": "150.75"}

    account = operator.post(ACCOUNTS, body).json()

    [transfer] = ada.get("/v1/transfers").json()["items"]
    assert {
        name: transfer[name]
        for name in (
            "kind",
            "status",
            "source_account_id",
            "destination_account_id",
            "amount",
            "currency",
        )
    } == {
        "kind": "opening",
        "status": "completed",
        "source_account_id": None,
        "destination_account_id": account["id"],
        "amount": "150.75",
        "currency": "USD",
    }
    [entry] = ada.get(f"{ACCOUNTS}/{account['id']}/entries").json()["items"]
    assert (entry["transfer_id"], entry["kind"]) == (transfer["id"], "opening")
    opening = LedgerAccount.objects.get(pk=house(HousePurpose.OPENING, "USD"))
    assert opening.posted.text == "-150.75"


@pytest.mark.parametrize("who", ["ada", "ada with accounts:write"])
def test_with_an_initial_balance_is_for_staff(caller, who, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(ACCOUNTS, USD | {"initial_balance": "1.00"})

    assert refusal_of(response) == (403, "permission_denied")
    assert not Account.objects.exists()


def test_refuses_more_than_the_house_can_count(operator, nothing_moves):
    body = {"currency": "BTC", "initial_balance": "92233720368.54775807"}
    operator.post(ACCOUNTS, body)

    with nothing_moves():
        response = operator.post(ACCOUNTS, body | {"initial_balance": "0.00000001"})

    assert refusal_of(response) == (422, "limit_exceeded")
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("currency", None, "invalid_input"),
        ("currency", 7, "invalid_input"),
        ("currency", "usd", "unsupported_currency"),
        ("currency", "XXX", "unsupported_currency"),
        ("currency", "", "unsupported_currency"),
        ("name", None, "invalid_input"),
        ("name", "x" * 201, "invalid_input"),
        ("name", "a\0b", "invalid_input"),
        ("external_id", "", "invalid_input"),
        ("external_id", " ", "invalid_input"),
        ("external_id", 7, "invalid_input"),
        ("external_id", "x" * 256, "invalid_input"),
        ("external_id", "a\nb", "invalid_input"),
        ("metadata", None, "invalid_input"),
        ("metadata", [], "invalid_input"),
        ("metadata", "{}", "invalid_input"),
        ("owner_id", "me", "invalid_input"),
        ("owner_id", "", "invalid_input"),
        ("owner_id", 7, "invalid_input"),
        ("initial_balance", None, "invalid_amount"),
        ("initial_balance", 1, "invalid_amount"),
        ("initial_balance", "0", "invalid_amount"),
        ("initial_balance", "0.00", "invalid_amount"),
        ("initial_balance", "-1", "invalid_amount"),
        ("initial_balance", "1e3", "invalid_amount"),
        ("initial_balance", "1.005", "invalid_amount"),
        ("initial_balance", "", "invalid_amount"),
        ("kind", "house", "invalid_input"),
        ("status", "active", "invalid_input"),
        ("balance", {}, "invalid_input"),
        ("id", "0198c5a0-0000-7000-8000-000000000000", "invalid_input"),
        ("floor_minor", -100, "invalid_input"),
    ],
)
def test_refuses_and_points_at_the_field(operator, nothing_moves, field, value, code):
    with nothing_moves():
        response = operator.post(ACCOUNTS, USD | {field: value})

    assert refusal_of(response) == (400, code)
    assert pointers_of(response) == [f"/{field}"]
    assert not Account.objects.exists()


def test_refuses_a_missing_currency(ada, nothing_moves):
    with nothing_moves():
        response = ada.post(ACCOUNTS, {})

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/currency"]


def test_takes_null_for_what_may_be_left_out(ada):
    response = ada.post(ACCOUNTS, USD | {"external_id": None, "owner_id": None})

    assert response.status_code == 201


def test_judges_the_shape_before_the_role(ada, nothing_moves):
    with nothing_moves():
        response = ada.post(ACCOUNTS, USD | {"initial_balance": "1.005"})

    assert refusal_of(response) == (400, "invalid_amount")


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("anonymous", 401, "unauthenticated"),
        ("suspended ada", 403, "permission_denied"),
        ("suspended ada with accounts:write", 403, "permission_denied"),
        ("ada with accounts:read transfers:write", 403, "permission_denied"),
        ("operator with deposits:write reviews:write", 403, "permission_denied"),
    ],
)
def test_who_may_not(caller, who, status, code):
    response = caller(who).post(ACCOUNTS, USD)

    assert refusal_of(response) == (status, code)
    assert not Account.objects.exists()
