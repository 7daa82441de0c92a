"""The bank's HTTP API.

One thread per connection: a request that hangs holds its own thread and nobody else.
There is no time limit on idle connections, so none is closed just as a client sends.
"""

import re
import select
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from socket import socket
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from paycore.stack.bank import HEALTHY
from paycore.stack.bank.books import (
    CANCELLED,
    Books,
    Instruction,
    KeyReused,
    NotAccepted,
    Payment,
)
from paycore.stack.bank.conduct import Status, conduct_for

LARGEST_BODY_BYTES: Final = 64 * 1024
MOST_SECONDS_WITHOUT_ANSWER: Final = 60
MOST_PAYMENTS_PER_PAGE: Final = 1000
KEY: Final = r"[A-Za-z0-9-]{1,64}"
AMOUNT: Final = r"[0-9]{1,18}(\.[0-9]{1,8})?"
CURRENCY: Final = r"[A-Z]{3,8}"
FIELDS: Final = ("amount", "currency", "name", "iban", "bic", "reference")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bank says; after how many seconds, or never."""

    status: HTTPStatus
    body: object
    seconds: float = 0


class Refusal(Exception):
    """The bank does not do what was asked.

    Where its client concludes something about a payment from that, it says of which.
    """

    def __init__(self, status: HTTPStatus, code: str, *, key: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "key": key} if key else {"code": code}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, as far as any of the replies needs it."""

    key: str
    query: dict[str, str]
    body: bytes

    def document(self) -> dict[str, Any]:
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed") from None
        if not isinstance(document, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed")
        return document

    def number(self, name: str, *, default: int) -> int:
        text = self.query.get(name, str(default))
        if not re.fullmatch("[0-9]{1,18}", text):
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed")
        return int(text)


class Bank:
    """What can be asked of the bank, one method for each path."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.identity = books.identity

    def submit(self, request: Request) -> Reply:
        """Take a payment. The same key again is told what became of the first."""
        instruction = _instruction(request)
        conduct = conduct_for(instruction.reference)
        try:
            payment, is_new = self._books.submit(instruction, conduct)
        except KeyReused:
            raise Refusal(HTTPStatus.CONFLICT, "key_reused") from None
        except NotAccepted:
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE, "not_accepted", key=request.key
            ) from None
        if is_new:
            # One cancelled beforehand has nothing to be slow about.
            seconds = 0 if payment.failure_code == CANCELLED else conduct.seconds
            return Reply(HTTPStatus.CREATED, asdict(payment), seconds)
        # Nobody is told of a payment that nobody decided, however often they submit it.
        seconds = inf if payment.status is Status.RECEIVED else 0
        return Reply(HTTPStatus.OK, asdict(payment), seconds)

    def find(self, request: Request) -> Reply:
        payment = _required(self._books.find(request.key), request.key)
        executions = self._books.count_executions(request.key)
        return Reply(HTTPStatus.OK, {**asdict(payment), "executions": executions})

    def list_payments(self, request: Request) -> Reply:
        payments = self._books.list_payments(
            after=request.number("after", default=0),
            limit=min(request.number("limit", default=100), MOST_PAYMENTS_PER_PAGE),
        )
        return Reply(HTTPStatus.OK, {"payments": [asdict(row) for row in payments]})

    def settle(self, request: Request) -> Reply:
        """Tell a received payment its outcome. It can be told again, not otherwise."""
        outcome = request.document().get("status")
        if outcome not in {Status.EXECUTED, Status.DECLINED}:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed")
        settled = self._books.settle(request.key, Status(outcome))
        payment = _required(settled, request.key)
        is_so = payment.status == outcome
        return Reply(HTTPStatus.OK if is_so else HTTPStatus.CONFLICT, asdict(payment))

    def cancel(self, request: Request) -> Reply:
        """Decline a received payment. An unknown key is declined if it comes later."""
        payment = _required(self._books.cancel(request.key), request.key)
        is_so = payment.failure_code == CANCELLED
        return Reply(HTTPStatus.OK if is_so else HTTPStatus.CONFLICT, asdict(payment))

    def executions(self, request: Request) -> Reply:
        return Reply(HTTPStatus.OK, asdict(self._books.sum_executions()))

    def health(self, request: Request) -> Reply:
        return Reply(HTTPStatus.OK, HEALTHY)


ROUTES: Final[list[tuple[str, str, Callable[[Bank, Request], Reply]]]] = [
    ("POST", "/payments", Bank.submit),
    ("GET", "/payments", Bank.list_payments),
    ("GET", f"/payments/(?P<key>{KEY})", Bank.find),
    ("POST", f"/payments/(?P<key>{KEY})/outcome", Bank.settle),
    ("POST", f"/payments/(?P<key>{KEY})/cancel", Bank.cancel),
    ("GET", "/executions", Bank.executions),
    ("GET", "/health", Bank.health),
]


class Handler(BaseHTTPRequestHandler):
    """Reads requests of one connection, and writes the replies."""

    server: "Server"
    protocol_version = "HTTP/1.1"
    # The headers and the body of a reply leave in one packet, at once.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # A line for each payment would be most of what the bank does.
        pass

    def _serve(self) -> None:
        try:
            reply = self._reply()
        except Refusal as refusal:
            reply = Reply(refusal.status, refusal.body)
        if reply.seconds > MOST_SECONDS_WITHOUT_ANSWER:
            self._wait_for_hanging_up()
            self.close_connection = True
            return
        time.sleep(reply.seconds)
        content = orjson.dumps(reply.body)
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reply(self) -> Reply:
        body = self._read_body()
        address = urlsplit(self.path)
        # Whoever means another bank, which had this port before, gets no further. It
        # would hear that a payment is absent, and pay a second time here.
        asked = address.path.removeprefix(f"/{self.server.bank.identity}")
        for method, path, answer in ROUTES:
            found = re.fullmatch(path, asked)
            if found and method == self.command:
                key = found.groupdict().get("key") or self.headers["Idempotency-Key"]
                request = Request(key or "", dict(parse_qsl(address.query)), body)
                return answer(self.server.bank, request)
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_path")

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        is_sane = re.fullmatch("[0-9]{1,9}", length) is not None
        if not is_sane or int(length) > LARGEST_BODY_BYTES:
            # What follows is not read, so it must not be taken for a request.
            self.close_connection = True
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        return self.rfile.read(int(length))

    def _wait_for_hanging_up(self) -> None:
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        poll.poll(MOST_SECONDS_WITHOUT_ANSWER * 1000)


class Server(ThreadingHTTPServer):
    """Listens, and gives every connection a thread."""

    # A bank that is told to stop waits for nobody.
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], bank: Bank) -> None:
        super().__init__(address, Handler)
        self.bank = bank

    def handle_error(
        self, request: socket | tuple[bytes, socket], client_address: Any
    ) -> None:
        # Clients may hang up whenever they like; all else is our fault.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _instruction(request: Request) -> Instruction:
    document = request.document()
    values = {name: _text(document.get(name)) for name in FIELDS}
    if not (
        document.keys() <= values.keys()
        and re.fullmatch(KEY, request.key)
        and re.fullmatch(AMOUNT, values["amount"])
        and re.fullmatch(CURRENCY, values["currency"])
        and values["iban"]
    ):
        raise Refusal(HTTPStatus.BAD_REQUEST, "malformed")
    return Instruction(key=request.key, **values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Refusal(HTTPStatus.BAD_REQUEST, "malformed")
    return value


def _required(payment: Payment | None, key: str) -> Payment:
    if payment is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_payment", key=key)
    return payment
