"""HTTP that no library writes, byte for byte, and what a real server answers to it.

A code of None: the server itself refuses, before any program of ours is asked.
"""

from dataclasses import dataclass
from typing import Final

HOST: Final = b"Host: localhost\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"


@dataclass(frozen=True)
class Raw:
    name: str
    expected: tuple[int, str | None]
    content: bytes


def asked(
    name: str,
    expected: tuple[int, str | None],
    lines: bytes = b"",
    *,
    start: bytes = b"GET /nothing HTTP/1.1",
    host: bytes = HOST,
) -> Raw:
    return Raw(name, expected, start + b"\r\n" + host + lines + b"\r\n")


def sent(name: str, expected: tuple[int, str | None], lines: bytes, body: bytes) -> Raw:
    """A login, which anybody may try."""
    start = b"POST /v1/auth/login HTTP/1.1\r\nContent-Type: application/json\r\n"
    return Raw(name, expected, start + HOST + lines + b"\r\n" + body)


def chunks(body: bytes, size: int = 65536) -> bytes:
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


HALF: Final = b'{"email": "ada@paycore.example"}'
MISSING: Final = (404, "not_found")
INVALID: Final = (400, "invalid_input")
LARGE: Final = (413, "payload_too_large")
REFUSED: Final = (400, None)
TOO_LONG: Final = (414, None)
TOO_MUCH: Final = (431, None)

EVERYTHING: Final = (
    sent("chunks", INVALID, CHUNKED, chunks(HALF, 3)),
    sent("10 MB in chunks", LARGE, CHUNKED, chunks(b"x" * 10_000_000)),
    sent("a broken chunk", INVALID, CHUNKED, b"zz\r\nabc\r\n0\r\n\r\n"),
    sent("an endless chunk", INVALID, CHUNKED, b"f" * 18 + b"\r\nabc\r\n0\r\n\r\n"),
    sent(
        "zipped chunks",
        INVALID,
        b"Transfer-Encoding: gzip, chunked\r\n",
        chunks(b"{}"),
    ),
    sent("zipped", REFUSED, b"Transfer-Encoding: gzip\r\n", HALF),
    sent(
        "chunks and a length",
        INVALID,
        b"Content-Length: 3\r\n" + CHUNKED,
        chunks(HALF),
    ),
    sent("two lengths", REFUSED, b"Content-Length: 3\r\nContent-Length: 4\r\n", HALF),
    sent("a negative length", REFUSED, b"Content-Length: -1\r\n", HALF),
    sent("a length in words", REFUSED, b"Content-Length: many\r\n", HALF),
    sent(
        "a length of 20 digits", REFUSED, b"Content-Length: %b\r\n" % (b"9" * 20), HALF
    ),
    sent("a petabyte to come", LARGE, b"Content-Length: %b\r\n" % (b"9" * 15), HALF),
    sent(
        "waiting to be asked",
        INVALID,
        b"Expect: 100-continue\r\nContent-Length: %d\r\n" % len(HALF),
        HALF,
    ),
    asked("a long header", MISSING, b"X: " + b"x" * 100_000 + b"\r\n"),
    asked("200 headers", TOO_MUCH, b"".join(b"X%d: x\r\n" % n for n in range(200))),
    asked("a long path", MISSING, start=b"GET /%b HTTP/1.1" % (b"x" * 60_000)),
    asked("a longer path", TOO_LONG, start=b"GET /%b HTTP/1.1" % (b"x" * 70_000)),
    asked("a long query", MISSING, start=b"GET /x?%b HTTP/1.1" % (b"x=1&" * 15_000)),
    asked("HTTP/1.0", MISSING, start=b"GET /nothing HTTP/1.0"),
    asked("HTTP/9.9", REFUSED, start=b"GET / HTTP/9.9"),
    asked("no host", INVALID, host=b""),
    asked("an empty host", INVALID, host=b"Host:\r\n"),
    asked("two hosts", INVALID, b"Host: evil.example\r\n"),
    asked("the server itself", MISSING, start=b"OPTIONS * HTTP/1.1"),
    asked("a tunnel", MISSING, start=b"CONNECT localhost:80 HTTP/1.1"),
    asked("an endless method", MISSING, start=b"A" * 5000 + b" / HTTP/1.1"),
    asked("a folded header", REFUSED, b"X-Request-Id: a\r\n b\r\n"),
    asked("a newline in a header", MISSING, b"X-Request-Id: a\nSet-Cookie: x=1\r\n"),
    asked("a return in a header", REFUSED, b"X-Request-Id: a\rb\r\n"),
    asked("NUL in a header", REFUSED, b"X-Request-Id: a\0b\r\n"),
    asked("two request ids", MISSING, b"X-Request-Id: a\r\nX-Request-Id: b\r\n"),
    asked("a blank in a header's name", REFUSED, b"X Request-Id: a\r\n"),
    asked("NUL in the path", REFUSED, start=b"GET /a\0b HTTP/1.1"),
    asked("a blank in the path", REFUSED, start=b"GET /a b HTTP/1.1"),
    asked("a tag in the path", REFUSED, start=b"GET /<script> HTTP/1.1"),
    asked("raw UTF-8 in the path", MISSING, start="GET /\u00e9 HTTP/1.1".encode()),
    asked("a fragment", MISSING, start=b"GET /nothing#x HTTP/1.1"),
    asked("a body that nobody wants", MISSING, b"Content-Length: 3\r\n\r\nabc"),
    asked("an upgrade", MISSING, b"Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    Raw("bare newlines", MISSING, b"GET /nothing HTTP/1.1\nHost: localhost\n\n"),
    Raw("another protocol", REFUSED, b"\x16\x03\x01\x02\x00\x01" + b"\0" * 100),
)
