"""Each variable is in `.env.example` and in the documentation, with its meaning."""

import ast
import re
from pathlib import Path

import pytest

from paycore.settings.environment import ROOT

# Read by Django before any settings, and by docker-compose.yml.
READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE", "POSTGRES_PASSWORD"}
READERS = {
    "choice",
    "currencies",
    "list",
    "rate",
    "required",
    "required_secret",
    "str",
    "switch",
    "webhook_secrets",
    "whole_number",
}


def variables_in_settings() -> set[str]:
    names: set[str] = set()
    for path in (ROOT / "paycore" / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                function, first = node.func, node.args[0]
                name = getattr(function, "attr", getattr(function, "id", ""))
                if name in READERS and isinstance(first, ast.Constant):
                    names.add(str(first.value))
    return {name for name in names if re.fullmatch("[A-Z][A-Z0-9_]+", name)}


def test_the_settings_are_understood_by_this_test():
    assert {"SECRET_KEY", "RATE_LIMIT_ANONYMOUS", "PORT"} < variables_in_settings()


def test_the_example_lists_each_variable_once():
    example = (ROOT / ".env.example").read_text()

    listed = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE)

    assert sorted(listed) == sorted(variables_in_settings() | READ_ELSEWHERE)


def test_the_example_says_what_each_variable_is_for():
    paragraphs = (ROOT / ".env.example").read_text().strip().split("\n\n")[1:]

    for paragraph in paragraphs:
        *sentence, assignment = paragraph.splitlines()
        assert re.match("#[A-Z_]+=", assignment), paragraph
        assert " ".join(sentence).endswith("."), paragraph


def test_the_example_can_be_copied_as_it_is():
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_the_documentation_explains_each_variable_once():
    page = (ROOT / "docs" / "configuration.md").read_text()

    explained = re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", page, re.MULTILINE)

    assert sorted(explained) == sorted(variables_in_settings() | READ_ELSEWHERE)


def test_only_settings_use_django_environ():
    users = {
        path.parent.relative_to(ROOT)
        for path in python_files()
        if re.search("^import environ$", path.read_text(), re.MULTILINE)
    }

    assert users == {Path("paycore/settings")}


def python_files() -> list[Path]:
    hidden = {".paycore", ".git", "migrations"}
    return [path for path in ROOT.rglob("*.py") if hidden.isdisjoint(path.parts)]


@pytest.mark.parametrize(
    ("page", "requirements"),
    [("What runs", "requirements.in"), ("What checks", "requirements-dev.in")],
)
def test_the_documentation_gives_a_reason_for_each_dependency(page, requirements):
    text = (ROOT / "docs" / "dependencies.md").read_text()
    section = next(part for part in text.split("\n## ") if part.startswith(page))

    explained = re.findall(r"^\| ([A-Za-z][\w-]+) \|", section, re.MULTILINE)

    wanted = re.findall(
        r"^([A-Za-z][\w-]+)", (ROOT / requirements).read_text(), re.MULTILINE
    )
    assert sorted(set(explained) - {"package"}) == sorted(wanted)
