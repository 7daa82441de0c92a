"""Requests that nobody means well with, and what must be answered to each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

Document = dict[str, Any]

JSON: Final = "application/json"
INTERNAL: Final = "/v1/transfers/internal"
ORDER: Final[Document] = {
    "source_account_id": "{source}",
    "destination_account_id": "{destination}",
    "amount": "1.00",
}
PERSON: Final[Document] = {
    "email": "eve@paycore.example",
    "password": "a long pass phrase",
}
INVALID = (400, "invalid_input")
AMOUNT = (400, "invalid_amount")
CURRENCY = (400, "unsupported_currency")
NO_KEY = (400, "idempotency_key_required")
STRANGER = (401, "unauthenticated")
MISSING = (404, "not_found")
NO_ACCOUNT = (404, "account_not_found")
METHOD = (405, "method_not_allowed")
ACCEPT = (406, "not_acceptable")
LARGE = (413, "payload_too_large")
MEDIA = (415, "unsupported_media_type")


@dataclass(frozen=True)
class Hostile:
    """A request as it goes over the wire; `{source}` and the like are filled in."""

    name: str
    expected: tuple[int, str]
    method: str = "GET"
    target: str = "/v1/accounts"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path_info(self) -> str:
        """The path as WSGI wants it: its bytes, one per character."""
        return unquote_to_bytes(self.target.partition("?")[0]).decode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


def posted(name: str, expected: tuple[int, str], body: bytes, **more: Any) -> Hostile:
    """An order with this body."""
    headers = {"Content-Type": JSON, "Idempotency-Key": "k"} | more.pop("headers", {})
    target = more.pop("target", INTERNAL)
    return Hostile(name, expected, "POST", target, body, headers)


def ordered(name: str, expected: tuple[int, str], /, **fields: Any) -> Hostile:
    """A right order but for these fields."""
    return posted(name, expected, orjson.dumps(ORDER | fields))


def written(
    name: str, expected: tuple[int, str], value: str, *, of: str = "amount"
) -> Hostile:
    """A right order but for one field, which is this text of JSON."""
    order = {key: orjson.dumps(text).decode() for key, text in ORDER.items()}
    order[of] = value
    text = ",".join(f'"{key}":{text}' for key, text in order.items())
    return posted(name, expected, f"{{{text}}}".encode())


def bodies() -> Iterator[Hostile]:
    """Bodies that are not one JSON object, or not one that can be stored."""
    order = orjson.dumps(ORDER)
    for name, body in {
        "nothing": b"",
        "blanks": b"  \n ",
        "half an object": order[:-5],
        "two objects": order + order,
        "single quotes": b"{'amount': '1.00'}",
        "comment": b"/* */" + order,
        "trailing comma": order[:-1] + b",}",
        "array": b"[" + order + b"]",
        "string": b'"1.00"',
        "null": b"null",
        "number": b"1",
        "true": b"true",
        "a field twice": order[:-1] + b',"amount":"2.00"}',
        "a nested field twice": order[:-1] + b',"metadata":{"a":1,"a":2}}',
        "raw NUL": order.replace(b"1.00", b"1\x00"),
        "NUL beyond the end": order + b"\x00",
        "not UTF-8": order.replace(b"1.00", b"\xff\xfe"),
        "overlong UTF-8": order.replace(b"1.00", b"\xc0\x80"),
        "raw surrogate": order.replace(b"1.00", b"\xed\xa0\x80"),
        "UTF-16": order.decode().encode("utf-16"),
        "byte order mark": b"\xef\xbb\xbf" + order,
        "deep array": b"[" * 100_000,
        "deep array that ends": b"[" * 100_000 + b"]" * 100_000,
        "deep object": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "zip of nothing": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    }.items():
        yield posted(f"body: {name}", INVALID, body)
    yield posted("body: 10 MB", LARGE, b"x" * 10_000_000)
    yield posted("body: one byte over", LARGE, b" " * (1024 * 1024 + 1))
    yield posted("body: blanks up to the limit", INVALID, b" " * (1024 * 1024))


def media() -> Iterator[Hostile]:
    """Bodies that say they are something else."""
    order = orjson.dumps(ORDER)
    for kind in (
        *("text/plain", "application/x-www-form-urlencoded", "text/json", "*/*", ";"),
        *("multipart/form-data; boundary=x", "application/json; charset=latin-1"),
        *("application/json;charset=utf-16", "applicationjson", "x" * 5000),
    ):
        yield posted(f"type: {kind[:40]}", MEDIA, order, headers={"Content-Type": kind})
    for encoding in ("gzip", "br", "deflate, gzip", "x"):
        headers = {"Content-Encoding": encoding}
        yield posted(f"encoding: {encoding}", MEDIA, order, headers=headers)


def amounts() -> Iterator[Hostile]:
    """Everything that is nearly an amount."""
    for text in (
        *("1e3", "-0", "0", "0.00", "+1.00", "-1.00", " 1.00", "1.00 ", "1.00\n"),
        *("1,00", "1.000", "1_000", "0x10", ".5", "5.", "", "NaN", "Infinity", "1.0.0"),
        *("\u0661\u0662", "\uff11", "\u00b2", "\u2155", "1\u200b", "1234567890123456"),
        *("0.123456789", "9" * 5000, "1\u0000", "1;DROP TABLE x"),
    ):
        expected = INVALID if "\0" in text else AMOUNT
        yield ordered(f"amount: {text[:30]!r}", expected, amount=text, currency="USD")
    for value in (
        "1",
        "1.5",
        "1e3",
        "-0",
        "0",
        "1e999",
        "-1e999",
        "null",
        "true",
        "[]",
        "{}",
    ):
        yield written(f"amount: {value}", AMOUNT, value)
    for value in (
        *("1" + "0" * 5000, "NaN", "Infinity", "-Infinity"),
        *("01", "0x1", "+1", "1.", ".1", "1e", "\u0661", "--1", "1" + "0" * 500_000),
    ):
        yield written(f"number: {value[:30]}", INVALID, value)


def fields() -> Iterator[Hostile]:
    """Fields of an order that are unknown, missing, or not what they should be."""
    yield ordered("unknown field", INVALID, amout="1.00")
    yield ordered("prototype", INVALID, __proto__={"admin": True})
    yield posted("no field", INVALID, b"{}")
    yield ordered(
        "same account",
        (400, "same_account_transfer"),
        source_account_id="{destination}",
    )
    yield ordered(
        "no such account",
        NO_ACCOUNT,
        source_account_id="0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
    )
    for text in (
        *("", "1", "null", "{source", "urn:uuid:0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e"),
        *(
            "0198c5a04b5e7c3a9d2e6f1a2b3c4d5e",
            "{{0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e}}",
        ),
        *(
            "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5\u0665",
            "' OR 1=1 --",
            "../x",
            "x" * 9999,
        ),
    ):
        yield ordered(f"id: {text[:30]!r}", INVALID, source_account_id=text)
    for code in ("usd", "US", "XXX", "", "USD ", "\u216c\u216c\u216c", "U" * 9999):
        yield ordered(f"currency: {code[:9]!r}", CURRENCY, currency=code)
    wrong: dict[str, tuple[Any, ...]] = {
        "reference": ("", " ", "x" * 256, "a\nb", "a\u0000", "\u2028", 7, [], {}, True),
        "description": ("x" * 501, "a\u0000", 7, [], None),
        "metadata": ([], "x", 7, None, {"a": "\u0000"}, {"\u0000": 1}, {"a": 2**63}),
        "currency": (7, [], {}, True),
        "source_account_id": (7, None, [], {}, True),
    }
    for name, values in wrong.items():
        for value in values:
            yield ordered(f"{name}: {str(value)[:20]!r}", INVALID, **{name: value})


def texts() -> Iterator[Hostile]:
    """Text and metadata that cannot be kept."""
    metadata: Document = {
        "too many": {str(n): n for n in range(51)},
        "too long": {"a": "x" * 8200},
        "too long a name": {"x" * 8200: 1},
        "too deep": {"a": {"a": {"a": {"a": {"a": {}}}}}},
        "too wide": {"a": [[[[[[]]]]]]},
        "too large": {"a": 1e300},
    }
    for name, value in metadata.items():
        yield ordered(f"metadata: {name}", INVALID, metadata=value)
    surrogate = '"\\ud800"'
    yield written("lone surrogate", INVALID, surrogate, of="description")
    yield written(
        "lone surrogate inside", INVALID, f'{{"a":[{surrogate}]}}', of="metadata"
    )
    yield written(
        "lone surrogate as a name", INVALID, f"{{{surrogate}:1}}", of="metadata"
    )
    yield written("escaped NUL", INVALID, '"a\\u0000"', of="reference")
    yield written(
        "deep metadata", INVALID, '{"a":' * 900 + "1" + "}" * 900, of="metadata"
    )
    yield written("huge number in metadata", INVALID, '{"a":1e999}', of="metadata")


def batches() -> Iterator[Hostile]:
    for name, expected, batch in (
        ("no mode", INVALID, {"transfers": [ORDER]}),
        ("unknown mode", INVALID, {"mode": "both", "transfers": [ORDER]}),
        ("none", INVALID, {"mode": "atomic", "transfers": []}),
        ("too many", INVALID, {"mode": "atomic", "transfers": [ORDER] * 1001}),
        ("object", INVALID, {"mode": "atomic", "transfers": {"0": ORDER}}),
        ("nulls", INVALID, {"mode": "atomic", "transfers": [None] * 500}),
        ("arrays", INVALID, {"mode": "atomic", "transfers": [[ORDER]]}),
        (
            "amount",
            AMOUNT,
            {"mode": "atomic", "transfers": [ORDER, ORDER | {"amount": 1}]},
        ),
    ):
        yield posted(
            f"batch: {name}",
            expected,
            orjson.dumps(batch),
            target="/v1/transfers/batch",
        )


def sign_ups() -> Iterator[Hostile]:
    """People who are nobody."""
    faults: dict[str, Document] = {
        "role": {"role": "admin"},
        "NUL in the address": {"email": "e\u0000ve@paycore.example"},
        "no address": {"email": "eve"},
        "two addresses": {"email": "eve@paycore.example,eve@x.example"},
        "newline in the address": {"email": "eve@paycore.example\nBcc: x@x.example"},
        "endless address": {"email": "e" * 9999 + "@x.example"},
        "short password": {"password": "x"},
        "endless password": {"password": "x" * 500_000},
        "NUL in the password": {"password": "a long pass\u0000 phrase"},
        "path as a time zone": {"time_zone": "../../../etc/passwd"},
        "NUL in the time zone": {"time_zone": "UTC\u0000"},
        "empty time zone": {"time_zone": ""},
        "numbers": {"email": 1, "password": 2},
    }
    for name, fault in faults.items():
        body = orjson.dumps(PERSON | fault)
        yield posted(f"sign-up: {name}", INVALID, body, target="/v1/users")
    body = orjson.dumps(PERSON | {"currency": "\u20ac"})
    yield posted("sign-up: currency", CURRENCY, body, target="/v1/users")


def credentials() -> Iterator[Hostile]:
    """What brings no session, and makes no key."""
    logins: dict[str, tuple[tuple[int, str], Document]] = {
        "unknown": (STRANGER, PERSON),
        "nothing": (INVALID, {}),
        "NUL": (INVALID, PERSON | {"password": "\u0000"}),
        "object": (INVALID, {"email": {"$gt": ""}, "password": {"$gt": ""}}),
    }
    for name, (expected, login) in logins.items():
        body = orjson.dumps(login)
        yield posted(f"login: {name}", expected, body, target="/v1/auth/login")
    for token in ("x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."):
        body = orjson.dumps({"refresh": token})
        yield posted(f"refresh: {token}", STRANGER, body, target="/v1/auth/refresh")
    keys: dict[str, Document] = {
        "no scope": {"scopes": []},
        "unknown scope": {"scopes": ["everything"]},
        "the past": {"expires_at": "2001-01-01T00:00:00Z"},
        "before all time": {"expires_at": "0001-01-01T00:00:00+23:59"},
        "after all time": {"expires_at": "9999-12-31T23:59:59-23:59"},
        "no such day": {"expires_at": "2031-02-30T00:00:00Z"},
        "no zone": {"expires_at": "2031-02-03T00:00:00"},
        "leap second": {"expires_at": "2031-06-30T23:59:60Z"},
    }
    for name, key in keys.items():
        body = orjson.dumps({"name": "x", "scopes": ["accounts:read"]} | key)
        yield posted(f"key: {name}", INVALID, body, target="/v1/api-keys")


EVERYTHING: Final = (
    *(bodies, media, amounts, fields, texts, batches, sign_ups, credentials),
)
