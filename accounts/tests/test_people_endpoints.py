"""Sign-up, `me`, suspension and reactivation over HTTP."""

from uuid import UUID

import pytest

from accounts.models import User
from events.models import Event
from paycore.api.principals import Scope
from paycore.lib.ids import new_id
from paycore.testing.cast import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SIGN_UP = {"email": "ada@paycore.example", "password": PASSWORD}
REASON = {"reason": "Reported stolen"}


def code_of(response):
    return response.status_code, response.json()["code"]


def pointers_of(response):
    return [error["pointer"] for error in response.json()["errors"]]


def test_sign_up_makes_a_person(anonymous):
    response = anonymous.post(
        "/v1/users",
        SIGN_UP
        | {"full_name": "Ada L", "time_zone": "Europe/London", "currency": "GBP"},
    )

    assert response.status_code == 201
    body = response.json()
    assert UUID(body.pop("id")).version == 7
    assert body.pop("created_at").endswith("Z")
    assert body == {
        "email": "ada@paycore.example",
        "full_name": "Ada L",
        "role": "user",
        "status": "active",
        "time_zone": "Europe/London",
        "currency": "GBP",
    }
    assert response["Cache-Control"] == "no-store"


def test_sign_up_needs_only_address_and_password(anonymous):
    body = anonymous.post("/v1/users", SIGN_UP).json()

    assert (body["full_name"], body["time_zone"], body["currency"]) == (
        "",
        "UTC",
        "USD",
    )


def test_sign_up_refuses_a_taken_address(anonymous):
    anonymous.post("/v1/users", SIGN_UP)

    response = anonymous.post("/v1/users", SIGN_UP | {"email": "Ada@PAYCORE.example"})

    assert code_of(response) == (409, "duplicate_user")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"role": "admin"}, "/role", "invalid_input"),
        ({"is_staff": True}, "/is_staff", "invalid_input"),
        ({"email": "ada"}, "/email", "invalid_input"),
        ({"email": None}, "/email", "invalid_input"),
        ({"email": 7}, "/email", "invalid_input"),
        ({"email": f"{'a' * 250}@x.example"}, "/email", "invalid_input"),
        ({"email": "a\0da@paycore.example"}, "/email", "invalid_input"),
        ({"password": "short"}, "/password", "invalid_input"),
        ({"password": "x" * 1025}, "/password", "invalid_input"),
        ({"password": ["a"]}, "/password", "invalid_input"),
        ({"full_name": "x" * 201}, "/full_name", "invalid_input"),
        ({"full_name": None}, "/full_name", "invalid_input"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone", "invalid_input"),
        ({"currency": "usd"}, "/currency", "unsupported_currency"),
    ],
)
def test_sign_up_refuses_and_points_at_the_field(anonymous, change, pointer, code):
    response = anonymous.post("/v1/users", SIGN_UP | change)

    assert code_of(response) == (400, code)
    assert pointers_of(response) == [pointer]
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["email", "password"])
def test_sign_up_refuses_a_missing_field(anonymous, field):
    body = {name: value for name, value in SIGN_UP.items() if name != field}

    response = anonymous.post("/v1/users", body)

    assert code_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [f"/{field}"]


def test_sign_up_may_be_retried_with_a_key(anonymous):
    first = anonymous.post("/v1/users", SIGN_UP, key="once")

    again = anonymous.post("/v1/users", SIGN_UP, key="once")
    other = anonymous.post("/v1/users", SIGN_UP | {"full_name": "A"}, key="once")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert code_of(other) == (409, "idempotency_key_reused")
    assert User.objects.count() == 1


def test_sign_up_ignores_a_stale_token(anonymous):
    anonymous.headers["Authorization"] = "Bearer stale"

    assert anonymous.post("/v1/users", SIGN_UP).status_code == 201


@pytest.mark.parametrize("name", ["ada", "operator", "admin"])
def test_me_shows_the_caller(name, request):
    player = request.getfixturevalue(name)

    body = player.get("/v1/users/me").json()

    assert (body["id"], body["email"]) == (str(player.id), player.user.email)
    assert body["role"] == player.role
    assert "password" not in body


def test_me_shows_the_person_behind_a_key(ada):
    server = ada.with_key(Scope.REPORTS_READ)

    assert server.get("/v1/users/me").json()["id"] == str(ada.id)


def test_suspension_stops_old_tokens_and_keys(ada, operator):
    server = ada.with_key(Scope.ACCOUNTS_READ)

    suspended = operator.post(f"/v1/users/{ada.id}/suspend", REASON)

    assert suspended.status_code == 200
    assert (suspended.json()["id"], suspended.json()["status"]) == (
        str(ada.id),
        "suspended",
    )
    for caller in (ada, server):
        assert code_of(caller.get("/v1/users/me")) == (403, "permission_denied")


def test_reactivation_lets_them_act_again(ada, operator):
    operator.post(f"/v1/users/{ada.id}/suspend", REASON)

    reactivated = operator.post(f"/v1/users/{ada.id}/reactivate", REASON)

    assert (reactivated.status_code, reactivated.json()["status"]) == (200, "active")
    assert ada.get("/v1/users/me").status_code == 200


def test_events_tell_who_and_in_which_request(ada, operator):
    operator.post(
        f"/v1/users/{ada.id}/suspend", REASON, **{"X-Request-Id": "request-7"}
    )

    event = Event.objects.get(type="user.suspended")
    assert (event.actor, event.request_id) == (f"user:{operator.id}", "request-7")
    assert event.data["reason"] == "Reported stolen"


def test_suspension_may_be_retried_with_a_key(ada, operator):
    path = f"/v1/users/{ada.id}/suspend"
    first = operator.post(path, REASON, key="once")

    again = operator.post(path, REASON, key="once")

    assert (again.status_code, again.content) == (200, first.content)
    assert Event.objects.filter(type="user.suspended").count() == 1


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("suspend", "suspended"),
        ("suspend", "closed"),
        ("reactivate", "active"),
    ],
)
def test_moves_that_are_none_are_conflicts(operator, verb, status):
    user = UserFactory.create(status=status)

    response = operator.post(f"/v1/users/{user.pk}/{verb}", REASON)

    assert code_of(response) == (409, "invalid_state")


@pytest.mark.parametrize("verb", ["suspend", "reactivate"])
@pytest.mark.parametrize(
    "user_id", ["me", "7", "not-a-uuid", "0198c5a0-0000-7000-8000-000000000000"]
)
def test_nobody_is_404(operator, verb, user_id):
    response = operator.post(f"/v1/users/{user_id}/{verb}", REASON)

    assert code_of(response) == (404, "not_found")


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": ""}, {"reason": 7}, {"reason": "x" * 501}, REASON | {"a": 1}],
)
def test_a_reason_is_needed_before_anybody_is_looked_up(operator, body):
    response = operator.post(f"/v1/users/{new_id()}/suspend", body)

    assert code_of(response) == (400, "invalid_input")


@pytest.mark.parametrize("verb", ["suspend", "reactivate"])
def test_who_may_judge(verb, ada, operator, admin, mallory, anonymous):
    status = {"suspend": "active", "reactivate": "suspended"}[verb]
    callers = {
        anonymous: 401,
        mallory: 403,
        mallory.with_key(Scope.ACCOUNTS_WRITE): 403,
        operator.with_key(Scope.REVIEWS_WRITE): 403,
        operator.with_key(Scope.ADMIN): 200,
        operator: 200,
        admin: 200,
    }

    for caller, expected in callers.items():
        User.objects.filter(pk=ada.id).update(status=status)
        response = caller.post(f"/v1/users/{ada.id}/{verb}", REASON)
        assert response.status_code == expected


def test_role_is_judged_before_shape(mallory):
    response = mallory.post(f"/v1/users/{new_id()}/suspend", {"nonsense": 1})

    assert code_of(response) == (403, "permission_denied")


def test_operators_cannot_suspend_admins_or_themselves(operator, admin):
    for player in (operator, admin):
        response = operator.post(f"/v1/users/{player.id}/suspend", REASON)
        assert code_of(response) == (403, "permission_denied")

    assert admin.get("/v1/users/me").json()["status"] == "active"
