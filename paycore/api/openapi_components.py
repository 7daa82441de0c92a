"""Parts of the OpenAPI document that every operation refers to."""

from typing import Any, Final

from paycore.api.catalogue import EXPLANATIONS

Schema = dict[str, Any]


def problem_example(code: str) -> Schema:
    """A problem document of this code, as an example."""
    explanation = EXPLANATIONS[code]
    return {
        "type": f"/problems/{code}",
        "title": explanation.title,
        "status": explanation.status,
        "detail": explanation.meaning,
        "instance": "/v1/transfers/internal",
        "code": code,
        "request_id": "0198c5a0-4b5e-7c3a-9d2e-6f1a2b3c4d5e",
        "retryable": explanation.status in {429, 500, 503},
        "errors": [],
    }


_REQUEST_ID_SCHEMA: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9._:@/+=-]{1,128}$",
}
REQUEST_ID_PARAMETER: Final[Schema] = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "Your own id for this request; without one that is safe to repeat,"
    " the server makes it.",
    "schema": {"type": "string"},
}
HEADERS: Final[Schema] = {
    "X-Request-Id": {
        "required": True,
        "description": "The id of this request in logs, problems and events.",
        "schema": _REQUEST_ID_SCHEMA,
    },
    "RateLimit": {
        "description": "What is left: r requests for the next t seconds.",
        "schema": {"type": "string"},
        "example": '"authenticated";r=599;t=42',
    },
    "RateLimit-Policy": {
        "description": "The limit: q requests in w seconds.",
        "schema": {"type": "string"},
        "example": '"authenticated";q=600;w=60',
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string"},
        "example": 'Bearer realm="paycore"',
    },
    "Idempotent-Replayed": {
        "description": "true when this is the stored answer of an earlier request.",
        "schema": {"type": "string", "const": "true"},
        "example": "true",
    },
}
_TEXT: Final[Schema] = {"type": "string"}
PROBLEM_SCHEMA: Final[Schema] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Some problems carry further facts, such"
    " as available, required and currency.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "A page that explains this kind of problem.",
        },
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "instance": _TEXT,
        "code": {"type": "string", "enum": list(EXPLANATIONS)},
        "request_id": _TEXT,
        "retryable": {
            "type": "boolean",
            "description": "Whether the same request may succeed later, unchanged.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT},
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": [
        *("type", "title", "status", "detail", "instance"),
        *("code", "request_id", "retryable", "errors"),
    ],
    "additionalProperties": True,
}
