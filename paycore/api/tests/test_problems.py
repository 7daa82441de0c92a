"""Every error becomes a problem document of a known code, and a bug tells nothing."""

import json
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import redis
from django.core import exceptions as django_errors
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions as drf
from structlog.testing import capture_logs

from paycore.api import problems
from paycore.api.catalogue import EXPLANATIONS
from paycore.api.errors import (
    FieldError,
    HttpError,
    IdempotencyInProgress,
    RateLimited,
    ShapeErrors,
)
from paycore.api.tests import urls
from paycore.lib.errors import (
    DomainError,
    InvalidInput,
    Kind,
    ServiceUnavailable,
    Unauthenticated,
)
from paycore.testing.problems import refusal_of

pytestmark = pytest.mark.urls("paycore.api.tests.urls")


def subclasses_of(root):
    for child in root.__subclasses__():
        yield child
        yield from subclasses_of(child)


def coded_errors():
    found = [*subclasses_of(DomainError), *subclasses_of(HttpError)]
    return [error for error in found if ".tests." not in error.__module__]


def test_every_kind_of_refusal_has_a_status():
    assert problems.STATUS_BY_KIND == {
        Kind.INVALID: 400,
        Kind.UNAUTHENTICATED: 401,
        Kind.FORBIDDEN: 403,
        Kind.NOT_FOUND: 404,
        Kind.CONFLICT: 409,
        Kind.REFUSED: 422,
        Kind.UNAVAILABLE: 503,
    }
    assert set(problems.STATUS_BY_KIND) == set(Kind)


@pytest.mark.parametrize("error", coded_errors(), ids=lambda error: error.__name__)
def test_every_error_is_in_the_catalogue_with_its_status(error):
    explanation = EXPLANATIONS[error.code]

    if issubclass(error, DomainError):
        assert explanation.status == problems.STATUS_BY_KIND[error.kind]
    else:
        assert explanation.status == error.status


def test_codes_are_unique():
    codes = [error.code for error in coded_errors()]

    assert sorted(codes) == sorted(set(codes))


def test_the_catalogue_is_in_the_order_of_statuses():
    statuses = [explanation.status for explanation in EXPLANATIONS.values()]

    assert statuses == sorted(statuses)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (drf.NotAuthenticated(), "unauthenticated", 401),
        (drf.AuthenticationFailed(), "unauthenticated", 401),
        (drf.PermissionDenied(), "permission_denied", 403),
        (django_errors.PermissionDenied(), "permission_denied", 403),
        (drf.NotFound(), "not_found", 404),
        (Http404(), "not_found", 404),
        (drf.MethodNotAllowed("TRACE"), "method_not_allowed", 405),
        (drf.NotAcceptable(), "not_acceptable", 406),
        (drf.UnsupportedMediaType("x/y"), "unsupported_media_type", 415),
        (drf.Throttled(wait=3), "rate_limited", 429),
        (drf.ParseError(), "invalid_input", 400),
        (django_errors.BadRequest(), "invalid_input", 400),
        (django_errors.SuspiciousOperation(), "invalid_input", 400),
        (django_errors.DisallowedHost(), "invalid_input", 400),
        (django_errors.TooManyFieldsSent(), "invalid_input", 400),
        (django_errors.RequestDataTooBig(), "payload_too_large", 413),
        (OperationalError("password=hunter2"), "service_unavailable", 503),
        (InterfaceError("password=hunter2"), "service_unavailable", 503),
        (psycopg.OperationalError("password=hunter2"), "service_unavailable", 503),
        (redis.ConnectionError("password=hunter2"), "service_unavailable", 503),
        (redis.TimeoutError(), "service_unavailable", 503),
        (RuntimeError("password=hunter2"), "internal_error", 500),
        (KeyError("hunter2"), "internal_error", 500),
        (RecursionError("hunter2"), "internal_error", 500),
        (MemoryError("hunter2"), "internal_error", 500),
    ],
)
def test_translates_what_frameworks_raise(error, code, status):
    problem = problems.problem_of(error)

    assert (problem.code, problem.status) == (code, status)
    assert "hunter2" not in json.dumps(problem.document())


def test_an_error_of_the_domain_keeps_its_facts_and_hides_its_sentence_parts():
    refusal = urls.TestInsufficientBalance(
        available="1.00",
        required="2.00",
        currency="USD",
        account_id=UUID(int=1),
        at=datetime(2026, 1, 2, tzinfo=UTC),
    )

    document = json.loads(
        problems.render(
            problems.problem_document(refusal, request_id="r", instance="/x")
        )
    )

    assert document == {
        "type": "/problems/insufficient_balance",
        "title": "There is not enough money",
        "status": 422,
        "detail": "The account has 1.00 USD available, not 2.00.",
        "instance": "/x",
        "code": "insufficient_balance",
        "request_id": "r",
        "retryable": False,
        "errors": [],
        "available": "1.00",
        "required": "2.00",
        "currency": "USD",
        "account_id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-01-02T00:00:00Z",
    }


def test_facts_do_not_replace_what_the_document_says():
    problem = problems.problem_of(InvalidInput(why="No.", status=200, code="fine"))

    assert problem.document()["status"] == 400
    assert problem.document()["code"] == "invalid_input"
    assert "why" not in problem.document()


def test_a_pointer_of_the_domain_becomes_a_field_error():
    problem = problems.problem_of(InvalidInput(pointer="/owner_id", why="Not yours."))

    assert problem.errors == (FieldError("/owner_id", "invalid_input", "Not yours."),)


def test_all_faults_of_a_shape_are_told():
    faults = [
        FieldError("/b", "unsupported_currency", "No."),
        FieldError("/a", "invalid_amount", "Bad."),
    ]

    document = problems.problem_document(ShapeErrors(faults))

    assert document["code"] == "invalid_amount"
    assert document["detail"] == "/a: Bad."
    assert document["errors"] == [
        {"pointer": "/b", "code": "unsupported_currency", "detail": "No."},
        {"pointer": "/a", "code": "invalid_amount", "detail": "Bad."},
    ]


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (Unauthenticated(), "WWW-Authenticate", 'Bearer realm="paycore"'),
        (ServiceUnavailable(why="No."), "Retry-After", "1"),
        (IdempotencyInProgress(), "Retry-After", "1"),
        (RateLimited(headers={"Retry-After": "7"}), "Retry-After", "7"),
        (OperationalError(), "Retry-After", "1"),
    ],
)
def test_headers_that_a_status_demands(error, name, value):
    assert problems.problem_of(error).headers[name] == value


def test_what_may_succeed_later_says_so():
    retryable = {
        code: problems.problem_of(error).retryable
        for code, error in {
            "service_unavailable": ServiceUnavailable(why="No."),
            "idempotency_in_progress": IdempotencyInProgress(),
            "rate_limited": RateLimited(),
            "internal_error": RuntimeError(),
            "invalid_input": InvalidInput(why="No."),
            "insufficient_balance": urls.TestInsufficientBalance(
                available="1", required="2", currency="USD"
            ),
        }.items()
    }

    assert retryable == {
        "service_unavailable": True,
        "idempotency_in_progress": True,
        "rate_limited": True,
        "internal_error": True,
        "invalid_input": False,
        "insufficient_balance": False,
    }


def test_a_bug_is_logged_with_its_traceback_and_answered_without_it(nobody):
    urls.Failing.error = RuntimeError("the password is hunter2")

    with capture_logs() as lines:
        response = nobody.get("/v1/failing", **{"X-Request-Id": "r-1"})

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/internal_error",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "Something went wrong here; it was recorded under the request id.",
        "instance": "/v1/failing",
        "code": "internal_error",
        "request_id": "r-1",
        "retryable": True,
        "errors": [],
    }
    failures = [line for line in lines if line["event"] == "request_failed"]
    assert [line["exc_info"] for line in failures] == [urls.Failing.error]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "not_found"),
        ("/v1/orders/", 404, "not_found"),
        ("/v1/\x00", 404, "not_found"),
        ("/plain/failure", 500, "internal_error"),
        ("/plain/suspicion", 400, "invalid_input"),
        ("/v1/things/not-an-id", 404, "not_found"),
    ],
)
def test_errors_outside_of_our_views_are_problems_too(ada, path, status, code):
    response = ada.get(path)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.json()["request_id"] == response["X-Request-Id"]
    assert "hunter2" not in response.content.decode()


@pytest.mark.parametrize("path", ["/nowhere", "/plain/failure", "/plain/suspicion"])
def test_debugging_shows_no_pages_to_programs(ada, settings, path):
    settings.DEBUG = True

    response = ada.get(path)

    assert response["Content-Type"] == "application/problem+json"
    assert "hunter2" not in response.content.decode()


def test_a_bad_host_is_a_problem(ada, settings):
    settings.ALLOWED_HOSTS = ["paycore.example"]

    response = ada.get("/v1/nowhere", Host="evil.example")

    assert refusal_of(response) == (400, "invalid_input")
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "This server does not serve the host in Host."


def test_an_error_in_middleware_is_a_problem(ada, settings):
    settings.MIDDLEWARE = [
        "paycore.api.middleware.RequestContext",
        "paycore.api.tests.test_problems.failing_middleware",
    ]

    response = ada.get("/v1/failing")

    assert response.status_code == 503
    assert response["Retry-After"] == "1"
    assert response.json()["code"] == "service_unavailable"
    assert response["X-Request-Id"] == response.json()["request_id"]


def failing_middleware(get_response):
    def fail(request):
        raise OperationalError("the server is gone")

    return fail


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_takes_too_long_is_503(nobody):
    response = nobody.get("/v1/slow")

    assert response.status_code == 503
    assert response["Retry-After"] == "1"


def test_an_instance_is_a_valid_reference(ada):
    response = ada.get("/v1/é b")

    assert response.json()["instance"] == "/v1/%C3%A9%20b"


def test_the_list_of_problems_leads_to_each(nobody):
    page = nobody.get("/problems/").content.decode()

    for code in EXPLANATIONS:
        assert f'href="/problems/{code}"' in page


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_every_problem_has_a_page_for_anyone(nobody, code):
    response = nobody.get(f"/problems/{code}")

    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    page = response.content.decode()
    assert f"<code>{code}</code>" in page
    assert f"<dd>{EXPLANATIONS[code].status}</dd>" in page


def test_an_unknown_problem_has_no_page(nobody):
    assert nobody.get("/problems/nonsense").status_code == 404
