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

pytestmark = pytest.mark.usefixtures("long_patience")


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
def test_whoever_answers_badly_may_have_the_order(behave, settings):
    settings.PAYOUT_GATEWAY_TIMEOUT = 2
    with listening(behave) as (url, requests):
        gateway, sent = SandboxGateway(lambda: url), order()

        answers = [submit(gateway, sent), find(gateway, sent), gateway.cancel(sent)]

    assert {answer.outcome for answer in answers} == {Outcome.UNKNOWN}
    # Nothing is sent twice behind anybody's back.
    assert len(requests) == 3


CREATED = b"HTTP/1.1 201 Created\r\n"


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(CREATED + b"Content-Length: 9999\r\n\r\n", b" ", id="body"),
        pytest.param(CREATED + b"X: ", b" ", id="head"),
        pytest.param(b"", b" ", id="all"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="promises"),
    ],
)
def test_an_answer_that_trickles_is_not_waited_for(head, drop, settings):
    settings.PAYOUT_GATEWAY_TIMEOUT = 0.5

    def trickle(connection):
        connection.sendall(head)
        for _ in range(1200):
            connection.sendall(drop)
            time.sleep(0.05)

    with listening(trickle) as (url, _):
        started = time.monotonic()
        answer = submit(SandboxGateway(lambda: url), order())

    assert answer.outcome == Outcome.UNKNOWN
    assert answer.detail == "The bank did not answer within 0.5 s."
    # The whole of it takes a minute.
    assert time.monotonic() - started < 30


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


def test_a_refusal_is_believed_of_the_order_that_it_names():
    sent, another = order(), order()
    turned_away = {"code": "not_accepted", "key": str(sent.payout_id)}
    absent = {"code": "no_such_payment", "key": str(sent.payout_id)}

    with answering(http(503, turned_away)) as (gateway, _):
        assert submit(gateway, sent).outcome == Outcome.NOT_SENT
        assert submit(gateway, another).outcome == Outcome.UNKNOWN
    with answering(http(404, absent)) as (gateway, _):
        assert find(gateway, sent).outcome == Outcome.ABSENT
        assert find(gateway, another).outcome == Outcome.UNKNOWN
        assert gateway.cancel(sent).outcome == Outcome.DECLINED
        assert gateway.cancel(another).outcome == Outcome.UNKNOWN


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
