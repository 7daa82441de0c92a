"""How many requests a caller may make: fixed windows, counted in Valkey.

Windows are aligned to the clock, so every process of every server counts into the same
one. One request costs one round trip: MULTI, INCR, EXPIRE, EXEC.

When Valkey does not answer, known callers go on uncounted: they can be found. The
anonymous are refused, or sign-up and login would be open to guessing.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Network, ip_address
from typing import Final

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from redis.backoff import NoBackoff
from redis.retry import Retry

from paycore.api.errors import RateLimited
from paycore.lib import metrics
from paycore.lib.errors import ServiceUnavailable

SECONDS: Final[Mapping[str, int]] = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
}
TIMEOUT_SECONDS: Final = 0.2
# While Valkey is down each attempt may cost the timeout; in between nobody asks.
PAUSE_SECONDS: Final = 1.0
# One person has a whole /64 of IPv6, and could count each address of it anew.
IPV6_PREFIX: Final = 64

log = structlog.get_logger(__name__)


class Tier(StrEnum):
    """Whom a limit is for: an address, or a principal."""

    ANONYMOUS = "anonymous"
    AUTHENTICATED = "authenticated"


@dataclass(frozen=True, slots=True)
class Policy:
    """So many requests in so many seconds."""

    quota: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a caller's window after this request."""

    tier: Tier
    policy: Policy
    used: int
    resets_in: int

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.policy.quota

    @property
    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)."""
        left = max(self.policy.quota - self.used, 0)
        return {
            "RateLimit-Policy": f'"{self.tier}";q={self.policy.quota}'
            f";w={self.policy.window_seconds}",
            "RateLimit": f'"{self.tier}";r={left};t={self.resets_in}',
        }


def count_request(
    tier: Tier, subject: str, *, is_closed: bool = False
) -> Allowance | None:
    """Count one request; None when the tier is off or nobody could count.

    `is_closed`: refuse rather than go on uncounted.

    Raises: `RateLimited`, `ServiceUnavailable`.
    """
    policy = policy_of(tier)
    if policy is None:
        return None
    try:
        allowance = _count(tier, policy, subject)
    except redis.RedisError as error:
        metrics.RATE_LIMIT_UNAVAILABLE.labels(tier).inc()
        log.warning("rate_limit_unavailable", tier=tier, error=type(error).__name__)
        if is_closed:
            raise ServiceUnavailable(
                why="Requests cannot be counted at the moment. Try again shortly."
            ) from error
        return None
    if allowance.is_exceeded:
        metrics.RATE_LIMITED.labels(tier).inc()
        raise RateLimited(
            headers=allowance.headers | {"Retry-After": str(allowance.resets_in)}
        )
    return allowance


def policy_of(tier: Tier) -> Policy | None:
    """What the settings say now: `600/minute`, or None for `off`."""
    text = (
        settings.RATE_LIMIT_ANONYMOUS
        if tier is Tier.ANONYMOUS
        else settings.RATE_LIMIT_AUTHENTICATED
    )
    return parse_policy(text)


@lru_cache(maxsize=16)
def parse_policy(text: str) -> Policy | None:
    """Raises: `ValueError` for anything but `off` and `<number>/<unit>`."""
    if text == "off":
        return None
    quota, _, unit = text.partition("/")
    if unit not in SECONDS or not quota.isdecimal():
        raise ValueError(f"{text!r} is neither off nor like 600/minute.")
    return Policy(int(quota), SECONDS[unit])


def address_of(request: HttpRequest) -> str:
    """Where the request came from, as far as the trusted proxies can tell.

    Each trusted proxy appended the address it saw to X-Forwarded-For, so counted from
    the right the entry of the outermost one is the client; what stands left of it is
    the client's own invention.
    """
    direct = request.META.get("REMOTE_ADDR") or ""
    proxies = settings.TRUSTED_PROXIES
    if not proxies:
        return _subject(direct)
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    claimed = hops[-proxies].strip() if len(hops) >= proxies else direct
    return _subject(claimed or direct)


def _subject(text: str) -> str:
    try:
        address = ip_address(text)
    except (ValueError, AddressValueError):
        return "unknown"
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))


def _count(tier: Tier, policy: Policy, subject: str) -> Allowance:
    now = _now()
    window = policy.window_seconds
    started = int(now) // window * window
    used = _SERVERS.server(settings.REDIS_URL).count(
        f"{settings.REDIS_KEY_PREFIX}rate:{tier}:{subject}:{started}", window
    )
    return Allowance(tier, policy, used, max(1, math.ceil(started + window - now)))


def _now() -> float:
    return time.time()


# One transaction, written out: packing it command by command costs more than Valkey
# needs to run it. A key and a number of seconds go in twice and once.
_COUNT: Final = (
    b"*1\r\n$5\r\nMULTI\r\n"
    b"*2\r\n$4\r\nINCR\r\n$%d\r\n%b\r\n"
    b"*3\r\n$6\r\nEXPIRE\r\n$%d\r\n%b\r\n$%d\r\n%d\r\n"
    b"*1\r\n$4\r\nEXEC\r\n"
)


class _Server:
    """One Valkey, and whether it is worth asking."""

    def __init__(self, url: str) -> None:
        self.pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self.silent_until = 0.0

    def count(self, key: str, seconds: int) -> int:
        if time.monotonic() < self.silent_until:
            raise redis.ConnectionError("Not asked again yet.")
        try:
            return self._count(key.encode(), seconds)
        except redis.RedisError:
            self.silent_until = time.monotonic() + PAUSE_SECONDS
            raise

    def _count(self, key: bytes, seconds: int) -> int:
        connection = self.pool.get_connection()
        try:
            length = len(key)
            digits = len(str(seconds))
            connection.send_packed_command(  # type: ignore[no-untyped-call]
                [_COUNT % (length, key, length, key, digits, seconds)]
            )
            for _ in range(3):
                connection.read_response()
            used, _ = connection.read_response()
        except BaseException:
            # Replies may still be on their way, and must not answer the next request.
            connection.disconnect()  # type: ignore[no-untyped-call]
            raise
        finally:
            self.pool.release(connection)
        return int(used)


class _Servers:
    """The clients of this process, one for each address that settings ever named."""

    def __init__(self) -> None:
        self._by_url: dict[str, _Server] = {}

    def server(self, url: str) -> _Server:
        server = self._by_url.get(url)
        if server is None:
            server = self._by_url.setdefault(url, _Server(url))
        return server


_SERVERS: Final = _Servers()
