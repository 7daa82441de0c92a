"""What operators, machines and readers ask: health, metrics, the API's documents."""

import hmac
from functools import cache
from typing import Any, ClassVar, Final

import orjson
import yaml
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from drf_spectacular.generators import SchemaGenerator
from prometheus_client import CONTENT_TYPE_LATEST as METRICS_TYPE
from prometheus_client import generate_latest
from rest_framework.request import Request as RestRequest

from paycore.api.catalogue import EXPLANATIONS
from paycore.api.health import check_readiness
from paycore.api.openapi import Content, documented
from paycore.api.principals import Scope
from paycore.api.registry import registry
from paycore.api.shapes import Resource
from paycore.api.views import ApiView
from paycore.lib.errors import NotFound, ServiceUnavailable

HTML: Final = "text/html"
# Nothing on our pages comes from another host; what a bundle asks for all the same,
# the browser refuses.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self';"
    " worker-src 'self' blob:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


class OpenView(ApiView):
    """For anyone, at any time: never counted, never refused."""

    public = True
    limited = False


class HealthResource(Resource):
    """How this process is."""

    status: str
    checks: dict[str, str] = {}


class Live(OpenView):
    """GET /health/live: the process answers."""

    @documented("Whether the process is alive", answers={200: HealthResource})
    def get(self, request: RestRequest) -> HttpResponse:
        return self.answer(HealthResource(status="ok"))


class Ready(OpenView):
    """GET /health/ready: the process can do its work."""

    @documented(
        "Whether the process can do its work",
        description="Asks the database, the broker, and whether all migrations are"
        " applied. When not ready, the problem has `checks` with the state of each.",
        answers={200: HealthResource},
    )
    def get(self, request: RestRequest) -> HttpResponse:
        checks = check_readiness()
        failing = [name for name, state in checks.items() if state != "ok"]
        if failing:
            raise ServiceUnavailable(
                why=f"Not ready: {', '.join(failing)}.", checks=checks
            )
        return self.answer(HealthResource(status="ok", checks=checks))


class Metrics(ApiView):
    """GET /metrics: for operators, or for who knows METRICS_TOKEN."""

    operators = frozenset({"GET"})
    scopes: ClassVar[dict[str, Scope]] = {"GET": Scope.ADMIN}
    produces = None

    def initial(self, request: RestRequest, *args: Any, **kwargs: Any) -> None:
        if not _has_metrics_token(request):
            super().initial(request, *args, **kwargs)

    @documented(
        "Metrics for Prometheus",
        description="Also for who sends METRICS_TOKEN as the bearer token.",
        answers={200: Content("text/plain")},
    )
    def get(self, request: RestRequest) -> HttpResponse:
        return HttpResponse(generate_latest(registry()), content_type=METRICS_TYPE)


class OpenApiJson(OpenView):
    """GET /openapi.json."""

    hidden = True

    def get(self, request: RestRequest) -> HttpResponse:
        document = _openapi_json(settings.ROOT_URLCONF)
        return HttpResponse(document, content_type="application/json")


class OpenApiYaml(OpenView):
    """GET /openapi.yaml."""

    hidden = True
    produces = None

    def get(self, request: RestRequest) -> HttpResponse:
        document = _openapi_yaml(settings.ROOT_URLCONF)
        return HttpResponse(document, content_type="application/yaml")


class PageView(OpenView):
    """A page for people."""

    hidden = True
    produces = None

    def page(
        self, request: RestRequest, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        response = render(request._request, template, context)  # noqa: SLF001
        response["Content-Security-Policy"] = PAGE_POLICY
        return response


class SwaggerPage(PageView):
    """GET /docs."""

    def get(self, request: RestRequest) -> HttpResponse:
        return self.page(
            request,
            "api/swagger.html",
            {
                "document": "/openapi.json",
                "style": _asset("swagger-ui-dist/swagger-ui.css"),
                "script": _asset("swagger-ui-dist/swagger-ui-bundle.js"),
                "start": static("api/swagger.js"),
            },
        )


class RedocPage(PageView):
    """GET /redoc."""

    def get(self, request: RestRequest) -> HttpResponse:
        return self.page(
            request,
            "api/redoc.html",
            {
                "document": "/openapi.json",
                "style": static("api/pages.css"),
                "script": _asset("redoc/bundles/redoc.standalone.js"),
                "start": static("api/redoc.js"),
            },
        )


class ProblemList(PageView):
    """GET /problems/: every problem, in one table."""

    def get(self, request: RestRequest) -> HttpResponse:
        return self.page(
            request,
            "api/problems.html",
            {"style": static("api/pages.css"), "problems": EXPLANATIONS.values()},
        )


class ProblemPage(PageView):
    """GET /problems/{code}: what a problem's `type` leads to."""

    def get(self, request: RestRequest, code: str) -> HttpResponse:
        problem = EXPLANATIONS.get(code)
        if problem is None:
            raise NotFound
        return self.page(
            request,
            "api/problem.html",
            {"style": static("api/pages.css"), "problem": problem},
        )


def _asset(name: str) -> str:
    return static(f"drf_spectacular_sidecar/{name}")


def _has_metrics_token(request: RestRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.META.get("HTTP_AUTHORIZATION", "")
    # Without a token nothing matches, not even an empty one.
    return bool(token) and hmac.compare_digest(
        given.encode(errors="replace"), f"Bearer {token}".encode()
    )


# Writing it takes a moment, and it does not change while the process lives. By the
# URLs it describes, because tests bring their own.


@cache
def _openapi_document(urlconf: str) -> dict[str, Any]:
    generator = SchemaGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]
    document: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


@cache
def _openapi_json(urlconf: str) -> bytes:
    return orjson.dumps(_openapi_document(urlconf), default=str)


@cache
def _openapi_yaml(urlconf: str) -> str:
    plain = orjson.loads(_openapi_json(urlconf))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
