"""The image and the compose file agree with the code that they start."""

import json
import re
from importlib.metadata import distribution
from importlib.util import find_spec

import pytest
import yaml
from django.core.management import get_commands

from paycore.settings.environment import ROOT
from paycore.stack.tests.test_configuration import variables_in_settings

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# Read by images and libraries that are not ours, and by docker compose itself.
OF_OTHERS = {
    "HOSTNAME",
    "PATH",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "POSTGRES_USER",
    "PROMETHEUS_MULTIPROC_DIR",
    "PYTHONUNBUFFERED",
    "DJANGO_SETTINGS_MODULE",
}
# What a person's own machine has, and containers have not.
OF_ONE_MACHINE = {
    *("BENCH_ACCOUNTS", "BENCH_SECONDS", "CHAOS_SECONDS", "CHAOS_SEED"),
    *("DEBUG", "DEMO_PASSWORD", "PAYCORE_HOME", "PORT", "WORKER_METRICS_PORT"),
}
OURS = ("web", "worker", "beat", "migrate")


def command_of_the_image() -> list[str]:
    text = DOCKERFILE[DOCKERFILE.rindex("\nCMD ") + 5 :].replace("\\\n", "")
    command: list[str] = json.loads(text)
    return command


def test_there_is_a_service_for_each_process():
    assert set(COMPOSE["services"]) == {"postgres", "valkey", *OURS}


@pytest.mark.parametrize("name", ["postgres", "valkey", "web", "worker", "beat"])
def test_each_service_that_runs_has_a_health_check(name):
    service = COMPOSE["services"][name]

    assert service["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_commands_exist(name):
    command = COMPOSE["services"][name].get("command", command_of_the_image())

    program, *arguments = command

    scripts = {entry.name for entry in distribution("celery").entry_points}
    scripts |= {entry.name for entry in distribution("granian").entry_points}
    assert program in scripts | {"python", "sh"}
    if program in {"python", "sh"}:
        ours = re.findall(r"manage\.py (\w+)", " ".join(arguments))
        assert ours
        assert set(ours) <= set(get_commands())
    modules = [word for word in arguments if "paycore." in word]
    for module in modules:
        assert find_spec(module.split("=")[-1].split(":")[0])


def test_the_web_server_loads_the_application():
    from paycore.wsgi import application

    assert command_of_the_image()[-1] == "paycore.wsgi:application"
    assert callable(application)


@pytest.mark.parametrize("name", OURS)
def test_variables_are_known_to_the_settings(name):
    environment = COMPOSE["services"][name]["environment"]

    assert set(environment) <= variables_in_settings() | OF_OTHERS


@pytest.mark.parametrize("name", OURS)
def test_variables_that_somebody_sets_arrive(name):
    environment = COMPOSE["services"][name]["environment"]

    assert variables_in_settings() - OF_ONE_MACHINE <= set(environment)


def test_compose_asks_for_known_variables_only():
    text = (ROOT / "docker-compose.yml").read_text()

    asked = set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", text))

    assert asked <= variables_in_settings() | OF_OTHERS


def test_secrets_have_no_default():
    text = (ROOT / "docker-compose.yml").read_text()

    secrets = ("SECRET_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD", "ENCRYPTION_KEYS")
    for secret in secrets:
        assert set(re.findall(rf"\$\{{{secret}(..)", text)) == {":?"}


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)

    assert users == ["10001"]


def test_what_is_copied_into_the_image_exists():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)

    assert copied == ["requirements.txt", "."]
    assert all((ROOT / name).exists() for name in copied)
