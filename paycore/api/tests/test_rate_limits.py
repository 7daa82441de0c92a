"""How many requests a caller may make, counted in Valkey for all processes together."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import redis
from django.test import RequestFactory
from prometheus_client import REGISTRY

from paycore.api import ratelimit
from paycore.api.errors import RateLimited
from paycore.api.ratelimit import (
    PAUSE_SECONDS,
    TIMEOUT_SECONDS,
    Policy,
    Tier,
    parse_policy,
)
from paycore.api.tests.conftest import ADA, Caller

pytestmark = pytest.mark.urls("paycore.api.tests.urls")


@pytest.fixture(autouse=True)
def _counts_are_new(settings, monkeypatch):
    settings.REDIS_KEY_PREFIX = f"test:{uuid4()}:"
    # Far from the end of every window, so that no test meets the next one.
    now = 1_900_000_000 // 86400 * 86400 + 18.5
    monkeypatch.setattr(ratelimit, "_now", lambda: now)
    # On a busy machine Valkey may be late, which is not what is asked here.
    monkeypatch.setattr(ratelimit, "TIMEOUT_SECONDS", 30)
    servers = ratelimit._Servers()
    monkeypatch.setattr(ratelimit, "_SERVERS", servers)
    yield
    for server in servers._by_url.values():
        server.pool.disconnect()


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("off", None),
        ("600/minute", Policy(600, 60)),
        ("5/second", Policy(5, 1)),
        ("1/hour", Policy(1, 3600)),
        ("9/day", Policy(9, 86400)),
    ],
)
def test_policies(text, policy):
    assert parse_policy(text) == policy


@pytest.mark.parametrize("text", ["", "on", "600", "600/week", "-1/minute", "x/second"])
def test_refuses_what_is_no_policy(text):
    with pytest.raises(ValueError, match="neither off nor like"):
        parse_policy(text)


def test_tells_what_is_left_and_then_refuses(ada, settings):
    settings.RATE_LIMIT_AUTHENTICATED = "2/minute"

    first, second, third = (ada.get("/v1/things/1") for _ in range(3))

    assert first["RateLimit-Policy"] == '"authenticated";q=2;w=60'
    assert first["RateLimit"] == '"authenticated";r=1;t=42'
    assert second["RateLimit"] == '"authenticated";r=0;t=42'
    assert third.status_code == 429
    assert third["Retry-After"] == "42"
    assert third["RateLimit"] == '"authenticated";r=0;t=42'
    assert third.json()["code"] == "rate_limited"
    assert third.json()["retryable"] is True


def test_the_next_window_starts_anew(ada, settings, monkeypatch):
    settings.RATE_LIMIT_AUTHENTICATED = "1/minute"
    now = ratelimit._now()

    assert ada.get("/v1/things/1").status_code == 404
    assert ada.get("/v1/things/1").status_code == 429
    monkeypatch.setattr(ratelimit, "_now", lambda: now + 42)
    assert ada.get("/v1/things/1").status_code == 404


def test_each_principal_has_a_window_of_their_own(ada, grace, settings):
    settings.RATE_LIMIT_AUTHENTICATED = "1/minute"

    assert ada.get("/v1/things/1").status_code == 404
    assert grace.get("/v1/things/1").status_code == 404
    assert ada.get("/v1/things/1").status_code == 429


def test_a_key_counts_with_its_person(settings):
    settings.RATE_LIMIT_AUTHENTICATED = "1/minute"

    assert Caller(ADA).get("/v1/things/1").status_code == 404
    assert Caller(ADA, **{"X-Test-Scopes": ""}).get("/v1/things/1").status_code == 429


@pytest.mark.django_db
def test_strangers_are_counted_by_address(nobody, settings):
    settings.RATE_LIMIT_ANONYMOUS = "1/minute"

    response = nobody.post("/v1/sign-up")

    assert response.status_code == 201
    assert response["RateLimit-Policy"] == '"anonymous";q=1;w=60'
    assert nobody.post("/v1/sign-up").status_code == 429
    nobody.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert nobody.post("/v1/sign-up").status_code == 201


@pytest.mark.parametrize("user", [None, "suspended"])
def test_failed_authentication_counts_on_the_address(nobody, settings, user):
    settings.RATE_LIMIT_ANONYMOUS = "1/minute"
    headers = {} if user is None else {"X-Test-User": user}

    first = nobody.get("/v1/things/1", **headers)

    assert first.status_code in {401, 403}
    assert first["RateLimit"] == '"anonymous";r=0;t=42'
    assert nobody.get("/v1/things/1", **headers).status_code == 429


def test_who_is_known_is_not_counted_as_a_stranger(ada, nobody, settings):
    settings.RATE_LIMIT_ANONYMOUS = "1/minute"

    for _ in range(3):
        assert ada.get("/v1/things/1").status_code == 404
    assert nobody.get("/v1/things/1").status_code == 401


def test_off_counts_nothing(ada, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = ada.get("/v1/things/1")

    assert response.status_code == 404
    assert "RateLimit" not in response


def test_health_is_never_refused(nobody, settings):
    settings.RATE_LIMIT_ANONYMOUS = "1/day"

    for _ in range(3):
        assert nobody.get("/health/live").status_code == 200


def test_a_hundred_at_once_are_counted_exactly(settings):
    settings.RATE_LIMIT_AUTHENTICATED = "60/day"

    def count(_):
        try:
            ratelimit.count_request(Tier.AUTHENTICATED, "user:1")
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        admitted = list(threads.map(count, range(100)))

    assert sum(admitted) == 60


def test_counts_disappear_with_their_window(settings):
    settings.RATE_LIMIT_AUTHENTICATED = "60/hour"

    ratelimit.count_request(Tier.AUTHENTICATED, "user:1")

    client = redis.Redis.from_url(settings.REDIS_URL)
    [key] = client.keys(f"{settings.REDIS_KEY_PREFIX}*")
    assert 0 < client.ttl(key) <= 3600
    client.close()


class TestWithoutValkey:
    """Known callers go on, strangers do not, and a metric says so."""

    @pytest.fixture(autouse=True)
    def _limits(self, settings):
        settings.RATE_LIMIT_ANONYMOUS = "9/minute"
        settings.RATE_LIMIT_AUTHENTICATED = "9/minute"

    @pytest.fixture
    def _down(self, settings):
        settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"

    @pytest.mark.usefixtures("_down")
    def test_known_callers_go_on(self, ada):
        before = unavailable("authenticated")

        response = ada.get("/v1/things/1")

        assert response.status_code == 404
        assert "RateLimit" not in response
        assert unavailable("authenticated") - before == 1

    @pytest.mark.usefixtures("_down")
    def test_strangers_are_refused(self, nobody):
        before = unavailable("anonymous")

        response = nobody.post("/v1/sign-up")

        assert response.status_code == 503
        assert response["Retry-After"] == "1"
        assert response.json()["code"] == "service_unavailable"
        assert unavailable("anonymous") - before == 1

    @pytest.mark.usefixtures("_down")
    def test_bad_credentials_are_still_401(self, nobody):
        assert nobody.get("/v1/things/1").status_code == 401

    def test_a_server_that_hangs_costs_its_timeout_once(
        self, ada, settings, monkeypatch
    ):
        # So long that even a slow machine does not need the same for the rest.
        monkeypatch.setattr(ratelimit, "TIMEOUT_SECONDS", 2)
        monkeypatch.setattr(ratelimit, "PAUSE_SECONDS", 60)
        with SilentServer() as port:
            settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
            started = time.monotonic()
            for _ in range(20):
                assert ada.get("/v1/things/1").status_code == 404
            elapsed = time.monotonic() - started

        assert 1.9 < elapsed < 4

    def test_nobody_waits_long_for_it(self):
        assert TIMEOUT_SECONDS == 0.2
        assert PAUSE_SECONDS == 1

    def test_counts_again_once_it_answers(self, ada, settings):
        working = settings.REDIS_URL
        settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"
        assert "RateLimit" not in ada.get("/v1/things/1")

        settings.REDIS_URL = working

        assert "RateLimit" in ada.get("/v1/things/1")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "nonsense", "unknown"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_of_a_request(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    request.META["HTTP_X_FORWARDED_FOR"] = forwarded

    assert ratelimit.address_of(request) == address


def test_a_request_through_a_socket_has_no_address():
    assert ratelimit.address_of(RequestFactory().get("/", REMOTE_ADDR="")) == "unknown"


def unavailable(tier):
    name = "rate_limit_unavailable_total"
    return REGISTRY.get_sample_value(name, {"tier": tier}) or 0


class SilentServer:
    """Accepts connections and never says a word."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.accepted = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self.socket.getsockname()[1]

    def accept(self):
        while True:
            try:
                self.accepted.append(self.socket.accept()[0])
            except OSError:
                return

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
        for connection in self.accepted:
            connection.close()
