"""In which order a request is judged, and by whom it may be made."""

import pytest

from paycore.api.tests.conftest import ADA, Caller, order
from paycore.api.tests.urls import Groups, Orders, View
from paycore.api.views import ApiView, is_acceptable, one_route

pytestmark = [
    pytest.mark.urls("paycore.api.tests.urls"),
    pytest.mark.django_db,
]

USER = Caller(ADA)
OPERATOR = Caller(ADA, **{"X-Test-Role": "operator"})
ADMIN = Caller(ADA, **{"X-Test-Role": "admin"})
READER = Caller(ADA, **{"X-Test-Scopes": "accounts:read"})
WRITER = Caller(ADA, **{"X-Test-Scopes": "transfers:write"})
KEY_OF_ALL = Caller(ADA, **{"X-Test-Scopes": "admin"})
NOBODY = Caller(None)
SUSPENDED = Caller(None, **{"X-Test-User": "suspended"})


@pytest.mark.parametrize(
    ("caller", "method", "status"),
    [
        (NOBODY, "GET", 401),
        (NOBODY, "HEAD", 401),
        (NOBODY, "DELETE", 401),
        (NOBODY, "PATCH", 401),
        (SUSPENDED, "GET", 403),
        (USER, "GET", 200),
        (USER, "HEAD", 200),
        (USER, "DELETE", 403),
        (USER, "PUT", 403),
        (USER, "PATCH", 405),
        (USER, "OPTIONS", 405),
        (USER, "TRACE", 405),
        (USER, "ANSWER", 405),
        (OPERATOR, "DELETE", 204),
        (OPERATOR, "PUT", 403),
        (ADMIN, "DELETE", 204),
        (ADMIN, "PUT", 200),
        (READER, "GET", 200),
        (READER, "HEAD", 200),
        (WRITER, "GET", 403),
        (WRITER, "HEAD", 403),
        (KEY_OF_ALL, "GET", 200),
        (KEY_OF_ALL, "DELETE", 403),
    ],
)
def test_who_may_call_what(caller, method, status):
    response = caller.client.generic(method, "/v1/groups", headers=caller.headers)

    assert response.status_code == status


def test_401_says_how_to_authenticate():
    response = NOBODY.get("/v1/groups")

    assert response["WWW-Authenticate"] == 'Bearer realm="paycore"'
    assert response.json()["code"] == "unauthenticated"


def test_405_says_which_methods_there_are():
    response = USER.client.generic("PATCH", "/v1/groups", headers=USER.headers)

    assert response["Allow"] == "GET, PUT, DELETE, HEAD"
    assert response.json()["code"] == "method_not_allowed"


def test_a_missing_scope_is_named():
    response = WRITER.get("/v1/groups")

    assert response.json()["detail"] == "This API key lacks the scope accounts:read."


def test_a_head_has_the_headers_of_a_get_and_no_body():
    response = USER.client.head("/v1/groups", headers=USER.headers)

    assert response["Content-Type"] == "application/json"
    assert response.content == b""


@pytest.mark.parametrize(
    ("caller", "body", "key", "accept", "status", "code"),
    [
        (NOBODY, {"x": 1}, None, "text/html", 401, "unauthenticated"),
        (READER, {"x": 1}, None, "text/html", 403, "permission_denied"),
        (USER, {"x": 1}, None, "text/html", 406, "not_acceptable"),
        (USER, {"x": 1}, None, "*/*", 400, "invalid_input"),
        (USER, order(amount=5), None, "*/*", 400, "invalid_amount"),
        (USER, order(currency="XXX"), None, "*/*", 400, "unsupported_currency"),
        (USER, order(), None, "*/*", 400, "idempotency_key_required"),
        (USER, order(), "k", "*/*", 201, None),
    ],
)
def test_the_order_of_judgement(caller, body, key, accept, status, code):
    response = caller.post("/v1/orders", body, key=key, Accept=accept)

    assert response.status_code == status
    assert response.json().get("code") == code


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_input"),
        (b"", "application/json", 400, "invalid_input"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"x" * (10 * 1024 * 1024), "application/json", 413, "payload_too_large"),
        (b"[" * 100_000, "application/json", 400, "invalid_input"),
    ],
)
def test_a_body_that_cannot_be_read(body, content_type, status, code):
    response = USER.post("/v1/orders", body, key="k", content_type=content_type)

    assert response.status_code == status
    assert response.json()["code"] == code


def test_public_views_ignore_credentials():
    assert SUSPENDED.post("/v1/sign-up").status_code == 201
    assert NOBODY.post("/v1/sign-up").status_code == 201


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("color=red", "/color"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("name=%00", ""),
        ("%00=1", ""),
        ("cursor=abc", "/cursor"),
        ("cursor=" + "A" * 10_000, "/cursor"),
        ("cursor=é", "/cursor"),
    ],
)
def test_a_query_that_cannot_be_read(query, pointer):
    response = USER.get(f"/v1/groups?{query}")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_input"
    assert response.json()["errors"][0]["pointer"] == pointer


def test_a_query_of_a_thousand_fields_is_no_failure():
    response = USER.get("/v1/groups?" + "&".join(f"a{n}=1" for n in range(2000)))

    assert response.status_code == 400


@pytest.mark.parametrize(
    "text", ["1", "x", "%00", "..", "01990000000070008000000000000001", "é", "a" * 999]
)
def test_a_bad_id_in_a_path_is_404(text):
    assert USER.get(f"/v1/things/{text}").status_code == 404


def test_answers_are_not_kept_by_anyone():
    assert USER.get("/v1/groups")["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "is_wanted"),
    [
        ("", True),
        ("*/*", True),
        ("application/json", True),
        ("application/*", True),
        ("text/html, application/xhtml+xml, */*;q=0.8", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html", False),
        ("application/xml;q=0.9, text/*", False),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0.0, application/json", True),
        (",", False),
        ("json", False),
    ],
)
def test_what_accept_admits(accept, is_wanted):
    assert is_acceptable(accept, "application/json") is is_wanted


def test_a_restriction_of_a_method_that_is_not_there_is_a_mistake():
    class Mistyped(View):
        operators = frozenset({"PSOT"})

        def post(self, request):
            raise NotImplementedError

    with pytest.raises(AssertionError, match="PSOT"):
        Mistyped.as_view()


def test_one_route_keeps_the_restrictions_of_each_view():
    both = one_route(Groups, Orders)

    assert both.own_methods() == ["GET", "POST", "PUT", "DELETE"]
    assert both.scopes == {**Groups.scopes, **Orders.scopes}
    assert both.operators == {"DELETE"}
    assert both.admins == {"PUT"}


def test_one_route_refuses_two_views_of_one_method():
    class Other(ApiView):
        def get(self, request):
            raise NotImplementedError

    with pytest.raises(AssertionError, match="same method"):
        one_route(Groups, Other)
