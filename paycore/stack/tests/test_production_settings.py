"""Production settings refuse to start half configured, and say what is missing."""

import os
import subprocess
import sys

import pytest

from paycore.settings.environment import ROOT

COMPLETE = {
    "SECRET_KEY": "0Sx4tq8nV2mLr6yKc9wZb3eHd7uJf1pAg5iQoTRsXvYNkBMzEh",
    "METRICS_TOKEN": "pN4vB8xZ2cM6qW0eR5tY9uI3oA7sD1fG",
    "ENCRYPTION_KEYS": "TkPj0Gf0gMpZ0mKq3vD3oXnq5rUZsWc1y7bH2eA9dLs=",
    "PAYOUT_GATEWAYS": "EUR=sandbox",
    "ALLOWED_HOSTS": "pay.example.com, api.example.com",
    "DATABASE_URL": "postgres://paycore:secret@db.internal/paycore?sslmode=require",
    "REDIS_URL": "redis://valkey.internal:6379/0",
}


def run_check(environment, *options):
    return subprocess.run(
        [sys.executable, "manage.py", "check", *options],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "paycore.settings.production",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_complete_configuration_passes_the_deployment_check():
    done = run_check(COMPLETE, "--deploy", "--fail-level=WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", COMPLETE)
def test_each_missing_variable_is_named(name):
    environment = {key: value for key, value in COMPLETE.items() if key != name}

    done = run_check(environment)

    assert done.returncode != 0
    assert (
        done.stderr.strip().splitlines()[-1].split(": ", 1)[1].startswith(f"Set {name}")
    )


@pytest.mark.parametrize(
    ("name", "weak"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "secret" * 20),
        ("JWT_SIGNING_KEY", "short"),
        ("METRICS_TOKEN", "metrics"),
        ("ENCRYPTION_KEYS", "short"),
        ("PAYOUT_GATEWAYS", "EUR=mattress"),
        ("PAYOUT_LEASE", "9"),
        ("ALLOWED_HOSTS", "*"),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ],
)
def test_a_weak_value_is_refused_by_name(name, weak):
    done = run_check(COMPLETE | {name: weak})

    assert done.returncode != 0
    assert name in done.stderr.strip().splitlines()[-1]
