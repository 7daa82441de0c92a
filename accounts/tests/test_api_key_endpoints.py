"""API keys over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import ApiKey
from paycore.api.principals import Scope
from paycore.lib.ids import new_id
from paycore.testing.cast import ApiKeyFactory, Caller

pytestmark = pytest.mark.django_db
KEYS = "/v1/api-keys"
BODY = {"name": "Till 7", "scopes": ["accounts:read", "transfers:write"]}


def code_of(response):
    return response.status_code, response.json()["code"]


def test_creation_shows_the_key_once(ada):
    created = ada.post(KEYS, BODY)

    body = created.json()
    key = body.pop("key")
    assert created.status_code == 201
    assert set(body) == {
        *("id", "name", "prefix", "scopes", "expires_at", "last_used_at", "created_at")
    }
    assert (body["name"], body["scopes"]) == (BODY["name"], BODY["scopes"])
    assert key.startswith(body["prefix"])
    listed = ada.get(KEYS)
    assert listed.json() == {"items": [body], "next_cursor": None}
    assert key not in listed.content.decode()


def test_the_key_opens_the_api(ada):
    key = ada.post(KEYS, BODY).json()["key"]

    response = Caller(headers={"X-API-Key": key}).get("/v1/users/me")

    assert response.json()["id"] == str(ada.id)
    assert ada.get(KEYS).json()["items"][0]["last_used_at"] is not None


def test_a_retry_with_a_key_makes_another_one(ada):
    keys = {ada.post(KEYS, BODY, key="once").json()["key"] for _ in range(2)}

    assert len(keys) == 2


def test_creation_takes_an_expiry(ada):
    moment = datetime.now(UTC) + timedelta(days=1)

    body = ada.post(KEYS, BODY | {"expires_at": moment.isoformat()}).json()

    assert datetime.fromisoformat(body["expires_at"]) == moment


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": None}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": "accounts:read"}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"scopes": ["accounts:read", 7]}, "/scopes/1"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"user_id": "x"}, "/user_id"),
        ({"key": "pk_live_mine"}, "/key"),
    ],
)
def test_creation_refuses_and_points_at_the_field(ada, change, pointer):
    response = ada.post(KEYS, BODY | change)

    assert code_of(response) == (400, "invalid_input")
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scope", ["deposits:write", "reviews:write", "admin"])
def test_scopes_of_staff_are_for_staff(ada, operator, scope):
    body = BODY | {"scopes": [scope]}

    assert code_of(ada.post(KEYS, body)) == (403, "permission_denied")
    assert operator.post(KEYS, body).status_code == 201


def test_shape_is_judged_before_who_may_give_a_scope(ada):
    response = ada.post(KEYS, {"scopes": ["admin"]})

    assert code_of(response) == (400, "invalid_input")


def test_only_keys_with_admin_scope_manage_keys(operator):
    target = ApiKeyFactory.create(user=operator.user)
    weak = operator.with_key(*(set(Scope) - {Scope.ADMIN}))
    strong = operator.with_key(Scope.ADMIN)

    for caller, read, made, gone in [(weak, 403, 403, 403), (strong, 200, 201, 204)]:
        assert caller.get(KEYS).status_code == read
        assert caller.post(KEYS, BODY).status_code == made
        assert caller.delete(f"{KEYS}/{target.pk}").status_code == gone


def test_deletion_ends_a_key(ada):
    created = ada.post(KEYS, BODY).json()

    deleted = ada.delete(f"{KEYS}/{created['id']}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert ada.get(KEYS).json()["items"] == []
    server = Caller(headers={"X-API-Key": created["key"]})
    assert code_of(server.get("/v1/users/me")) == (401, "unauthenticated")
    assert code_of(ada.delete(f"{KEYS}/{created['id']}")) == (404, "not_found")


def test_strangers_neither_see_nor_delete_keys(ada, mallory):
    key = ApiKeyFactory.create(user=ada.user)

    assert mallory.get(KEYS).json()["items"] == []
    assert code_of(mallory.delete(f"{KEYS}/{key.pk}")) == (404, "not_found")
    assert ApiKey.objects.get().revoked_at is None


@pytest.mark.parametrize(
    "key_id", ["7", "not-a-uuid", "0198c5a0-0000-7000-8000-000000000000"]
)
def test_deletion_of_what_is_not_there_is_404(ada, key_id):
    assert code_of(ada.delete(f"{KEYS}/{key_id}")) == (404, "not_found")


def test_everything_needs_authentication(anonymous):
    for response in (
        anonymous.get(KEYS),
        anonymous.post(KEYS, BODY),
        anonymous.delete(f"{KEYS}/{new_id()}"),
        anonymous.get("/v1/users/me"),
    ):
        assert code_of(response) == (401, "unauthenticated")


def test_lists_are_read_in_pages(ada):
    ids = [str(ApiKeyFactory.create(user=ada.user).pk) for _ in range(5)]

    first = ada.get(KEYS, limit=3).json()
    second = ada.get(KEYS, limit=3, cursor=first["next_cursor"]).json()

    pages = [item["id"] for item in first["items"] + second["items"]]
    assert pages == ids[::-1]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("limit", ["0", "101", "x", ""])
def test_lists_refuse_other_limits(ada, limit):
    assert code_of(ada.get(KEYS, limit=limit)) == (400, "invalid_input")


def test_lists_take_one_statement_whatever_their_length(ada, django_assert_num_queries):
    for _ in range(3):
        ApiKeyFactory.create(user=ada.user)

    # Who is calling, and the page.
    with django_assert_num_queries(2):
        ada.get(KEYS)
