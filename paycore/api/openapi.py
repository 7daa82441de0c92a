"""The OpenAPI document, written from what the views say about themselves.

`documented` is the one line that a view's method carries; everything that holds for
all operations (headers, problems, limits) is added here, so no view can forget it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import uritemplate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from pydantic import BaseModel

from paycore.api.catalogue import EXPLANATIONS
from paycore.api.errors import HttpError
from paycore.api.openapi_components import (
    HEADERS,
    PROBLEM_SCHEMA,
    REQUEST_ID_PARAMETER,
    Schema,
    problem_example,
)
from paycore.api.problems import CONTENT_TYPE
from paycore.api.shapes import MoneyRequest
from paycore.lib.errors import DomainError

JSON: Final = "application/json"
PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
VERBS: Final = {"GET": "get", "POST": "create", "DELETE": "delete", "PUT": "replace"}
Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PageOf:
    """The answer of a list: items of one kind, and where the next ones start."""

    item: type[BaseModel]


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is not JSON."""

    media_type: str


Answers = Mapping[int, type[BaseModel] | PageOf | Content | None]


@dataclass(frozen=True, slots=True)
class Documentation:
    """What one operation takes and answers."""

    summary: str
    answers: Answers
    description: str
    request: type[BaseModel] | None
    query: type[BaseModel] | None
    refusals: tuple[type[DomainError | HttpError], ...]
    key: Literal["required", "accepted"] | None


def documented(  # noqa: PLR0913
    summary: str,
    *,
    answers: Answers,
    description: str = "",
    request: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    refusals: Iterable[type[DomainError | HttpError]] = (),
    key: Literal["required", "accepted"] | None = None,
) -> Callable[[Method], Method]:
    """Say what an operation takes and answers.

    `answers` are the successes by status; `refusals` the errors that are special to
    this operation; `key` whether an Idempotency-Key is required, accepted, or ignored.
    """

    def note(method: Method) -> Method:
        method.documentation = Documentation(  # type: ignore[attr-defined]
            summary=summary,
            answers=answers,
            description=description,
            request=request,
            query=query,
            refusals=tuple(refusals),
            key=key,
        )
        return method

    return note


def documentation_of(view: object, method: str) -> Documentation | None:
    return getattr(getattr(view, method.lower(), None), "documentation", None)


class ApiSchema(AutoSchema):
    """`DEFAULT_SCHEMA_CLASS`: an operation of an `ApiView`."""

    view: Any

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> Schema | None:
        self.registry = registry
        self.path = path
        self.method = method.upper()
        about = documentation_of(self.view, method)
        if about is None:
            return None
        operation: Schema = {
            "operationId": _operation_id(self.method, path, about),
            "summary": about.summary,
            "description": " ".join([about.description, *self._access()]).strip(),
            "tags": [_steps(path)[0]],
            "parameters": self._all_parameters(about),
            "security": self.get_auth(),
            "responses": self._responses(about),
        }
        if about.request is not None:
            operation["requestBody"] = {
                "required": _needs_something(about.request),
                "content": {
                    JSON: {"schema": self._schema(about.request, "validation")}
                },
            }
        return operation

    def _access(self) -> list[str]:
        sentences = []
        if self.method in self.view.admins:
            sentences.append("For administrators.")
        elif self.method in self.view.operators:
            sentences.append("For operators.")
        if scope := self.view.scopes.get(self.method):
            sentences.append(f"API keys need the scope `{scope}`.")
        return sentences

    def _all_parameters(self, about: Documentation) -> list[Schema]:
        parameters = [
            _path_parameter(name) for name in uritemplate.variables(self.path)
        ]
        if about.query is not None:
            parameters += _query_parameters(about.query)
        if about.key is not None:
            parameters.append(_key_parameter(is_required=about.key == "required"))
        parameters.append({"$ref": "#/components/parameters/X-Request-Id"})
        return parameters

    def _responses(self, about: Documentation) -> Schema:
        responses: Schema = {}
        for status, answer in about.answers.items():
            responses[str(status)] = {
                "description": about.summary,
                "headers": self._headers(status, about),
                **self._content(answer),
            }
        for status, codes in self._problems(about).items():
            responses[str(status)] = {
                "description": "; ".join(EXPLANATIONS[code].title for code in codes),
                "headers": self._headers(status, about),
                "content": {
                    CONTENT_TYPE: {
                        "schema": PROBLEM,
                        "examples": {
                            code: {"value": problem_example(code)} for code in codes
                        },
                    }
                },
            }
        return dict(sorted(responses.items()))

    def _content(self, answer: type[BaseModel] | PageOf | Content | None) -> Schema:
        if answer is None:
            return {}
        if isinstance(answer, Content):
            return {"content": {answer.media_type: {"schema": {"type": "string"}}}}
        if isinstance(answer, PageOf):
            return {"content": {JSON: {"schema": self._page(answer.item)}}}
        return {"content": {JSON: {"schema": self._schema(answer, "serialization")}}}

    def _page(self, item: type[BaseModel]) -> Schema:
        return {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": self._schema(item, "serialization"),
                },
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "The cursor of the next page; null: no more.",
                },
            },
            "required": ["items", "next_cursor"],
        }

    def _problems(self, about: Documentation) -> dict[int, list[str]]:
        codes = _common_codes(self.view) | _codes_of(about)
        if "{" in self.path and not any(EXPLANATIONS[c].status == 404 for c in codes):
            codes.add("not_found")
        # In the order of the catalogue, which is that of precedence.
        by_status: dict[int, list[str]] = {}
        for code, explanation in EXPLANATIONS.items():
            if code in codes:
                by_status.setdefault(explanation.status, []).append(code)
        return by_status

    def _headers(self, status: int, about: Documentation) -> Schema:
        names = ["X-Request-Id"]
        if self.view.limited:
            names += ["RateLimit", "RateLimit-Policy"]
        if status in {409, 429, 503}:
            names.append("Retry-After")
        if status == 401:
            names.append("WWW-Authenticate")
        if about.key is not None and (status < 300 or status == 422):
            names.append("Idempotent-Replayed")
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

    def _schema(
        self, model: type[BaseModel], mode: Literal["validation", "serialization"]
    ) -> Schema:
        schema = _tidy(
            model.model_json_schema(
                mode=mode, ref_template="#/components/schemas/{model}"
            )
        )
        schemas = schema.pop("$defs", {}) | {model.__name__: schema}
        for name, component in schemas.items():
            self.registry.register_on_missing(
                ResolvedComponent(  # type: ignore[no-untyped-call]
                    name=name,
                    type=ResolvedComponent.SCHEMA,
                    object=name,
                    schema=component,
                )
            )
        return {"$ref": f"#/components/schemas/{model.__name__}"}


class BearerAuth(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.BearerToken"
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of POST /v1/auth/login, for people.",
        }


class ApiKeyAuth(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.ApiKeyHeader"
    name = "apiKeyAuth"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "A key of POST /v1/api-keys, for servers.",
        }


def add_shared_parts(
    result: Schema, generator: object, request: object, public: object
) -> Schema:
    """A postprocessing hook: what every operation refers to."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    components["headers"] = HEADERS
    components["parameters"] = {"X-Request-Id": REQUEST_ID_PARAMETER}
    return result


def _common_codes(view: Any) -> set[str]:
    codes = {"invalid_input", "not_acceptable", "internal_error", "service_unavailable"}
    if not view.public:
        codes |= {"unauthenticated", "permission_denied"}
    if view.limited:
        codes.add("rate_limited")
    return codes


def _codes_of(about: Documentation) -> set[str]:
    codes = {refusal.code for refusal in about.refusals}
    if about.request is not None:
        codes |= {"payload_too_large", "unsupported_media_type"}
        if issubclass(about.request, MoneyRequest):
            codes |= {"invalid_amount", "unsupported_currency"}
    if about.key is not None:
        codes |= {"idempotency_key_reused", "idempotency_in_progress"}
    if about.key == "required":
        codes.add("idempotency_key_required")
    return codes


def _operation_id(method: str, path: str, about: Documentation) -> str:
    is_list = any(isinstance(answer, PageOf) for answer in about.answers.values())
    verb = "list" if is_list else VERBS.get(method, method.lower())
    steps = [step.replace("-", "_").replace(".", "_") for step in _steps(path)]
    return "_".join([verb, *(step.strip("{}") for step in steps)])


def _steps(path: str) -> list[str]:
    return path.strip("/").removeprefix("v1/").split("/")


def _path_parameter(name: str) -> Schema:
    schema: Schema = {"type": "string"}
    if name.endswith("id"):
        schema["format"] = "uuid"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(query: type[BaseModel]) -> list[Schema]:
    schema = _tidy(query.model_json_schema(mode="validation"))
    definitions = schema.get("$defs", {})
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": about.pop("description", ""),
            "schema": _in_query(about, definitions),
        }
        for name, about in schema["properties"].items()
    ]


def _in_query(schema: Schema, definitions: Schema) -> Schema:
    # A query has no null: leaving a parameter out says the same.
    choices = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    if len(choices) == 1:
        schema = {name: part for name, part in schema.items() if name != "anyOf"}
        schema |= choices[0]
    if reference := schema.get("$ref"):
        return dict(definitions[reference.rpartition("/")[2]])
    return schema


def _key_parameter(*, is_required: bool) -> Schema:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": is_required,
        "description": "A key of your choice for this order. Sent again with the same"
        " request, it brings the first answer again instead of a second execution.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "pattern": "^[ -~]+$",
        },
        "example": "5c2b0c2e-5c55-4c2b-9a43-6b1a3a1f6b1e",
    }


def _needs_something(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _tidy(schema: Any) -> Any:
    """Without the titles and null defaults that pydantic writes on every field."""
    if isinstance(schema, dict):
        return {
            name: _tidy(part)
            for name, part in schema.items()
            if not (name == "title" and isinstance(part, str))
            and not (name == "default" and part is None)
        }
    return [_tidy(part) for part in schema] if isinstance(schema, list) else schema
