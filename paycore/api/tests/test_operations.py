"""Health, metrics and documents: what machines and readers ask without an account."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import redis
import yaml
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor

from paycore.api import health, operations
from paycore.api.health import TIMEOUT_SECONDS
from paycore.api.tests.conftest import ADA, Caller

pytestmark = [pytest.mark.urls("paycore.api.tests.urls"), pytest.mark.django_db]

ADMIN = Caller(ADA, **{"X-Test-Role": "admin"})


@pytest.fixture(autouse=True)
def _metrics_know_the_cast(monkeypatch):
    from paycore.api.tests.urls import ByHeader

    monkeypatch.setattr(operations.Metrics, "authentication_classes", [ByHeader])


@pytest.fixture(autouse=True)
def _a_slow_machine_is_ready_too(monkeypatch):
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 30.0)
    monkeypatch.setattr(health, "TIMEOUT_MILLISECONDS", 30_000)


@pytest.fixture(autouse=True)
def _migrations_are_asked_again(monkeypatch):
    monkeypatch.setattr(health._Known, "are_migrations_applied", False)


def test_is_alive_without_asking_anything(nobody, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = nobody.get("/health/live")

    assert response.status_code == 200
    assert response.json()["status"] == "ok"


def test_is_ready(nobody):
    response = nobody.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }


def test_asks_for_migrations_only_until_they_are_applied(nobody, monkeypatch):
    nobody.get("/health/ready")

    def fail(*_):
        raise AssertionError("Asked twice.")

    monkeypatch.setattr(health, "MigrationExecutor", fail)

    assert nobody.get("/health/ready").status_code == 200


def test_is_not_ready_without_its_database(nobody, monkeypatch):
    def fail():
        raise OperationalError("connection to 10.0.0.5 refused")

    monkeypatch.setattr(health, "_check_database", fail)

    response = nobody.get("/health/ready")

    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert response.json()["code"] == "service_unavailable"
    assert response.json()["detail"] == "Not ready: database, migrations."
    assert response.json()["checks"] == {
        "database": "does not answer",
        "migrations": "unknown",
        "broker": "ok",
    }
    assert "10.0.0.5" not in response.content.decode()


def test_is_not_ready_without_its_broker(nobody, settings):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    response = nobody.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"]["broker"] == "does not answer"


def test_is_not_ready_before_its_migrations(nobody, monkeypatch):
    monkeypatch.setattr(
        MigrationExecutor, "migration_plan", lambda self, targets: ["one", "two"]
    )

    response = nobody.get("/health/ready")

    assert response.json()["checks"]["migrations"] == "2 migrations are not applied"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer the metrics token"}, 200),
        ({"Authorization": "Bearer another token"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "the metrics token"}, 401),
        ({"Authorization": "Bearer thé"}, 401),
        ({"X-Test-User": str(ADA)}, 403),
        ({"X-Test-User": str(ADA), "X-Test-Role": "operator"}, 200),
        (
            {
                "X-Test-User": str(ADA),
                "X-Test-Role": "operator",
                "X-Test-Scopes": "accounts:read",
            },
            403,
        ),
        (
            {
                "X-Test-User": str(ADA),
                "X-Test-Role": "operator",
                "X-Test-Scopes": "admin",
            },
            200,
        ),
    ],
)
def test_who_may_read_metrics(nobody, settings, headers, status):
    settings.METRICS_TOKEN = "the metrics token"

    assert nobody.get("/metrics", **headers).status_code == status


def test_without_a_metrics_token_no_token_opens(nobody):
    assert nobody.get("/metrics", Authorization="Bearer ").status_code == 401


@pytest.mark.parametrize("accept", ["*/*", "text/plain", "text/plain;version=0.0.4"])
def test_writes_metrics_as_prometheus_reads_them(accept):
    ADMIN.get("/health/live")

    response = ADMIN.get("/metrics", Accept=accept)

    assert response["Content-Type"].startswith("text/plain; version=")
    text = response.content.decode()
    for name in (
        *("idempotency_events_total", "transfers_total", "ledger_imbalance"),
        *("payout_manual_review_queue_size", "worker_runs_total"),
        *("payout_manual_review_transitions_total", "posting_batch_size"),
        "http_request_duration_seconds",
    ):
        assert f"# HELP {name} " in text


def test_metrics_of_several_processes_are_added_up(tmp_path):
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}
    count = (
        "from paycore.lib import metrics;"
        "metrics.IDEMPOTENCY_EVENTS.labels('new').inc();"
        "metrics.LEDGER_IMBALANCE.labels('USD').set({value});"
        "metrics.POSTING_BATCH_SIZE.observe(3)"
    )
    for value in (5, 0):
        run(count.format(value=value), environment)

    text = run(
        "from prometheus_client import generate_latest;"
        "from django.conf import settings; settings.configure();"
        "from paycore.api.registry import registry;"
        "print(generate_latest(registry()).decode())",
        environment,
    )

    assert 'idempotency_events_total{outcome="new"} 2.0' in text
    # The latest proof of the books, not the sum of two.
    assert 'ledger_imbalance{currency="USD"} 0.0' in text
    assert "posting_batch_size_count 2.0" in text


def test_the_document_is_the_same_as_json_and_yaml(nobody):
    as_json = nobody.get("/openapi.json")
    as_yaml = nobody.get("/openapi.yaml")

    assert as_json["Content-Type"] == "application/json"
    assert as_yaml["Content-Type"] == "application/yaml"
    assert as_json.json() == yaml.safe_load(as_yaml.content)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_ask_this_server_alone(nobody, path):
    response = nobody.get(path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    page = response.content.decode()

    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert 'data-document="/openapi.json"' in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    for link in links:
        assert link.startswith("/static/")
        assert finders.find(link.removeprefix("/static/"))
    # No script in the page itself, so that the policy can refuse all such.
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page) == []
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy


def test_our_own_assets_name_no_other_host():
    static = Path(operations.__file__).parent / "static" / "api"

    for file in static.iterdir():
        assert "http" not in file.read_text(), file.name


@pytest.mark.parametrize(
    "path",
    [
        *("/health/live", "/health/ready", "/openapi.json", "/openapi.yaml"),
        *("/docs", "/redoc", "/problems/", "/problems/not_found"),
    ],
)
def test_other_methods_are_405(nobody, path):
    response = nobody.post(path)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_the_broker_is_asked_with_a_short_timeout(monkeypatch):
    asked = {}

    def from_url(url, **options):
        asked.update(options)
        return Pinged()

    monkeypatch.setattr(redis.Redis, "from_url", from_url)
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)

    health._check_broker()

    assert asked["socket_timeout"] == asked["socket_connect_timeout"] == 1.0


class Pinged:
    def ping(self):
        return True

    def close(self):
        return None


def run(code, environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_json_document_is_plain_json(nobody):
    assert json.loads(nobody.get("/openapi.json").content)["openapi"].startswith("3.1")
