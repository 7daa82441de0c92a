"""/openapi.json is complete: what the author of a client looks for is in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.test import Client

from paycore.api.catalogue import EXPLANATIONS

VERBS = {"get", "post", "put", "patch", "delete"}
Document = dict[str, Any]
Operations = dict[str, Document]


@pytest.fixture(scope="module")
def document() -> Document:
    found: Document = Client().get("/openapi.json").json()
    return found


@pytest.fixture(scope="module")
def operations(document: Document) -> Operations:
    """Each operation under /v1, by its label: `POST /v1/accounts`."""
    return {
        f"{verb.upper()} {path}": about
        for path, item in document["paths"].items()
        for verb, about in item.items()
        if path.startswith("/v1/") and verb in VERBS
    }


def test_it_is_valid_and_written_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "openapi.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert file.read_text().startswith("openapi: 3.1.0")


def test_each_body_has_an_example_that_its_shape_admits(
    document: Document, operations: Operations
) -> None:
    bodies = {label: body_of(about) for label, about in operations.items()}
    shapes = {label: shape for label, shape in bodies.items() if shape is not None}

    assert len(shapes) > 5
    for label, reference in shapes.items():
        name = reference["$ref"].removeprefix("#/components/schemas/")
        examples = document["components"]["schemas"][name].get("examples")
        assert examples, f"{label}: {name} has no example."
        validator = jsonschema_rs.Draft202012Validator({**document, **reference})
        for example in examples:
            assert [error.message for error in validator.iter_errors(example)] == []


@pytest.mark.parametrize(
    ("status", "concerns"),
    [
        *((status, lambda label, about: True) for status in (400, 406, 500, 503)),
        *(
            (status, lambda label, about: about["security"])
            for status in (401, 403, 429)
        ),
        *((status, lambda label, about: body_of(about)) for status in (413, 415)),
        (404, lambda label, about: "{" in label),
        (404, lambda label, about: label == "POST /v1/transfers/internal"),
        (409, lambda label, about: takes_key(about)),
        (422, lambda label, about: label.startswith("POST /v1/transfers")),
        (422, lambda label, about: label.endswith("/close")),
    ],
)
def test_a_status_is_documented_where_it_can_happen(
    status: int, concerns: Callable[..., bool], operations: Operations
) -> None:
    concerned = {
        label: about for label, about in operations.items() if concerns(label, about)
    }

    assert concerned
    assert [
        label for label in concerned if str(status) not in concerned[label]["responses"]
    ] == []


def test_each_problem_is_an_example_of_its_status(operations: Operations) -> None:
    for label, about in operations.items():
        for status, response in about["responses"].items():
            if int(status) >= 400:
                content = response["content"]["application/problem+json"]
                for code in content["examples"]:
                    assert EXPLANATIONS[code].status == int(status), label


def body_of(about: Document) -> Document | None:
    if "requestBody" not in about:
        return None
    shape: Document = about["requestBody"]["content"]["application/json"]["schema"]
    return shape


def takes_key(about: Document) -> bool:
    return any(each.get("name") == "Idempotency-Key" for each in about["parameters"])
