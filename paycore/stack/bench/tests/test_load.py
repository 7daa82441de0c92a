"""What the load generator sends, and how it reads answers."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from paycore.stack.bench.load import (
    END_OF_HEAD,
    Order,
    Requests,
    Sender,
    confirmed,
    drive,
    expected_length,
)
from paycore.stack.bench.sending import read_tally

CREATED = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\noh!"


PLAN = Order(
    name="bench-7",
    port=1,
    clients=2,
    seconds=60.0,
    most_requests=5,
    batch=0,
    senders=[
        Sender("Authorization: Bearer ada", ["a1", "a2"]),
        Sender("X-API-Key: grace", ["g1", "g2"]),
    ],
    receivers=["a1", "a2", "g1", "g2"],
)


def parsed(request: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    head, _, body = request.partition(END_OF_HEAD)
    first, *lines = head.decode().split("\r\n")
    headers = {"first": first}
    headers |= {name: value for name, _, value in (li.partition(": ") for li in lines)}
    assert int(headers["Content-Length"]) == len(body)
    return headers, json.loads(body)


def test_a_request_is_whole():
    headers, body = parsed(Requests(replace(PLAN, senders=PLAN.senders[:1]), 1).next())

    assert headers["first"] == "POST /v1/transfers/internal HTTP/1.1"
    assert headers["Authorization"] == "Bearer ada"
    assert headers["Idempotency-Key"] == "bench-7-1-0"
    assert body["source_account_id"] in {"a1", "a2"}
    assert body["amount"] == "0.01"


def test_nobody_pays_themselves_and_everybody_pays_from_an_account_of_theirs():
    requests = Requests(PLAN, 0)
    owned = {"Bearer ada": {"a1", "a2"}, "grace": {"g1", "g2"}}

    for _ in range(100):
        headers, body = parsed(requests.next())
        proof = headers.get("Authorization") or headers["X-API-Key"]
        assert body["source_account_id"] in owned[proof]
        assert body["source_account_id"] != body["destination_account_id"]


def test_each_request_of_each_client_has_a_key_of_its_own():
    clients = [Requests(PLAN, number) for number in range(2)]

    keys = [
        parsed(client.next())[0]["Idempotency-Key"]
        for client in clients
        for _ in range(3)
    ]

    assert len(set(keys)) == 6


def test_a_batch_holds_so_many_transfers():
    headers, body = parsed(Requests(replace(PLAN, batch=3), 0).next())

    assert headers["first"] == "POST /v1/transfers/batch HTTP/1.1"
    assert body["mode"] == "independent"
    assert len(body["transfers"]) == 3


def test_an_exchange_pays_enough_to_receive_something():
    order = replace(PLAN, receivers=["e1", "e2"], is_exchange=True)

    headers, body = parsed(Requests(order, 0).next())

    assert headers["first"] == "POST /v1/transfers/exchange HTTP/1.1"
    assert body["source_account_id"] in {"a1", "a2", "g1", "g2"}
    assert body["destination_account_id"] in {"e1", "e2"}
    assert body["amount"] == "1.00"


def test_clients_that_are_kept_apart_share_no_account():
    touched: list[set[str]] = [set(), set()]

    for number, accounts in enumerate(touched):
        requests = Requests(replace(PLAN, apart=True), number)
        for _ in range(50):
            _, body = parsed(requests.next())
            accounts |= {body["source_account_id"], body["destination_account_id"]}

    assert touched == [{"a1", "a2"}, {"g1", "g2"}]


@pytest.mark.parametrize(
    ("answer", "batch", "expected"),
    [
        (CREATED, 0, 1),
        (BROKEN, 0, 0),
        (
            b'HTTP/1.1 201 Created\r\n\r\n{"mode":"independent","completed":9,'
            b'"failed":1,"items":[{"index":0}]}',
            10,
            9,
        ),
        (b'HTTP/1.1 422 Unprocessable\r\n\r\n{"completed":9,"items":[]}', 10, 0),
    ],
)
def test_only_a_201_confirms_transfers(answer, batch, expected):
    assert confirmed(answer, batch=batch) == expected


def test_the_length_of_an_answer_is_told_by_its_head():
    assert expected_length(CREATED) == len(CREATED)
    assert expected_length(b"HTTP/1.1 204 No Content\r\n\r\n") == 27


@pytest.fixture
def server() -> Iterator["Server"]:
    with Server() as running:
        yield running


class Server:
    """Answers each request on each connection with what it was told to."""

    def __init__(self) -> None:
        self.answers = [CREATED]
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def __enter__(self) -> "Server":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                answer = (
                    self.answers[0] if len(self.answers) == 1 else self.answers.pop()
                )
                # In two pieces, as a network may deliver it.
                connection.sendall(answer[:10])
                connection.sendall(answer[10:])
                if not answer:
                    return


def test_every_answer_is_counted_and_timed(server):
    tally = drive(replace(PLAN, port=server.port))

    assert tally.statuses == {"201": 5}
    assert (tally.transfers, tally.lost, tally.refused) == (5, 0, 0)
    assert len(tally.latencies) == 5
    assert 0 < min(tally.latencies) <= tally.seconds


def test_other_answers_are_errors(server):
    server.answers = [CREATED, CREATED, BROKEN]

    tally = drive(replace(PLAN, port=server.port, clients=1, most_requests=3))

    assert tally.statuses == {"500": 1, "201": 2}
    assert tally.transfers == 2
    assert tally.samples == ["500: oh!"]


def test_a_connection_that_ends_without_an_answer_is_a_lost_request(server):
    server.answers = [b""]

    tally = drive(replace(PLAN, port=server.port, clients=2))

    assert tally.lost == 2
    assert tally.latencies == []


def test_what_went_wrong_is_told():
    tally = {
        "seconds": 2.0,
        "transfers": 1998,
        "latencies": [0.1, 0.2],
        "statuses": {"201": 2, "503": 1},
        "lost": 1,
        "refused": 2,
        "samples": ["503: busy"],
    }

    run = read_tally(tally)

    assert run.per_second == 999
    assert run.errors == [
        "1 answers of 503",
        "2 transfers of batches were refused",
        "1 requests without an answer",
        "503: busy",
    ]


def test_an_answer_as_it_should_be_is_no_error():
    tally = {
        "seconds": 1.0,
        "transfers": 1,
        "latencies": [0.1],
        "statuses": {"201": 1},
        "lost": 0,
        "refused": 0,
        "samples": [],
    }

    assert read_tally(tally).errors == []
