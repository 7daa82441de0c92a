"""The sandbox gateway hears from a bank that misbehaves no more than is proved."""

import socket
import time

import pytest

from payouts.gateways.protocol import Outcome
from payouts.gateways.sandbox import SandboxGateway
from payouts.tests.banks import (
    HOST,
    answering,
    find,
    http,
    listening,
    order,
    submit,
    told,
)

pytestmark = pytest.mark.usefixtures("short_patience")


@pytest.mark.parametrize(
    "url",
    [
        "http://nobody.invalid",
        "http://127.0.0.1:1",
        "no address",
        "http://[",
        "ftp://x",
    ],
)
def test_nothing_is_sent_to_where_nobody_listens(url):
    gateway, sent = SandboxGateway(lambda: url), order()

    assert submit(gateway, sent).outcome == Outcome.NOT_SENT
    assert find(gateway, sent).outcome == Outcome.UNKNOWN
    assert gateway.cancel(sent).outcome == Outcome.UNKNOWN


def test_nothing_is_sent_to_whoever_does_not_take_the_call(monkeypatch):
    monkeypatch.setattr("payouts.gateways.sandbox.SECONDS_TO_CONNECT", 0.2)
    with socket.socket() as full:
        full.bind((HOST, 0))
        full.listen(0)
        url = f"http://{HOST}:{full.getsockname()[1]}"
        with socket.create_connection(full.getsockname()):
            answer = submit(SandboxGateway(lambda: url), order())

    assert answer.outcome == Outcome.NOT_SENT
    assert answer.detail == "The bank cannot be reached (ConnectTimeoutError)."


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(lambda connection: None, id="hangs up"),
        pytest.param(lambda connection: connection.recv(1), id="says nothing"),
        pytest.param(lambda connection: connection.sendall(b"\0\xff" * 99), id="noise"),
        pytest.param(
            lambda connection: connection.sendall(b"HTTP/1.1 201 Created\r\nContent-"),
            id="half a head",
        ),
        pytest.param(
            lambda connection: connection.sendall(http(201, {"id": "x"})[:-3]),
            id="half a body",
        ),
        pytest.param(
            lambda connection: connection.sendall(http(201, b"x" * 70_000)),
            id="too much",
        ),
    ],
)
def test_whoever_answers_badly_may_have_the_order(behave):
    with listening(behave) as (url, requests):
        gateway, sent = SandboxGateway(lambda: url), order()

        answers = [submit(gateway, sent), find(gateway, sent), gateway.cancel(sent)]

    assert {answer.outcome for answer in answers} == {Outcome.UNKNOWN}
    # Nothing is sent twice behind anybody's back.
    assert len(requests) == 3


def test_an_answer_that_trickles_is_not_waited_for():
    def trickle(connection):
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n")
        for _ in range(200):
            connection.sendall(b" ")
            time.sleep(0.05)

    with listening(trickle) as (url, _):
        started = time.monotonic()
        answer = submit(SandboxGateway(lambda: url), order())

    assert answer.outcome == Outcome.UNKNOWN
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("status", [100, 204, 302, 400, 401, 404, 409, 429, 500, 502])
def test_other_statuses_are_unclear(status):
    sent = order()
    content = http(status, told(sent), more="Location: http://127.0.0.1:1/\r\n")
    with answering(content) as (gateway, _):
        assert submit(gateway, sent).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (503, {"code": "maintenance"}),
        (503, b"<html>not_accepted</html>"),
        (500, {"code": "not_accepted"}),
    ],
)
def test_only_the_bank_itself_can_turn_an_order_away(status, document):
    with answering(http(status, document)) as (gateway, _):
        assert submit(gateway, order()).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    "document",
    [b"<html>Not Found</html>", {"code": "no_such_path"}, {}, b"[]", b"null"],
)
def test_only_the_bank_itself_can_say_that_an_order_is_absent(document):
    with answering(http(404, document)) as (gateway, _):
        assert find(gateway, order()).outcome == Outcome.UNKNOWN
        assert gateway.cancel(order()).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"key": "another"},
        {"amount": "150.76"},
        {"amount": 150.75},
        {"amount": ["150.75"]},
        {"currency": "USD"},
        {"status": "Executed"},
        {"status": ["executed"]},
        {"status": None},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 65},
        {"id": "<script>"},
    ],
    ids=str,
)
def test_an_answer_that_is_not_about_this_order_proves_nothing(change):
    sent = order()
    with answering(http(200, told(sent))) as (gateway, _):
        assert submit(gateway, sent).outcome == Outcome.EXECUTED
    with answering(http(200, told(sent, **change))) as (gateway, _):
        answers = [submit(gateway, sent), find(gateway, sent), gateway.cancel(sent)]

    assert {answer.outcome for answer in answers} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("code", ["", None, 7, "x" * 99, "a b", "<b>"])
def test_a_decline_without_a_proper_reason_is_a_decline(code):
    sent = order()
    content = http(200, told(sent, status="declined", failure_code=code))
    with answering(content) as (gateway, _):
        answer = submit(gateway, sent)

    assert (answer.outcome, answer.failure_code) == (Outcome.DECLINED, "declined")
