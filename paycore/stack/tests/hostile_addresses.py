"""Requests that are wrong before anybody reads a body: where they go, and how."""

from collections.abc import Iterator
from typing import Final

import orjson

from paycore.stack.tests.hostile import (
    ACCEPT,
    AMOUNT,
    CURRENCY,
    INTERNAL,
    INVALID,
    METHOD,
    MISSING,
    NO_ACCOUNT,
    NO_KEY,
    ORDER,
    STRANGER,
    Hostile,
    posted,
)


def paths() -> Iterator[Hostile]:
    """Paths that lead nowhere."""
    for target in (
        *("//v1/accounts", "/v1//accounts", "/v1/accounts/", "/V1/accounts", "/v1"),
        *("/v1/accounts%2F", "/v1/accounts/{source}/", "/v1/./accounts", "/.env"),
        *("/v1/../v1/accounts", "/v1/%2e%2e/v1/accounts", "/v1/accounts%00"),
        *("/%", "/%zz", "/%ff%fe", "/%00", "/\u00e9".encode().decode("latin-1")),
        *("/v1/transfers/x", "/v1/transfers/%00", "/v1/transfers/%F0%28%8C%28"),
        *("/v1/transfers/{source}", "/v1/transfers/" + "a" * 5000, "/v1/users/%00/me"),
        *("/problems/nothing", "/problems/%00", "/" + "x" * 9999, "/v1/accounts;x=1"),
        *(
            "/%2e%2e/%2e%2e/etc/passwd",
            "/v1/accounts\\x",
            "/v1/%3Cscript%3E",
            "/v1/{{7*7}}",
        ),
    ):
        yield Hostile(f"path: {target[:40]}", MISSING, target=target)
    for text in (
        *("x", "%00", "%", "%zz", "..", "%2e%2e", "{source}%00", "{source}%20", "1"),
        *("0198c5a04b5e7c3a9d2e6f1a2b3c4d5e", "%7B{source}%7D", "urn:uuid:{source}"),
        *("%D9%A1", "'%20OR%201=1", "a" * 3000, "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e"),
    ):
        name = f"account: {text[:40]}"
        yield Hostile(name, NO_ACCOUNT, target=f"/v1/accounts/{text}")
        yield Hostile(
            name + " balance", NO_ACCOUNT, target=f"/v1/accounts/{text}/balance"
        )


def queries() -> Iterator[Hostile]:
    """Queries that a list cannot follow."""
    for query in (
        *(
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "limit=1e1",
            "limit=",
            "limit",
        ),
        *("limit=%D9%A1", "limit=1&limit=2", "limit=%00", "limit=%", "limit=%zz"),
        *("limit=" + "9" * 5000, "limit=1.0", "color=red", "%00=1", "=1", "%ff=1"),
        *("cursor=x", "cursor=%00", "cursor=%ff", "cursor=" + "A" * 5000),
        *("cursor=AAAA", "cursor=null", "cursor={forged}", "cursor={foreign}"),
        *("external_id=%00", "external_id=", "status=open", "status=%ff", "a" * 9999),
        *(
            "&".join(f"a{number}=1" for number in range(2000)),
            "limit[]=1",
            "limit=1;x=2",
        ),
    ):
        yield Hostile(f"accounts?{query[:40]}", INVALID, target=f"/v1/accounts?{query}")
    yield Hostile(
        "accounts?currency", CURRENCY, target="/v1/accounts?currency=%E2%82%AC"
    )
    for query in (
        *("account_id=x", "account_id=", "account_id=%00", "account_id={source}x"),
        *("created_from=2031-01-01", "created_from=now", "created_from=%00"),
        *(
            "created_from=0001-01-01T00:00:00%2B23:59",
            "created_to=9999-12-31T23:59:59-23:59",
        ),
        *("created_from=2031-01-02T00:00:00Z&created_to=2031-01-01T00:00:00Z",),
        *("min_amount=2&max_amount=1", "sort_by=id"),
        *(
            "sort_order=up",
            "kind=theft",
            "reference=%00",
            "reference=",
            "cursor={foreign}",
        ),
    ):
        yield Hostile(
            f"transfers?{query[:40]}", INVALID, target=f"/v1/transfers?{query}"
        )
    for text in ("1e3", "-1", "NaN", "", "%D9%A1", "9" * 5000):
        target = f"/v1/transfers?min_amount={text}"
        yield Hostile(f"min_amount: {text[:9]}", AMOUNT, target=target)
    for query in ("as_of=x", "as_of=0000-01-01T00:00:00Z", "as_of=%ff", "limit=1"):
        target = f"/v1/accounts/{{source}}/balance?{query}"
        yield Hostile(f"balance?{query}", INVALID, target=target)
    for query in (
        "format=exe",
        "from=x",
        "from=2031-01-02T00:00:00Z&to=2031-01-01T00:00:00Z",
    ):
        target = f"/v1/accounts/{{source}}/statement?{query}"
        yield Hostile(f"statement?{query}", INVALID, target=target)


def methods() -> Iterator[Hostile]:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO"):
        yield Hostile(f"{method} accounts", METHOD, method)
    for method in ("GET", "DELETE", "TRACE"):
        yield Hostile(f"{method} order", METHOD, method, INTERNAL)
    yield Hostile("TRACE nothing", MISSING, "TRACE", "/nothing")
    yield Hostile("TRACE health", METHOD, "TRACE", "/health/live")
    yield Hostile("POST docs", METHOD, "POST", "/docs")


def headers() -> Iterator[Hostile]:
    """Headers with something else in them."""
    for accept in (
        "text/html",
        "application/xml",
        "application/json;q=0",
        "x",
        ",",
        "*",
    ):
        yield Hostile(f"accept: {accept}", ACCEPT, headers={"Accept": accept})
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VyX2lkIjoiMSJ9."
    for token in (
        *("Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer x y", "Basic eDp4"),
        *("\u00e9", f"Bearer {unsigned}", "Bearer " + "a" * 9999),
    ):
        name = f"token: {token[:20]}"
        yield Hostile(name, STRANGER, headers={"Authorization": token})
    for key in ("x", "\u00e9", "pk_live_" + "0" * 9999):
        credentials = {"Authorization": "", "X-API-Key": key}
        yield Hostile(f"api key: {key[:9]}", STRANGER, headers=credentials)
    for key, expected in {"x" * 256: INVALID, "a\tb": INVALID, "": NO_KEY}.items():
        yield posted(
            f"key: {key[:9]!r}",
            expected,
            orjson.dumps(ORDER),
            headers={"Idempotency-Key": key},
        )
    for host in (
        *("evil.example", "localhost:x", "a b", "localhost,evil.example", "[::1"),
        "\u00e9",
    ):
        yield Hostile(f"host: {host}", INVALID, headers={"Host": host})
    for text in ("x" * 300, "a b", "<script>", "\u00e9", "a;b", '"'):
        yield Hostile(
            f"request id: {text[:9]}",
            MISSING,
            target="/nothing",
            headers={"X-Request-Id": text},
        )


EVERYTHING: Final = (paths, queries, methods, headers)
