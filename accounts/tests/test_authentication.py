"""Authentication ..."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from rest_framework.test import APIRequestFactory

from accounts import tokens
from accounts.authentication import ApiKeyHeader, BearerToken
from accounts.models import ApiKey, User
from accounts.services import grant_role, revoke_api_key
from paycore.api.principals import Principal, Role, Scope
from paycore.lib.errors import PermissionDenied, Unauthenticated
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM
from paycore.testing.cast import ApiKeyFactory, bearer

pytestmark = pytest.mark.django_db


def ask(headers):
    """What Django REST framework gets from our two ways, in their order."""
    request = APIRequestFactory().get("/", headers=headers)
    for way in (BearerToken(), ApiKeyHeader()):
        if (answer := way.authenticate(request)) is not None:
            return answer[0]
    return None


def ask_with_token(text):
    return ask({"Authorization": f"Bearer {text}"})


def signed(claims, key=None, algorithm="HS256"):
    from rest_framework_simplejwt.settings import api_settings

    return jwt.encode(claims, key or api_settings.SIGNING_KEY, algorithm=algorithm)


def claims_of(player):
    text = player.headers["Authorization"].removeprefix("Bearer ")
    return jwt.decode(text, options={"verify_signature": False})


def test_knows_nobody_without_headers():
    assert ask({}) is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_knows_a_person_by_token(ada, scheme):
    token = ada.headers["Authorization"].partition(" ")[2]

    principal = ask({"Authorization": f"{scheme} {token}"})

    assert principal == Principal(user_id=ada.id, role=Role.USER)


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_knows_the_role(role, request):
    player = request.getfixturevalue(role)

    assert ask(player.headers).role is Role(role)


def test_knows_a_server_by_key(ada):
    key = ApiKeyFactory.create(
        user=ada.user, secret="pk_live_x", scopes=["transfers:write"]
    )

    assert ask({"X-API-Key": "pk_live_x"}) == Principal(
        user_id=ada.id,
        role=Role.USER,
        scopes=frozenset({Scope.TRANSFERS_WRITE}),
        api_key_id=key.pk,
    )


def test_takes_one_statement_for_a_token(operator, django_assert_num_queries):
    with django_assert_num_queries(1):
        ask(operator.headers)


def test_takes_one_statement_for_a_key(operator, django_assert_num_queries):
    headers = operator.with_key(Scope.ADMIN).headers

    with django_assert_num_queries(2):
        ask(headers)
    with django_assert_num_queries(1):
        ask(headers)


def test_notes_the_use_of_a_key(ada):
    headers = ada.with_key(Scope.ACCOUNTS_READ).headers
    assert ApiKey.objects.get().last_used_at is None

    ask(headers)

    assert ApiKey.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer ....",
        "Bearer \xff\xfe",
        "Basic YWRhOnB3",
        "Token abc",
        "pk_live_abc",
    ],
)
def test_refuses_what_is_no_token(header):
    with pytest.raises(Unauthenticated):
        ask({"Authorization": header})


def test_refuses_an_expired_token(ada):
    past = datetime.now(UTC) - timedelta(seconds=1)

    with pytest.raises(Unauthenticated):
        ask_with_token(signed(claims_of(ada) | {"exp": past}))


@pytest.mark.parametrize("claim", ["exp", "jti", "sub", "pwd", "token_type", "iss"])
def test_refuses_a_token_without_a_claim(ada, claim):
    claims = claims_of(ada)
    del claims[claim]

    with pytest.raises(Unauthenticated):
        ask_with_token(signed(claims))


@pytest.mark.parametrize("subject", ["ada", "", "1", 7, None, ["x"], "\x00"])
def test_refuses_a_token_for_what_is_nobody(ada, subject):
    with pytest.raises(Unauthenticated):
        ask_with_token(signed(claims_of(ada) | {"sub": subject}))


def test_refuses_a_token_for_somebody_unknown(ada):
    with pytest.raises(Unauthenticated):
        ask_with_token(signed(claims_of(ada) | {"sub": str(new_id())}))


def test_refuses_a_token_of_another_key(ada):
    forged = signed(claims_of(ada), key="another key that is long enough to sign")

    with pytest.raises(Unauthenticated):
        ask_with_token(forged)


def test_refuses_a_token_without_a_signature(ada):
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims_of(ada)).encode()).rstrip(b"=")

    for signature in ("", "x"):
        with pytest.raises(Unauthenticated):
            ask_with_token(f"{header.decode()}.{body.decode()}.{signature}")


def test_refuses_a_token_of_another_algorithm(ada):
    with pytest.raises(Unauthenticated):
        ask_with_token(signed(claims_of(ada), algorithm="HS512"))


def test_refuses_a_refresh_token(ada):
    refresh = tokens.issue_refresh_token(
        user_id=ada.id, password_hash=ada.user.password
    )

    with pytest.raises(Unauthenticated):
        ask_with_token(refresh)


def test_refuses_tokens_from_before_a_new_password(ada):
    ada.user.set_password("another long pass phrase")
    ada.user.save()

    with pytest.raises(Unauthenticated):
        ask(ada.headers)
    assert ask(bearer(ada.user)).user_id == ada.id


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_refuses_who_may_not_act_whatever_they_hold(ada, status):
    key = ada.with_key(Scope.ACCOUNTS_READ)
    User.objects.filter(pk=ada.id).update(status=status)

    for headers in (ada.headers, key.headers):
        with pytest.raises(PermissionDenied):
            ask(headers)
    assert ApiKey.objects.get().last_used_at is None


def test_knows_a_role_that_was_taken_just_now(operator):
    key = operator.with_key(Scope.REVIEWS_WRITE)
    grant_role(user_id=operator.id, role=Role.USER, origin=SYSTEM)

    assert ask(operator.headers).role is Role.USER
    assert ask(key.headers).role is Role.USER


@pytest.mark.parametrize("secret", ["", " ", "pk_live_", "garbage", "\xff", "x" * 9999])
def test_refuses_what_is_no_key(ada, secret):
    ada.with_key(Scope.ACCOUNTS_READ)

    with pytest.raises(Unauthenticated):
        ask({"X-API-Key": secret})


def test_refuses_a_revoked_key(ada):
    headers = ada.with_key(Scope.ACCOUNTS_READ).headers
    key = ApiKey.objects.get()
    revoke_api_key(api_key_id=key.pk, owner_id=ada.id, origin=SYSTEM)

    with pytest.raises(Unauthenticated):
        ask(headers)


def test_refuses_an_expired_key(ada):
    past = datetime.now(UTC) - timedelta(seconds=1)
    ApiKeyFactory.create(
        user=ada.user,
        secret="pk_live_x",
        created_at=past - timedelta(days=1),
        expires_at=past,
    )

    with pytest.raises(Unauthenticated):
        ask({"X-API-Key": "pk_live_x"})


def test_lets_authorization_decide_when_both_are_sent(ada, grace):
    key = grace.with_key(Scope.ACCOUNTS_READ)

    assert ask(key.headers | ada.headers).user_id == ada.id
    with pytest.raises(Unauthenticated):
        ask(key.headers | {"Authorization": "Bearer garbage"})
