"""/openapi.json is complete: what a client's author looks for is in it."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from django.core.management import call_command
from django.test import Client

VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each operation under /v1 by its `POST /v1/...`."""
    return {
        f"{verb.upper()} {path}": operation
        for path, item in document["paths"].items()
        for verb, operation in item.items()
        if path.startswith("/v1/") and verb in VERBS
    }


def test_it_is_written_without_a_warning_and_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert file.read_text().startswith("openapi: 3.1.0")


def test_each_body_has_an_example_that_it_admits(document, operations) -> None:
    bodies = {
        label: operation["requestBody"]["content"]["application/json"]["schema"]
        for label, operation in operations.items()
        if "requestBody" in operation
    }

    assert len(bodies) > 5
    for label, reference in bodies.items():
        schema = _resolve(document, reference)
        assert schema.get("examples"), label
        validator = jsonschema_rs.validator_for({**reference, **document})
        for example in schema["examples"]:
            assert [error.message for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize(
    ("status", "where"),
    [
        ("400", lambda label, operation: True),
        ("401", lambda label, operation: operation["security"]),
        ("403", lambda label, operation: operation["security"]),
        ("404", lambda label, operation: "{" in label),
        ("404", lambda label, operation: label == "POST /v1/transfers/internal"),
        ("406", lambda label, operation: True),
        (
            "409",
            lambda label, operation: (
                "Idempotency-Key" in orjson.dumps(operation["parameters"]).decode()
            ),
        ),
        ("413", lambda label, operation: "requestBody" in operation),
        ("415", lambda label, operation: "requestBody" in operation),
        ("422", lambda label, operation: label.startswith("POST /v1/transfers")),
        ("422", lambda label, operation: label.endswith("/close")),
        ("429", lambda label, operation: True),
        ("500", lambda label, operation: True),
        ("503", lambda label, operation: True),
    ],
)
def test_a_status_is_documented_where_it_can_happen(status, where, operations) -> None:
    found = [
        label for label, operation in operations.items() if where(label, operation)
    ]
    assert found
    assert [l for l in found if status not in operations[l]["responses"]] == []


def test_each_problem_has_an_example_with_its_status(document, operations):
    for label, operation in operations.items():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                content = response["content"]["application/problem+json"]
                assert {e["value"]["status"] for e in content["examples"].values()} == {
                    int(status)
                }, label


def _resolve(document, reference):
    name = reference["$ref"].removeprefix("#/components/schemas/")
    return document["components"]["schemas"][name]
