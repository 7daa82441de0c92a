"""What settings read from the environment, and what they refuse with a sentence."""

import base64
import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from paycore.settings import environment, servers

ONE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.mark.parametrize(
    "value", ["600/minute", "1/second", "50000/hour", "off", "OFF"]
)
def test_a_rate_is_a_number_per_time_or_off(monkeypatch, value):
    monkeypatch.setenv("RATE", value)

    assert environment.rate("RATE", default="1/second") == value.lower()


@pytest.mark.parametrize(
    "value", ["600", "0/minute", "-1/minute", "600/day", "none", ""]
)
def test_another_rate_is_refused_by_name(monkeypatch, value):
    monkeypatch.setenv("RATE", value)

    with pytest.raises(ImproperlyConfigured, match=r"^RATE must look like 600/minute"):
        environment.rate("RATE", default="1/second")


def test_currencies_have_a_code_and_decimals(monkeypatch):
    monkeypatch.setenv("CURRENCIES", "BTC=8, XAU=4")

    read = environment.currencies("CURRENCIES", default="")

    assert read == {"BTC": 8, "XAU": 4}


@pytest.mark.parametrize("value", ["BTC", "btc=8", "BTC=9", "BTC=-1", "BT=2", "BTC:8"])
def test_another_currency_is_refused(monkeypatch, value):
    monkeypatch.setenv("CURRENCIES", value)

    with pytest.raises(ImproperlyConfigured, match=r"^CURRENCIES must look like"):
        environment.currencies("CURRENCIES", default="")


@pytest.mark.parametrize("value", ["MRY", "myr", "", "XAU", "BTC "])
def test_a_currency_that_nobody_knows_is_refused(value):
    environment.require_currencies("MONEY", ["MYR", "BTC"], beside={"BTC"})

    with pytest.raises(ImproperlyConfigured, match=r"^MONEY must name currencies of"):
        environment.require_currencies("MONEY", ["MYR", value], beside={"BTC"})


@pytest.mark.parametrize("variable", ["PAYOUT_GATEWAYS=ERU=sandbox", "LOG_LEVEL=loud"])
def test_a_senseless_value_stops_the_process_with_its_name(variable):
    name, _, value = variable.partition("=")
    told = subprocess.run(
        [sys.executable, "-c", "import paycore.settings.base"],
        cwd=environment.ROOT,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    ).stderr

    assert f"ImproperlyConfigured: {name} must " in told


@pytest.mark.parametrize(
    ("value", "expected"),
    [("on", True), ("True", True), ("1", True), ("OFF", False), ("no", False)],
)
def test_a_switch_is_on_or_off(monkeypatch, value, expected):
    monkeypatch.setenv("SWITCH", value)

    assert environment.switch("SWITCH", default=not expected) is expected
    monkeypatch.setenv("SWITCH", "")
    assert environment.switch("SWITCH", default=not expected) is not expected


def test_another_switch_is_refused(monkeypatch):
    monkeypatch.setenv("SWITCH", "onn")

    with pytest.raises(ImproperlyConfigured, match=r"^SWITCH must be on or off"):
        environment.switch("SWITCH", default=True)


def test_a_choice_is_one_of_a_few_words(monkeypatch):
    monkeypatch.setenv("SHAPE", "Round")
    assert environment.choice("SHAPE", of=("round", "FLAT"), default="FLAT") == "round"
    monkeypatch.delenv("SHAPE")
    assert environment.choice("SHAPE", of=("round", "FLAT"), default="FLAT") == "FLAT"

    monkeypatch.setenv("SHAPE", "oval")
    with pytest.raises(ImproperlyConfigured, match=r"^SHAPE must be one of round"):
        environment.choice("SHAPE", of=("round", "FLAT"), default="FLAT")


@pytest.mark.parametrize("value", ["", "one", "1.5", "-1", "0", "1e3", "\u0661"])
def test_a_duration_is_a_whole_number(monkeypatch, value):
    monkeypatch.setenv("SECONDS", value)

    with pytest.raises(ImproperlyConfigured, match=r"^SECONDS must be a whole number"):
        environment.whole_number("SECONDS", default=5, least=1)


def test_a_kept_secret_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "home" / "secret_key"

    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(lambda _: environment.kept_secret(path), range(8)))

    assert len(secrets) == 1
    assert len(secrets.pop()) > 80
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret_key"]


def test_a_made_webhook_secret_is_one_of_the_standard(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRETS", raising=False)
    path = tmp_path / "home" / "deposit_webhook_secret"

    secret = environment.kept_secret(path, make=environment.new_webhook_secret)

    assert environment.webhook_secrets("SECRETS", default=secret) == [secret]
    assert environment.kept_secret(path) == secret
    assert environment.new_webhook_secret() != secret
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" ", 0), (f"{ONE}", 1), (f"{ONE}, {OTHER},", 2)]
)
def test_webhook_secrets_are_a_list(monkeypatch, text, count):
    monkeypatch.setenv("SECRETS", text)

    assert environment.webhook_secrets("SECRETS") == [ONE, OTHER][:count]


@pytest.mark.parametrize("text", ["secret", "whsec_", "whsec_short", f"{ONE};{OTHER}"])
def test_another_webhook_secret_is_refused(monkeypatch, text):
    monkeypatch.setenv("SECRETS", text)

    with pytest.raises(ImproperlyConfigured, match=r"^Each secret in SECRETS must be"):
        environment.webhook_secrets("SECRETS")


def test_the_environment_wins_over_the_kept_webhook_secret(monkeypatch):
    monkeypatch.setenv("SECRETS", ONE)

    assert environment.webhook_secrets("SECRETS", default=OTHER) == [ONE]


@pytest.mark.parametrize("given", ["", ONE])
def test_a_local_installation_makes_a_webhook_secret_when_none_is_set(tmp_path, given):
    home = tmp_path / "home"
    told = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from django.conf import settings;"
            "print(*settings.DEPOSIT_WEBHOOK_SECRETS);"
            "print(settings.DEPOSITS_ARE_SIGNED_WITH)",
        ],
        cwd=environment.ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "paycore.settings.local",
            "PAYCORE_HOME": str(home),
            "DEPOSIT_WEBHOOK_SECRET": given,
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    kept = home / "deposit_webhook_secret"
    if given:
        assert told == [ONE, "DEPOSIT_WEBHOOK_SECRET"]
        assert not kept.exists()
    else:
        assert told == [kept.read_text(), str(kept)]


def test_without_urls_the_servers_are_embedded_in_the_home(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    home = Path("/srv/paycore")

    assert servers.are_embedded()
    assert servers.database(home, options={})["HOST"] == "/srv/paycore/run/postgresql"
    assert servers.embedded_redis_url(home) == (
        "unix:///srv/paycore/run/valkey.sock?db=0"
    )


def test_a_database_url_is_read_with_its_options(monkeypatch):
    url = "postgres://u:p%40ss@%2Fvar%2Frun/pay?sslmode=require"
    monkeypatch.setenv("DATABASE_URL", url)

    database = servers.database(Path("/srv/paycore"), options={"pool": True})

    assert database["HOST"] == "/var/run"
    assert database["PASSWORD"] == "p@ss"
    assert database["OPTIONS"] == {"pool": True, "sslmode": "require"}


def test_another_database_than_postgresql_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///db.sqlite3")

    with pytest.raises(
        ImproperlyConfigured, match="DATABASE_URL must name a PostgreSQL"
    ):
        servers.database(Path("/srv/paycore"), options={})


def test_another_broker_than_valkey_is_refused(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "http://valkey:6379/0")

    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must name a Valkey"):
        servers.redis_url(Path("/srv/paycore"))


def test_sockets_of_a_long_path_are_elsewhere_and_differ_by_home():
    homes = [Path("/srv") / (letter * 80) for letter in "ab"]

    directories = [servers.socket_directory(home) for home in homes]

    assert len(set(directories)) == 2
    for directory in directories:
        assert re.fullmatch(r"/tmp/paycore-\d+-[0-9a-f]{16}", str(directory))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://valkey:6379/0", "redis://valkey:6379/0"),
        ("unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0"),
    ],
)
def test_celery_gets_the_same_server_in_its_own_words(url, expected):
    assert servers.broker_url(url) == expected


def test_a_relative_home_is_relative_to_the_project(monkeypatch):
    monkeypatch.setenv("PAYCORE_HOME", "elsewhere")

    assert servers.home_directory() == environment.ROOT / "elsewhere"
