"""The OpenAPI document says all that the API does, and nothing else."""

import json
import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from paycore.api.catalogue import EXPLANATIONS
from paycore.api.openapi import documentation_of
from paycore.api.tests import urls
from paycore.api.views import ApiView


@pytest.fixture(scope="module")
def document():
    """Of the whole server."""
    return plain(SchemaGenerator().get_schema(request=None, public=True))


@pytest.fixture(scope="module")
def small():
    """Of the views in `paycore.api.tests.urls`."""
    generator = SchemaGenerator(urlconf=urls)
    return plain(generator.get_schema(request=None, public=True))


def plain(document):
    return json.loads(json.dumps(document, default=str))


def views_of(patterns=None):
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            if "backoffice" not in str(pattern.urlconf_name):
                yield from views_of(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.pattern, getattr(pattern.callback, "cls", None)


def test_the_document_is_valid(document):
    validate_schema(document)


def test_every_path_of_this_server_is_an_api_view():
    others = [
        str(route)
        for route, view in views_of()
        if view is None or not issubclass(view, ApiView)
    ]

    assert others == []


def test_every_method_of_a_view_that_is_not_hidden_is_documented():
    missing = [
        f"{method} {route}"
        for route, view in views_of()
        if not view.hidden
        for method in view.own_methods()
        if method != "HEAD" and documentation_of(view, method) is None
    ]

    assert missing == []


def test_operations_have_names_of_their_own(document):
    names = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]

    assert len(names) == len(set(names))


def test_references_lead_somewhere(document):
    references = set(re.findall(r'"\$ref": "#/([^"]*)"', json.dumps(document)))

    assert references
    for reference in references:
        target = document
        for step in reference.split("/"):
            target = target[step]


def test_both_ways_to_authenticate_are_described(document):
    schemes = document["components"]["securitySchemes"]

    assert schemes["bearerAuth"]["scheme"] == "bearer"
    assert schemes["apiKeyAuth"]["name"] == "X-API-Key"


def test_every_problem_code_is_in_the_schema(document):
    problem = document["components"]["schemas"]["Problem"]

    assert problem["properties"]["code"]["enum"] == list(EXPLANATIONS)


def test_an_order_says_what_it_takes_and_answers(small):
    operation = small["paths"]["/v1/orders"]["post"]

    assert operation["operationId"] == "create_orders"
    assert "`transfers:write`" in operation["description"]
    assert operation["requestBody"]["required"] is True
    assert parameters_of(operation) == {
        ("Idempotency-Key", True),
        ("X-Request-Id", False),
    }
    assert sorted(operation["responses"]) == [
        *("201", "400", "401", "403", "406", "409", "413", "415", "429", "500", "503")
    ]
    assert list(problems_of(operation, 400)) == [
        *("invalid_input", "invalid_amount", "unsupported_currency"),
        "idempotency_key_required",
    ]
    assert list(problems_of(operation, 409)) == [
        *("idempotency_key_reused", "idempotency_in_progress")
    ]
    assert sorted(operation["responses"]["201"]["headers"]) == [
        *("Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "X-Request-Id")
    ]
    assert "Retry-After" in operation["responses"]["503"]["headers"]


def test_a_request_says_which_fields_it_needs_and_refuses_others(small):
    request = small["components"]["schemas"]["OrderRequest"]

    assert request["required"] == ["source_id", "amount"]
    assert request["additionalProperties"] is False
    assert request["properties"]["source_id"] == {"type": "string", "format": "uuid"}
    assert request["properties"]["amount"]["pattern"].startswith("^[0-9]{1,15}")
    assert "title" not in request["properties"]["amount"]


def test_a_list_is_a_page_with_its_query(small):
    operation = small["paths"]["/v1/groups"]["get"]

    assert operation["operationId"] == "list_groups"
    assert parameters_of(operation) == {
        *(("limit", False), ("cursor", False), ("name", False)),
        ("X-Request-Id", False),
    }
    [limit] = [p for p in operation["parameters"] if p.get("name") == "limit"]
    assert limit["schema"]["minimum"] == 1
    assert limit["schema"]["maximum"] == 100
    assert limit["schema"]["default"] == 50
    page = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert page["properties"]["items"]["items"] == {
        "$ref": "#/components/schemas/GroupResource"
    }


def test_a_public_operation_needs_no_authentication(small):
    live = small["paths"]["/health/live"]["get"]

    assert live["security"] == []
    assert "401" not in live["responses"]
    assert "429" not in live["responses"]


def test_hidden_pages_are_left_out(small):
    assert "/docs" not in small["paths"]
    assert "/openapi.json" not in small["paths"]


def parameters_of(operation):
    return {
        ("X-Request-Id", False) if "$ref" in one else (one["name"], one["required"])
        for one in operation["parameters"]
    }


def problems_of(operation, status):
    content = operation["responses"][str(status)]["content"]
    return content["application/problem+json"]["examples"]
