"""Errors as HTTP: the only place where one becomes the other.

A refusal becomes the problem document (RFC 9457) of its code. Whatever else is raised
is a bug: it is logged with its traceback and answered as `internal_error`, which tells
nothing about the inside.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import redis.exceptions
import structlog
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.encoding import escape_uri_path
from django.views.defaults import page_not_found, permission_denied, server_error
from pydantic_core import to_json
from rest_framework import exceptions as drf

from paycore.api.catalogue import EXPLANATIONS
from paycore.api.errors import (
    FieldError,
    HttpError,
    IdempotencyInProgress,
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    PayloadTooLarge,
    RateLimited,
    ShapeErrors,
    UnsupportedMediaType,
)
from paycore.lib import db
from paycore.lib.errors import (
    DomainError,
    InvalidInput,
    Kind,
    NotFound,
    ServiceUnavailable,
    Unauthenticated,
)
from paycore.lib.errors import PermissionDenied as NotPermitted

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1
# Where a person reads a page; everywhere else a program reads a document.
HTML_PATHS: Final = ("/admin/", "/static/")

STATUS_BY_KIND: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.REFUSED: 422,
    Kind.UNAVAILABLE: 503,
}
# Facts that only fill the message, and names that the document has already.
HIDDEN_FACTS: Final = frozenset(
    {"why", "type", "title", "status", "detail", "instance", "code", "errors"}
    | {"request_id", "retryable"}
)
# What Django answers by itself, without an exception that we get to see.
ERROR_BY_STATUS: Final[Mapping[int, Callable[[], Exception]]] = {
    400: lambda: InvalidInput(why="The request is malformed."),
    403: lambda: NotPermitted(why="This is not allowed."),
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as the caller is told it."""

    code: str
    status: int
    detail: str
    retryable: bool = False
    errors: tuple[FieldError, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, *, instance: str = "", request_id: str = "") -> dict[str, Any]:
        """The members of the problem document, in their usual order."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": _title(self.code),
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "request_id": request_id,
            "retryable": self.retryable,
            "errors": [
                {"pointer": error.pointer, "code": error.code, "detail": error.detail}
                for error in self.errors
            ],
        }
        return document | dict(self.facts)


def problem_of(error: BaseException) -> Problem:
    """What to tell about an error. Anything unknown is `internal_error`."""
    error = _translate(error)
    if isinstance(error, ShapeErrors):
        return Problem(error.code, 400, error.detail, errors=error.errors)
    if isinstance(error, HttpError):
        return Problem(
            error.code,
            error.status,
            error.detail,
            retryable=error.retryable,
            headers=error.headers,
        )
    assert isinstance(error, DomainError)
    return _of_refusal(error)


def problem_document(
    error: BaseException, *, instance: str = "", request_id: str = ""
) -> dict[str, Any]:
    """A problem inside another document, such as that of a batch's item."""
    return problem_of(error).document(instance=instance, request_id=request_id)


def answer_error(error: BaseException, request: HttpRequest) -> HttpResponse:
    """The answer to a request that ended in this error."""
    problem = problem_of(error)
    if problem.status >= 500:
        _record(error, problem)
    return answer_problem(problem, request)


def answer_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """`EXCEPTION_HANDLER` of Django REST framework."""
    request = context["request"]
    return answer_error(error, getattr(request, "_request", request))


def answer_problem(problem: Problem, request: HttpRequest) -> HttpResponse:
    document = problem.document(
        instance=escape_uri_path(request.path),
        request_id=getattr(request, "request_id", ""),
    )
    response = HttpResponse(
        render(document), status=problem.status, content_type=CONTENT_TYPE
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response


def render(document: Mapping[str, Any]) -> bytes:
    # A fact may be anything; one that JSON does not know is shown as its text.
    return to_json(document, fallback=str)


def _of_refusal(error: DomainError) -> Problem:
    status = STATUS_BY_KIND[error.kind]
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="paycore"'
    if status == 503 or isinstance(error, IdempotencyInProgress):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    faults: tuple[FieldError, ...] = ()
    if error.pointer is not None:
        faults = (FieldError(error.pointer, error.code, error.detail),)
    return Problem(
        error.code,
        status,
        error.detail,
        retryable=error.retryable,
        errors=faults,
        facts={
            name: fact for name, fact in error.facts.items() if name not in HIDDEN_FACTS
        },
        headers=headers,
    )


def _title(code: str) -> str:
    explanation = EXPLANATIONS.get(code)
    return explanation.title if explanation else code.replace("_", " ").capitalize()


# The first class that fits decides, so the narrow ones come first.
_TRANSLATIONS: Final[
    tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], Exception]], ...]
] = (
    ((drf.NotAuthenticated, drf.AuthenticationFailed), lambda _: Unauthenticated()),
    (
        (drf.PermissionDenied, PermissionDenied),
        lambda _: NotPermitted(why="This is not allowed."),
    ),
    ((drf.NotFound, Http404), lambda _: NotFound()),
    ((drf.MethodNotAllowed,), lambda _: MethodNotAllowed()),
    ((drf.NotAcceptable,), lambda _: NotAcceptable()),
    ((drf.UnsupportedMediaType,), lambda _: UnsupportedMediaType()),
    (
        (drf.Throttled,),
        lambda error: RateLimited(headers={"Retry-After": f"{error.wait or 1:.0f}"}),
    ),
    ((drf.ParseError,), lambda _: InvalidInput(why="The request is malformed.")),
    ((RequestDataTooBig,), lambda _: PayloadTooLarge()),
    (
        (DisallowedHost,),
        lambda _: InvalidInput(why="This server does not serve the host in Host."),
    ),
    (
        (SuspiciousOperation, BadRequest, UnreadablePostError),
        lambda _: InvalidInput(why="The request is malformed."),
    ),
    (
        (OperationalError, InterfaceError, psycopg.OperationalError),
        lambda _: ServiceUnavailable(why="The database did not answer in time."),
    ),
    (
        (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError),
        lambda _: ServiceUnavailable(why="The message broker did not answer in time."),
    ),
)


def _translate(error: BaseException) -> BaseException:
    if isinstance(error, DomainError | HttpError | ShapeErrors):
        return error
    for classes, translation in _TRANSLATIONS:
        if isinstance(error, classes):
            return translation(error)
    return InternalError()


def _record(error: BaseException, problem: Problem) -> None:
    if problem.status == 500:
        log.error("request_failed", exc_info=error)
    else:
        log.warning(
            "dependency_unavailable",
            code=problem.code,
            error=type(error).__name__,
            sql_state=db.sql_state(error),
        )


# What Django calls outside of our views: unknown paths, bad hosts, middleware.
# `paycore.urls` names these as handler400, handler403, handler404 and handler500.


def handle_400(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer_error(exception, request)


def handle_403(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(HTML_PATHS):
        return permission_denied(request, exception)
    return answer_error(exception, request)


def handle_404(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(HTML_PATHS):
        return page_not_found(request, exception)
    return answer_error(exception, request)


def handle_500(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(HTML_PATHS):
        return server_error(request)
    # Django calls this while it handles the error, but does not hand it over. It logs
    # the traceback itself.
    error = sys.exception() or InternalError()
    return answer_problem(problem_of(error), request)


def as_document(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer itself, or a document in place of a page that Django made.

    Django renders some errors without asking any handler: all of them when DEBUG is
    on, and those of its own middleware and static files.
    """
    if (
        response.status_code < 400
        or response.get("Content-Type", "").startswith(CONTENT_TYPE)
        or request.path.startswith(HTML_PATHS)
        or getattr(response, "is_page", False)
    ):
        return response
    make_error = ERROR_BY_STATUS.get(response.status_code, InternalError)
    return answer_problem(problem_of(make_error()), request)
