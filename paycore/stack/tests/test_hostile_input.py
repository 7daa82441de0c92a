"""Whatever is sent: no failure of ours, a problem document that says what was wrong,
and nothing is written. Once in this process, once through a real server.
"""

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from django.test import Client

from accounts.models import Account, ApiKey, User
from paycore.api.models import IdempotencyKey
from paycore.stack.supervisor import HOST
from paycore.stack.tests import hostile, hostile_addresses, wire
from paycore.stack.tests.hostile import Hostile
from paycore.stack.tests.serving import Answer, Server, servers_of_the_test, serving
from paycore.testing.cast import Player

GROUPS: Final = (*hostile.EVERYTHING, *hostile_addresses.EVERYTHING)
SAFE: Final = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}\Z")
# A problem tells what was wrong; it does not repeat all that came.
LONGEST_PROBLEM: Final = 64 * 1024
SECONDS_TO_ANSWER: Final = 20

Names = dict[str, str]


class Expecting(Protocol):
    """What cases of either kind have in common."""

    @property
    def name(self) -> str: ...

    @property
    def expected(self) -> tuple[int, str | None]: ...


@pytest.fixture
def names(
    ada: Player,
    ada_usd: Account,
    grace_usd: Account,
    account_of: Callable[..., Account],
    pay: Callable[..., Any],
) -> Names:
    """What `{source}` and the like stand for."""
    account_of(ada, "USD")
    for _ in range(2):
        pay(ada, ada_usd, grace_usd, "1.00")
    cursor = ada.get("/v1/accounts", limit=1).json()["next_cursor"]
    other = ada.get("/v1/transfers", limit=1, kind="internal").json()["next_cursor"]
    return {
        "source": str(ada_usd.pk),
        "destination": str(grace_usd.pk),
        "forged": cursor[:-8] + cursor[-8:].swapcase(),
        "foreign": other,
    }


@pytest.mark.parametrize("group", GROUPS, ids=[group.__name__ for group in GROUPS])
def test_is_refused_by_the_application(
    group: Callable[[], Iterable[Hostile]],
    ada: Player,
    names: Names,
    nothing_is_written: Callable[[], Any],
) -> None:
    client = Client()
    with nothing_is_written():
        answers = [
            (case, ask_here(client, addressed(case, ada, names))) for case in group()
        ]

    assert surprises(answers) == []


@pytest.mark.django_db(transaction=True)
def test_is_refused_by_a_real_server(
    tmp_path: Path,
    ada: Player,
    names: Names,
    nothing_is_written: Callable[[], Any],
) -> None:
    cases = [case for group in GROUPS for case in group()]
    with serving(tmp_path, workers=1, **servers_of_the_test()) as server:
        server.wait_until_ready()
        workers = server.workers
        with nothing_is_written():
            answers: list[tuple[Expecting, Answer]] = [
                (case, ask_there(server, addressed(case, ada, names))) for case in cases
            ]
            answers += [(raw, exchange(server, raw.content)) for raw in wire.EVERYTHING]

        assert surprises(answers) == []
        for path, status in {"/v1/accounts": 200, "/nothing": 404}.items():
            head = server.ask("HEAD", path, headers=ada.headers)
            assert (head.status, head.body) == (status, b"")
        # Nobody had to be replaced, and nothing was recorded as a failure.
        assert server.is_ready()
        assert server.workers == workers
        assert "request_failed" not in server.log.read_text()


@pytest.fixture
def nothing_is_written(nothing_moves: Callable[[], Any]) -> Callable[[], Any]:
    """`nothing_moves`, and nobody and no key is remembered either."""

    def rows() -> list[int]:
        return [model.objects.count() for model in (User, ApiKey, IdempotencyKey)]

    @contextmanager
    def check() -> Iterator[None]:
        before = rows()
        with nothing_moves():
            yield
        assert rows() == before

    return check


def addressed(case: Hostile, player: Player, names: Names) -> Hostile:
    """The request as this player sends it, unless it brings credentials of its own."""
    target, body = case.target, case.body
    for name, value in names.items():
        target = target.replace(f"{{{name}}}", value)
        body = body.replace(f"{{{name}}}".encode(), value.encode())
    headers = {**player.headers, **case.headers}
    if not headers["Authorization"]:
        del headers["Authorization"]
    return replace(case, target=target, body=body, headers=headers)


def ask_here(client: Client, case: Hostile) -> Answer:
    headers = dict(case.headers)
    content_type = headers.pop("Content-Type", "")
    response = client.generic(
        case.method,
        "/",
        case.body,
        content_type=content_type,
        headers=headers,
        PATH_INFO=case.path_info,
        QUERY_STRING=case.query,
    )
    pairs = {name.lower(): value for name, value in response.items()}
    return Answer(response.status_code, pairs, response.content)


def ask_there(server: Server, case: Hostile) -> Answer:
    headers = {"Host": "localhost", **case.headers}
    if case.method == "POST":
        headers["Content-Length"] = str(len(case.body))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    start = "\r\n".join([f"{case.method} {case.target} HTTP/1.1", *lines, "", ""])
    return exchange(server, start.encode("latin-1") + case.body)


def exchange(server: Server, content: bytes) -> Answer:
    """Send these very bytes, read one answer."""
    address = (HOST, server.port)
    with socket.create_connection(address, timeout=SECONDS_TO_ANSWER) as connected:
        connected.sendall(content)
        with closing(HTTPResponse(connected)) as response:
            response.begin()
            pairs = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, pairs, response.read())


def surprises(answers: Iterable[tuple[Expecting, Answer]]) -> list[str]:
    """Every answer that is not as it should be, rather than the first of them."""
    return [
        f"{case.name}: {answer.status} {answer.code} {answer.body[:200]!r}"
        for case, answer in answers
        if (answer.status, answer.code) != case.expected or not is_whole(answer)
    ]


def is_whole(answer: Answer) -> bool:
    """A problem document that says what it must and is safe to read; or nothing, from
    the server itself.
    """
    if answer.code is None:
        return not answer.body
    problem = answer.json()
    request_id = answer.headers["x-request-id"]
    return (
        problem["status"] == answer.status
        and bool(problem["title"] and problem["detail"])
        and problem["request_id"] == request_id
        and SAFE.match(request_id) is not None
        and len(answer.body) < LONGEST_PROBLEM
        and "set-cookie" not in answer.headers
    )
