"""Login and refresh over HTTP."""

import jwt
import pytest

from accounts import tokens
from accounts.models import User
from paycore.testing.cast import PASSWORD, Caller

pytestmark = pytest.mark.django_db
LOGIN = {"email": "ada@paycore.example", "password": PASSWORD}


def code_of(response):
    return response.status_code, response.json()["code"]


def lifetime_of(token):
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["exp"] - claims["iat"]


def test_login_gives_tokens(ada, anonymous):
    response = anonymous.post("/v1/auth/login", LOGIN)

    body = response.json()
    assert response.status_code == 200
    assert set(body) == {"access", "refresh", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert (lifetime_of(body["access"]), lifetime_of(body["refresh"])) == (900, 86400)
    assert response["Cache-Control"] == "no-store"


def test_login_opens_the_api(ada, anonymous):
    access = anonymous.post("/v1/auth/login", LOGIN).json()["access"]

    signed_in = Caller(headers={"Authorization": f"Bearer {access}"})

    assert signed_in.get("/v1/users/me").json()["id"] == str(ada.id)


def test_login_follows_the_settings(ada, anonymous, settings):
    settings.ACCESS_TOKEN_LIFETIME = 60

    body = anonymous.post("/v1/auth/login", LOGIN).json()

    assert (body["expires_in"], lifetime_of(body["access"])) == (60, 60)


def test_login_answers_the_same_for_unknown_and_wrong(ada, anonymous):
    wrong = anonymous.post("/v1/auth/login", LOGIN | {"password": "something else"})
    unknown = anonymous.post("/v1/auth/login", LOGIN | {"email": "no@paycore.example"})
    User.objects.filter(pk=ada.id).update(status="closed")
    closed = anonymous.post("/v1/auth/login", LOGIN)

    answers = [response.json() for response in (wrong, unknown, closed)]
    for answer in answers:
        del answer["request_id"]
    assert code_of(wrong) == (401, "unauthenticated")
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["detail"] == "The email address or the password is wrong."
    assert wrong["WWW-Authenticate"].startswith("Bearer")


def test_login_tells_a_suspended_person_so(ada, anonymous):
    User.objects.filter(pk=ada.id).update(status="suspended")

    assert code_of(anonymous.post("/v1/auth/login", LOGIN)) == (
        403,
        "permission_denied",
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ada@paycore.example"},
        {"password": PASSWORD},
        LOGIN | {"password": 7},
        LOGIN | {"password": None},
        LOGIN | {"password": "x" * 1025},
        LOGIN | {"remember": True},
    ],
)
def test_login_refuses_other_shapes(anonymous, body):
    response = anonymous.post("/v1/auth/login", body)

    assert code_of(response) == (400, "invalid_input")
    assert PASSWORD not in response.content.decode()


def test_refresh_gives_a_new_access_token(ada, anonymous):
    refresh = anonymous.post("/v1/auth/login", LOGIN).json()["refresh"]

    response = anonymous.post("/v1/auth/refresh", {"refresh": refresh})

    body = response.json()
    assert response.status_code == 200
    assert (set(body), body["expires_in"]) == ({"access", "expires_in"}, 900)
    signed_in = Caller(headers={"Authorization": f"Bearer {body['access']}"})
    assert signed_in.get("/v1/users/me").json()["id"] == str(ada.id)


@pytest.mark.parametrize("text", ["", "garbage", "a.b.c"])
def test_refresh_refuses_what_is_no_token(anonymous, text):
    response = anonymous.post("/v1/auth/refresh", {"refresh": text})

    assert response.status_code == (401 if text else 400)


def test_refresh_refuses_an_access_token(ada, anonymous):
    access = ada.headers["Authorization"].removeprefix("Bearer ")

    response = anonymous.post("/v1/auth/refresh", {"refresh": access})

    assert code_of(response) == (401, "unauthenticated")
    assert response.json()["detail"] == (
        "The refresh token is wrong or has ended. Sign in again."
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"status": "suspended"}, 403),
        ({"status": "closed"}, 403),
        ({"password": "x"}, 401),
    ],
)
def test_refresh_refuses_who_may_not_act(ada, anonymous, change, status):
    refresh = tokens.issue_refresh_token(
        user_id=ada.id, password_hash=ada.user.password
    )
    User.objects.filter(pk=ada.id).update(**change)

    response = anonymous.post("/v1/auth/refresh", {"refresh": refresh})

    assert response.status_code == status


def test_refresh_takes_one_statement(ada, anonymous, django_assert_num_queries):
    refresh = tokens.issue_refresh_token(
        user_id=ada.id, password_hash=ada.user.password
    )

    with django_assert_num_queries(1):
        anonymous.post("/v1/auth/refresh", {"refresh": refresh})
