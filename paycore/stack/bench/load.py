"""The load: a process of its own that sends requests and times the answers.

It shares the cores with what it measures, so it is light: one thread, plain sockets
kept alive, requests that are filled into prepared bytes, no library. Each client sends
its next request when the last one is answered. Told what to do by JSON on standard
input (`Order`), it answers with JSON on standard output (`Tally`).
"""

import json
import random  # noqa: TID251  # Nothing secret, and the same sequence in every run.
import selectors
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from time import perf_counter
from typing import Final

SECONDS_TO_ANSWER: Final = 30.0
END_OF_HEAD: Final = b"\r\n\r\n"
MOST_READ_AT_ONCE: Final = 1 << 18
SAMPLES_KEPT: Final = 3


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who pays: the header line that proves it, and their accounts."""

    header: str
    account_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Order:
    """What to send, from how many clients, for how long.

    `batch` 0 sends single transfers, or, where it `is_exchange`, single exchanges.
    Nobody may be the only receiver and the only payer. `apart`: each client has senders
    of its own, who pay each other, so no two clients wait for the same accounts. `name`
    begins the idempotency keys, so no two orders share one.
    """

    name: str
    port: int
    clients: int
    seconds: float
    most_requests: int
    batch: int
    senders: Sequence[Sender]
    receivers: Sequence[str]
    apart: bool = False
    is_exchange: bool = False


@dataclass(slots=True)
class Tally:
    """What came back.

    `statuses` counts every answer, `lost` the requests without one, `refused` items of
    batches that were answered all the same.
    """

    seconds: float = 0.0
    transfers: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    refused: int = 0
    samples: list[str] = field(default_factory=list)


class Requests:
    """Makes one request of a client after the other, each with a key of its own."""

    def __init__(self, order: Order, client: int) -> None:
        self._random = random.Random(f"{order.name} {client}")  # noqa: S311
        self._key = f"{order.name}-{client}"
        self._batch = order.batch
        self._amount = EXCHANGED if order.is_exchange else TRANSFERRED
        self._numbers = count()
        self._senders, self._receivers = order.senders, order.receivers
        if order.apart:
            self._senders = order.senders[client :: order.clients]
            self._receivers = [
                pk for sender in self._senders for pk in sender.account_ids
            ]
        self._heads = [_head(order, sender) for sender in self._senders]

    def next(self) -> bytes:
        index = self._random.randrange(len(self._senders))
        number = next(self._numbers)
        body = self._body(self._senders[index])
        head = self._heads[index] % (f"{self._key}-{number}".encode(), len(body))
        return head + body

    def _body(self, sender: Sender) -> bytes:
        if self._batch == 0:
            return self._item(sender)
        items = b",".join(self._item(sender) for _ in range(self._batch))
        return b'{"mode":"independent","transfers":[' + items + b"]}"

    def _item(self, sender: Sender) -> bytes:
        return ITEM % (*self._pair(sender), self._amount)

    def _pair(self, sender: Sender) -> tuple[bytes, bytes]:
        source = destination = self._random.choice(sender.account_ids)
        while destination == source:
            destination = self._random.choice(self._receivers)
        return source.encode(), destination.encode()


ITEM: Final = b'{"source_account_id":"%s","destination_account_id":"%s","amount":"%s"}'
TRANSFERRED: Final = b"0.01"
# The smallest unit may convert to less than one, which is refused.
EXCHANGED: Final = b"1.00"


def _head(order: Order, sender: Sender) -> bytes:
    single = "exchange" if order.is_exchange else "internal"
    lines = (
        f"POST /v1/transfers/{'batch' if order.batch else single} HTTP/1.1",
        f"Host: 127.0.0.1:{order.port}",
        sender.header,
        "Content-Type: application/json",
        "Accept: application/json",
        "Idempotency-Key: %s",
        "Content-Length: %d",
    )
    return "\r\n".join(lines).encode() + END_OF_HEAD


class Client:
    """One connection with at most one request on its way."""

    def __init__(self, order: Order, number: int) -> None:
        self.requests = Requests(order, number)
        self.socket = socket.create_connection(
            ("127.0.0.1", order.port), SECONDS_TO_ANSWER
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = bytearray()
        self._expected = 0

    def send(self) -> None:
        """Send the next request, and take the time."""
        request = self.requests.next()
        self._received, self._expected = bytearray(), 0
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bytearray | None:
        """The whole answer once all of it is there.

        Raises: `OSError` when the connection ends before that.
        """
        piece = self.socket.recv(MOST_READ_AT_ONCE)
        if not piece:
            raise ConnectionResetError("The server closed the connection.")
        self._received += piece
        if not self._expected and END_OF_HEAD in self._received:
            self._expected = expected_length(self._received)
        if not self._expected or len(self._received) < self._expected:
            return None
        return self._received


def expected_length(beginning: bytes | bytearray) -> int:
    """How long the answer is whose head is complete, head included."""
    head, _, _ = beginning.partition(END_OF_HEAD)
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(head) + len(END_OF_HEAD) + int(value)
    return len(head) + len(END_OF_HEAD)


def confirmed(answer: bytes | bytearray, *, batch: int) -> int:
    """How many transfers the answer says were made."""
    if not answer.startswith(b"HTTP/1.1 201 "):
        return 0
    if batch == 0:
        return 1
    _, _, body = answer.partition(END_OF_HEAD)
    # Only the beginning: reading a thousand items would be work for the same cores.
    beginning, _, _ = body.partition(b'"items"')
    made: int = json.loads(beginning.rstrip(b", ") + b"}")["completed"]
    return made


def drive(order: Order) -> Tally:
    """Send until the time is up, then wait for what is still on its way."""
    tally = Tally()
    clients = [Client(order, number) for number in range(order.clients)]
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        started = perf_counter()
        for client in clients:
            client.send()
        _exchange(order, selector, tally, started)
        tally.seconds = perf_counter() - started
    for client in clients:
        client.socket.close()
    return tally


def _exchange(
    order: Order, selector: selectors.BaseSelector, tally: Tally, started: float
) -> None:
    # `waiting` clients have a request on its way.
    waiting = sent = order.clients
    while waiting:
        ready = selector.select(SECONDS_TO_ANSWER)
        if not ready:
            tally.lost += waiting
            tally.samples.append(f"No answer in {SECONDS_TO_ANSWER:.0f} s.")
            return
        for key, _ in ready:
            client: Client = key.data
            try:
                answer = client.receive()
                if answer is None:
                    continue
                now = perf_counter()
                _count(tally, answer, now - client.sent_at, batch=order.batch)
                if now - started < order.seconds and sent < order.most_requests:
                    client.send()
                    sent += 1
                else:
                    waiting -= 1
            except OSError as error:
                tally.lost += 1
                tally.samples.append(str(error))
                selector.unregister(client.socket)
                waiting -= 1


def _count(
    tally: Tally, answer: bytes | bytearray, latency: float, *, batch: int
) -> None:
    status = answer[9:12].decode(errors="replace")
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    tally.latencies.append(latency)
    made = confirmed(answer, batch=batch)
    tally.transfers += made
    if status == "201":
        tally.refused += max(batch, 1) - made
    if made != max(batch, 1) and len(tally.samples) < SAMPLES_KEPT:
        _, _, body = answer.partition(END_OF_HEAD)
        tally.samples.append(f"{status}: {body[:300].decode(errors='replace')}")


def main() -> None:
    document = json.load(sys.stdin)
    senders = [Sender(**sender) for sender in document.pop("senders")]
    tally = drive(Order(**document, senders=senders))
    json.dump(asdict(tally), sys.stdout)


if __name__ == "__main__":
    main()
