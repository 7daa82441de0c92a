"""What surrounds every request: its id, its log line, its duration, its errors."""

import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter
from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars

from paycore.api import problems
from paycore.lib import metrics
from paycore.lib.ids import new_id

SAFE_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}\Z")
LONGEST_LOGGED_KEY: Final = 255
KNOWN_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
)
PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

log = structlog.get_logger(__name__)


class RequestContext:
    """Gives a request its id, and writes down how it went."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        request_id = request_id_of(request)
        request.request_id = request_id  # type: ignore[attr-defined]
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        if key := request.META.get("HTTP_IDEMPOTENCY_KEY"):
            bind_contextvars(idempotency_key=key[:LONGEST_LOGGED_KEY])
        response = problems.as_document(request, self.get_response(request))
        response["X-Request-Id"] = request_id
        _write_down(request, response, perf_counter() - started)
        return response


def request_id_of(request: HttpRequest) -> str:
    """The caller's id for the request when it is safe to repeat, else a new one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if SAFE_REQUEST_ID.match(given) else str(new_id())


def route_of(request: HttpRequest) -> str:
    """The template of the request's path, e.g. `/v1/accounts/{account_id}`."""
    match = request.resolver_match
    return route_template(match.route) if match else "unmatched"


@lru_cache(maxsize=1024)
def route_template(route: str) -> str:
    return "/" + PARAMETER.sub(r"{\1}", route)


def _write_down(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    route = route_of(request)
    # Whatever a stranger calls a method must not become a time series.
    method = request.method if request.method in KNOWN_METHODS else "OTHER"
    metrics.HTTP_REQUEST_DURATION.labels(method, route, response.status_code).observe(
        seconds
    )
    log.info(
        "request",
        method=method,
        path=request.path,
        route=route,
        status=response.status_code,
        duration_ms=round(seconds * 1000, 3),
    )
