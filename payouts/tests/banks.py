"""Orders for the sandbox gateway, and banks that misbehave."""

import re
import socket
from contextlib import contextmanager, suppress
from threading import Thread
from uuid import uuid4

import orjson

from paycore.lib.money import Money
from payouts.gateways.protocol import Beneficiary, PaymentOrder
from payouts.gateways.sandbox import SandboxGateway

HOST = "127.0.0.1"
IBAN = "DE89370400440532013000"
GRACE = Beneficiary("Grace Hopper", IBAN, "COBADEFFXXX")


def order(reference="rent", *, minor=15075, currency="EUR"):
    return PaymentOrder(uuid4(), Money.of(minor, currency), GRACE, reference)


def submit(gateway, sent):
    [[answer]] = gateway.submit([sent])
    return answer


def find(gateway, sent):
    [[answer]] = gateway.find([sent])
    return answer


def told(sent, **changes):
    """The document that a well-behaved bank answers with."""
    return {
        "id": "bank-1",
        "key": str(sent.payout_id),
        "amount": "150.75",
        "currency": "EUR",
        "status": "executed",
        "failure_code": "",
        **changes,
    }


def http(status, document, *, more=""):
    """An answer, after which `listening` hangs up: who was not told might send the next
    request into a connection that is just being closed.
    """
    content = document if isinstance(document, bytes) else orjson.dumps(document)
    more = f"Connection: close\r\nContent-Length: {len(content)}\r\n{more}"
    return f"HTTP/1.1 {status} Whatever\r\n{more}\r\n".encode() + content


def read_request(connection):
    with connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n"))
        length = re.search(rb"Content-Length: (\d+)", head)
        return head + (stream.read(int(length[1])) if length else b"")


@contextmanager
def listening(behave):
    """Somebody who is no bank: does with each connection what `behave` does. Yields
    the address, and the requests as they came.
    """
    requests: list[bytes] = []

    def serve():
        # The end of the test closes the socket.
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                # Clients hang up as they please.
                with connection, suppress(OSError):
                    requests.append(read_request(connection))
                    behave(connection)

    with socket.create_server((HOST, 0)) as server:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.getsockname()[1]}", requests
        server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


@contextmanager
def answering(content):
    """A gateway to somebody who answers every request with these bytes."""
    with listening(lambda connection: connection.sendall(content)) as (url, requests):
        yield SandboxGateway(lambda: url), requests
