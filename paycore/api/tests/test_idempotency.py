"""One key, one execution: a request that is sent again gets its first answer again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY

from paycore.api import idempotency, tasks
from paycore.api.models import IdempotencyKey
from paycore.api.tests.conftest import ADA, Caller, order
from paycore.api.tests.urls import Orders, TestInsufficientBalance
from paycore.lib.errors import (
    InvalidState,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
)

pytestmark = [pytest.mark.urls("paycore.api.tests.urls"), pytest.mark.django_db]


def refuse():
    raise TestInsufficientBalance(available="1.00", required="2.00", currency="USD")


def orders_made():
    return Group.objects.filter(name__startswith="order").count()


def test_the_first_answer_comes_again(ada):
    first = ada.post("/v1/orders", order(), key="k", **{"X-Request-Id": "r-1"})
    again = ada.post("/v1/orders", order(), key="k", **{"X-Request-Id": "r-2"})

    assert first.status_code == again.status_code == 201
    assert first.content == again.content == b'{"reference":"order 1","count":1}'
    assert again["Content-Type"] == "application/json"
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again["X-Request-Id"] == "r-2"
    assert orders_made() == 1


def test_order_of_keys_and_whitespace_make_no_other_request(ada):
    body = order(metadata={"b": 1, "a": [1, 2]})
    first = ada.post("/v1/orders", body, key="k")
    shuffled = dict(reversed(body.items())) | {"metadata": {"a": [1, 2], "b": 1}}

    again = ada.post("/v1/orders", json.dumps(shuffled, indent=3).encode(), key="k")

    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "150.76"},
        {"amount": "150.750"[:5]},
        {"description": "x"},
        {"metadata": {"a": [2, 1]}},
    ],
)
def test_another_request_with_the_key_is_refused(ada, changes):
    ada.post("/v1/orders", order(metadata={"a": [1, 2]}), key="k")

    response = ada.post("/v1/orders", order(metadata={"a": [1, 2]}) | changes, key="k")

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency_key_reused"
    assert orders_made() == 1


def test_path_parameters_belong_to_the_request(ada):
    assert ada.post("/v1/notes/1/again", {}, key="k").status_code == 200

    response = ada.post("/v1/notes/2/again", {}, key="k")

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency_key_reused"


def test_another_route_or_person_has_keys_of_their_own(ada, grace):
    assert ada.post("/v1/orders", order(), key="k").status_code == 201
    assert ada.post("/v1/notes", {}, key="k").status_code == 200
    response = grace.post("/v1/orders", order(reference="order 2"), key="k")

    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response
    assert orders_made() == 2


def test_a_person_keeps_their_keys_whatever_they_authenticate_with(ada):
    ada.post("/v1/orders", order(), key="k")

    response = Caller(ADA, **{"X-Test-Scopes": "transfers:write"}).post(
        "/v1/orders", order(), key="k"
    )

    assert response["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_refused_where_one_is_required(ada, key):
    response = ada.post("/v1/orders", order(), key=key)

    assert response.status_code == 400
    assert response.json()["code"] == "idempotency_key_required"
    # The server hands on a header of other characters as an empty one.
    assert "printable ASCII" in response.json()["detail"]
    assert orders_made() == 0


@pytest.mark.parametrize("key", ["é", "a\tb", "x" * 256, "\x7f", "a\x00", "ключ"])
def test_a_key_of_other_characters_is_refused(ada, key):
    response = ada.client.post(
        "/v1/orders",
        order(),
        content_type="application/json",
        HTTP_IDEMPOTENCY_KEY=key,
        headers=ada.headers,
    )

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_input"
    assert orders_made() == 0


@pytest.mark.parametrize("key", ["0", " ", "x" * 255, "a b/c~'\"\\;--%s{}"])
def test_any_printable_key_will_do(ada, key):
    assert ada.post("/v1/orders", order(), key=key).status_code == 201
    assert ada.post("/v1/orders", order(), key=key)["Idempotent-Replayed"] == "true"


def test_an_empty_key_is_refused_where_it_is_optional(ada):
    response = ada.post("/v1/notes", {}, key="")

    assert response.status_code == 400
    assert response.json()["code"] == "invalid_input"


def test_without_a_key_an_optional_one_each_request_is_its_own(ada):
    assert ada.post("/v1/notes", {"note": "a"}).json()["count"] == 1
    assert ada.post("/v1/notes", {"note": "a"}).json()["count"] == 2


def test_an_accepted_key_is_honoured(ada):
    first = ada.post("/v1/notes", {"note": "a"}, key="k")
    again = ada.post("/v1/notes", {"note": "a"}, key="k")

    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"


def test_anonymous_callers_have_keys_by_address(nobody):
    first = nobody.post("/v1/sign-up", {"note": "a"}, key="k")
    again = nobody.post("/v1/sign-up", {"note": "a"}, key="k")
    nobody.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    elsewhere = nobody.post("/v1/sign-up", {"note": "a"}, key="k")

    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert "Idempotent-Replayed" not in elsewhere


def test_a_fingerprint_knows_integers_of_any_size():
    first, again, other = (
        idempotency.fingerprint("POST", "/", {"b": number, "a": 1})
        for number in (10**30, 10**30, 10**30 + 1)
    )

    assert first == again != other


def test_a_fingerprint_with_a_password_in_it_is_keyed(settings):
    plain = idempotency.fingerprint("POST", "/v1/users", {"password": "x"})
    keyed = idempotency.fingerprint(
        "POST", "/v1/users", {"password": "x"}, is_keyed=True
    )
    settings.SECRET_KEY = "another"
    other = idempotency.fingerprint(
        "POST", "/v1/users", {"password": "x"}, is_keyed=True
    )

    assert len({plain, keyed, other}) == 3


def test_a_refusal_is_remembered_and_what_it_wrote_is_not(ada):
    Orders.work = refuse
    first = ada.post("/v1/orders", order(), key="k", **{"X-Request-Id": "r-1"})
    # The money has come in since.
    Orders.work = None

    again = ada.post("/v1/orders", order(), key="k", **{"X-Request-Id": "r-2"})

    assert first.status_code == again.status_code == 422
    assert first.content == again.content
    assert again["Content-Type"] == "application/problem+json"
    assert again["Idempotent-Replayed"] == "true"
    assert again.json()["request_id"] == "r-1"
    assert again["X-Request-Id"] == "r-2"
    assert again.json()["available"] == "1.00"
    assert orders_made() == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (PermissionDenied(why="No."), 403),
        (InvalidState(why="No."), 409),
        (ServiceUnavailable(why="No."), 503),
        (OperationalError("gone"), 503),
        (IntegrityError("a constraint nobody listed"), 500),
        (RuntimeError("a bug"), 500),
    ],
)
def test_no_other_error_is_remembered(ada, error, status):
    def fail():
        raise error

    Orders.work = fail
    assert ada.post("/v1/orders", order(), key="k").status_code == status
    assert orders_made() == 0
    assert IdempotencyKey.objects.count() == 0
    Orders.work = None

    response = ada.post("/v1/orders", order(), key="k")

    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response
    assert orders_made() == 1


def test_a_malformed_request_does_not_use_its_key_up(ada):
    assert ada.post("/v1/orders", order(amount=5), key="k").status_code == 400

    assert ada.post("/v1/orders", order(), key="k").status_code == 201


def test_a_replay_is_judged_by_scope_and_shape_first(ada):
    ada.post("/v1/orders", order(), key="k")
    reader = Caller(ADA, **{"X-Test-Scopes": "accounts:read"})

    assert reader.post("/v1/orders", order(), key="k").status_code == 403
    assert ada.post("/v1/orders", order(x=1), key="k").status_code == 400


def test_a_replay_does_no_work(ada):
    ada.post("/v1/orders", order(), key="k")

    def fail():
        raise AssertionError("A replay must not work.")

    Orders.work = fail

    assert ada.post("/v1/orders", order(), key="k").status_code == 201


def test_costs_two_statements_new_and_two_replayed():
    claim = idempotency.Claim("user:1", "/v1/x", "k", b"f")
    answer = idempotency.Answer(201, b"{}")

    with CaptureQueriesContext(connection) as first:
        idempotency.answer_once(claim, lambda: answer, render_refusal=lambda _: answer)
    with CaptureQueriesContext(connection) as again:
        idempotency.answer_once(claim, lambda: answer, render_refusal=lambda _: answer)

    assert statements(first) == ["INSERT", "UPDATE"]
    assert statements(again) == ["INSERT", "SELECT"]


def test_counts_outcomes(ada):
    before = counts()

    ada.post("/v1/orders", order(), key="k")
    ada.post("/v1/orders", order(), key="k")
    ada.post("/v1/orders", order(amount="1"), key="k")
    ada.post("/v1/orders", order(amount=5), key="k")

    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1, 1]


def test_what_is_stored_is_what_was_sent(ada):
    response = ada.post("/v1/orders", order(), key="k")

    row = IdempotencyKey.objects.get()
    assert (row.principal, row.route, row.key) == (f"user:{ADA}", "/v1/orders", "k")
    assert (row.status, bytes(row.body or b"")) == (201, response.content)
    assert len(bytes(row.fingerprint)) == 32
    assert str(row) == f"user:{ADA} /v1/orders k"


def test_a_large_answer_is_stored_small_and_comes_again_whole():
    claim = idempotency.Claim("user:1", "/v1/x", "k", b"f")
    large = idempotency.Answer(201, b'{"items":[' + b'{"a":1},' * 50_000 + b"{}]}")

    def send():
        return idempotency.answer_once(
            claim, lambda: large, render_refusal=lambda _: large
        )

    assert send() == large
    again = send()
    assert again.is_replay
    assert again.body == large.body
    assert IdempotencyKey.objects.get().body == large.body
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(body) FROM api_idempotencykey")
        assert cursor.fetchone()[0] < 10_000


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 2048, b"x" * 2049, None])
def test_a_body_read_through_the_model_is_whole(body):
    status = None if body is None else 201
    IdempotencyKey.objects.create(
        principal="p", route="/", key="k", fingerprint=b"f", status=status, body=body
    )

    assert IdempotencyKey.objects.get().body == body


def test_the_purge_forgets_what_is_older_than_the_retention(monkeypatch):
    monkeypatch.setattr(idempotency, "PURGE_AT_ONCE", 2)
    moment = datetime(2026, 3, 31, tzinfo=UTC)
    for age in range(25, 35):
        remember(key=str(age), at=moment - timedelta(days=age, seconds=1))

    deleted = idempotency.purge_idempotency_keys(before=moment - timedelta(days=30))

    assert deleted == 5
    assert sorted(IdempotencyKey.objects.values_list("key", flat=True)) == [
        *("25", "26", "27", "28", "29")
    ]
    assert idempotency.purge_idempotency_keys(before=moment - timedelta(days=30)) == 0


def test_the_task_purges_and_tolerates_arguments_of_tomorrow(settings):
    now = datetime.now(UTC)
    remember(key="old", at=now - timedelta(days=30, minutes=1))
    remember(key="young", at=now - timedelta(days=29))

    assert tasks.purge_idempotency_keys(something_new=True) == 1
    assert IdempotencyKey.objects.get().key == "young"


def test_the_database_holds_one_row_per_key():
    remember(key="k", at=datetime(2026, 1, 1, tzinfo=UTC))

    with (
        pytest.raises(IntegrityError, match="used_once_per_principal_and_route"),
        transaction.atomic(),
    ):
        remember(key="k", at=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_database_refuses_half_an_answer():
    with (
        pytest.raises(IntegrityError, match="has_status_and_body_or_neither"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO api_idempotencykey"
            " (principal, route, key, fingerprint, status)"
            " VALUES ('user:1', '/', 'k', '', 201)"
        )


def remember(*, key, at):
    IdempotencyKey.objects.create(
        principal="user:1",
        route="/v1/orders",
        key=key,
        fingerprint=b"f",
        status=201,
        body=b"{}",
        created_at=at,
    )


def statements(captured):
    verbs = [query["sql"].split()[0] for query in captured.captured_queries]
    return [verb for verb in verbs if verb not in {"SAVEPOINT", "RELEASE"}]


def counts():
    return [
        REGISTRY.get_sample_value("idempotency_events_total", {"outcome": outcome}) or 0
        for outcome in ("new", "replay", "mismatch")
    ]
