"""What the documents name exists: metrics, commands, tasks, variables, pages."""

import re

import pytest
from django.core.management import get_commands
from prometheus_client import Counter, Gauge, Histogram

from paycore.celery import app
from paycore.lib import metrics
from paycore.settings.environment import ROOT
from paycore.stack.tests.test_configuration import READ_ELSEWHERE, variables_in_settings

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def names_of_metrics() -> set[str]:
    """As Prometheus shows them."""
    suffixes: dict[type, str] = {Counter: "_total", Gauge: "", Histogram: "_count"}
    return {
        f"{metric._name}{suffixes[type(metric)]}"
        for metric in vars(metrics).values()
        if type(metric) in suffixes
    }


def test_what_pages_is_a_metric():
    # What it grows for are values of a label.
    headings = " ".join(re.findall("^### (?:(?! grows for ).)*", RUNBOOK, re.MULTILINE))

    named = set(re.findall("[a-z]+_[a-z_]+", headings))

    assert len(named) >= 8
    assert named <= names_of_metrics()


def test_tasks_that_are_asked_for_exist():
    named = set(re.findall(r"celery .*call ([\w.]+)", RUNBOOK))

    app.loader.import_default_modules()
    assert named
    assert named <= set(app.tasks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_manage_py_exist(page):
    named = set(re.findall(r"manage\.py ([a-z]\w+)", page.read_text()))

    assert named <= set(get_commands())


def test_variables_in_the_runbook_exist():
    named = set(re.findall(r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)`", RUNBOOK))

    assert named
    assert named <= variables_in_settings() | READ_ELSEWHERE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_that_are_linked_exist(page):
    linked = re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", page.read_text())

    assert [name for name in linked if not (page.parent / name).exists()] == []
