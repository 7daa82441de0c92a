"""PostgreSQL or Valkey goes away and comes back, under a web server that stays."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import redis

from paycore.stack.tests.dependencies import LOGIN, Stack, stack_of_our_own, wait_until
from paycore.stack.tests.serving import Answer

INTERNAL: Final = "/v1/transfers/internal"
# How long a caller waits, at most, to hear that the database is down.
SECONDS_TO_REFUSE: Final = 8
STRANGER: Final = {"email": "eve@paycore.example", "password": "a long pass phrase"}


def test_what_goes_away_comes_back() -> None:
    # One test, because a stack of its own is dear.
    with stack_of_our_own() as stack:
        order = order_of_ada(stack)

        without_the_database_everybody_is_told_when_to_come_back(stack, order)
        without_valkey_known_callers_go_on_and_strangers_wait(stack, order)
        answers_are_remembered_when_valkey_forgets(stack, order)


def without_the_database_everybody_is_told_when_to_come_back(
    stack: Stack, order: dict[str, Any]
) -> None:
    workers = stack.server.workers
    with stack.postgresql.down():
        started = time.monotonic()
        refusals = at_once(
            lambda: stack.get("/v1/accounts"),
            lambda: stack.get(f"/v1/accounts/{order['source_account_id']}"),
            lambda: stack.post(INTERNAL, order, key="during the outage"),
            lambda: stack.post("/v1/auth/login", LOGIN),
            lambda: stack.post("/v1/users", STRANGER),
            lambda: stack.get("/health/ready"),
        )
        seconds = time.monotonic() - started
        *_, ready = refusals

        for answer in refusals:
            assert_come_back(answer)
        assert seconds < SECONDS_TO_REFUSE
        assert ready.json()["checks"]["database"] == "does not answer"
        assert ready.json()["checks"]["broker"] == "ok"
        assert stack.get("/health/live").status == 200
    wait_until(lambda: stack.get("/health/ready").status == 200)
    made = stack.post(INTERNAL, order, key="during the outage")

    # By the same process, which had not remembered anything of the refusal.
    assert stack.server.workers == workers
    assert made.status == 201
    assert "idempotent-replayed" not in made.headers


def without_valkey_known_callers_go_on_and_strangers_wait(
    stack: Stack, order: dict[str, Any]
) -> None:
    wait_until(lambda: "ratelimit" in stack.get("/v1/users/me").headers)
    first = stack.post(INTERNAL, order, key="before the outage")
    counted = [stack.uncounted(tier) for tier in ("authenticated", "anonymous")]
    with stack.valkey.down():
        reading = stack.get("/v1/accounts")
        again = stack.post(INTERNAL, order, key="before the outage")
        another = stack.post(INTERNAL, order, key="without valkey")
        refresh = {"refresh": stack.refresh_token}
        refusals = [
            stack.post("/v1/auth/login", LOGIN),
            stack.post("/v1/auth/refresh", refresh),
            stack.post("/v1/users", STRANGER),
        ]
        ready = stack.get("/health/ready")
        uncounted = [stack.uncounted(tier) for tier in ("authenticated", "anonymous")]

    assert (first.status, reading.status, another.status) == (201, 200, 201)
    assert "ratelimit" not in reading.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status, again.body) == (first.status, first.body)
    for answer in (*refusals, ready):
        assert_come_back(answer)
    assert ready.json()["checks"]["broker"] == "does not answer"
    assert ready.json()["checks"]["database"] == "ok"
    assert uncounted == [counted[0] + 3, counted[1] + 3]

    wait_until(lambda: stack.post("/v1/auth/login", LOGIN).status == 200)
    wait_until(lambda: "ratelimit" in stack.get("/v1/accounts").headers)
    wait_until(lambda: stack.get("/health/ready").status == 200)


def answers_are_remembered_when_valkey_forgets(
    stack: Stack, order: dict[str, Any]
) -> None:
    first = stack.post(INTERNAL, order, key="before the flush")
    with redis.Redis.from_url(stack.redis_url) as client:
        client.flushall()

    again = stack.post(INTERNAL, order, key="before the flush")

    assert first.status == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status, again.body) == (first.status, first.body)


def order_of_ada(stack: Stack) -> dict[str, Any]:
    """From her account to another one of hers."""
    [source] = stack.get("/v1/accounts?external_id=ada-usd").json()["items"]
    destination = stack.post("/v1/accounts", {"currency": "USD"}, key="savings").json()
    return {
        "source_account_id": source["id"],
        "destination_account_id": destination["id"],
        "amount": "1.00",
    }


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(lambda call: call(), calls))


def assert_come_back(answer: Answer) -> None:
    """Refused for now: nobody's fault, and worth another try in a moment."""
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert answer.json()["retryable"] is True
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert int(answer.headers["retry-after"]) >= 1
