"""Each request has an id, one log line and one observation of its duration."""

from uuid import UUID

import pytest
import structlog
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from paycore.api.middleware import route_template
from paycore.api.tests.conftest import ADA

pytestmark = pytest.mark.urls("paycore.api.tests.urls")


@pytest.mark.parametrize("given", ["a", "req-1", "A.b_c:d@e/f+g=h-1", "x" * 128])
def test_a_safe_id_is_kept(ada, given):
    assert ada.get("/health/live", **{"X-Request-Id": given})["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 129, "é", "<b>", "a\n", '"'])
def test_an_unsafe_id_is_replaced(ada, given):
    response = ada.get("/health/live", **{"X-Request-Id": given})

    assert UUID(response["X-Request-Id"]).version == 7


def test_two_requests_have_two_ids(ada):
    assert (
        ada.get("/health/live")["X-Request-Id"]
        != ada.get("/health/live")["X-Request-Id"]
    )


def test_writes_one_line(ada):
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        ada.get(
            "/v1/groups?limit=0&name=secret",
            **{"X-Request-Id": "r-1", "Idempotency-Key": "k-1"},
        )

    [line] = [line for line in lines if line["event"] == "request"]
    assert line.pop("duration_ms") > 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/v1/groups",
        "route": "/v1/groups",
        "status": 400,
        "request_id": "r-1",
        "idempotency_key": "k-1",
        "principal": f"user:{ADA}",
    }


def test_the_next_request_does_not_inherit_the_context(ada, nobody):
    ada.get("/v1/groups?limit=0", **{"Idempotency-Key": "k-1"})

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        nobody.get("/v1/groups")

    [line] = [line for line in lines if line["event"] == "request"]
    assert "principal" not in line
    assert "idempotency_key" not in line


def test_observes_the_duration_by_template_of_the_route(ada):
    labels = {"method": "GET", "route": "/v1/things/{thing_id}", "status": "404"}
    before = count_of(**labels)

    ada.get("/v1/things/1")
    ada.get("/v1/things/2")

    assert count_of(**labels) - before == 2


def test_strange_methods_and_paths_do_not_make_time_series(ada):
    labels = {"method": "OTHER", "route": "unmatched", "status": "404"}
    before = count_of(**labels)

    ada.client.generic("FROB", "/nowhere/1")
    ada.client.generic("NICATE", "/nowhere/2")

    assert count_of(**labels) - before == 2


@pytest.mark.parametrize(
    ("route", "template"),
    [
        ("", "/"),
        ("v1/accounts/<str:account_id>/balance", "/v1/accounts/{account_id}/balance"),
        ("v1/x/<x>/<uuid:y>", "/v1/x/{x}/{y}"),
    ],
)
def test_templates_of_routes(route, template):
    assert route_template(route) == template


def count_of(**labels):
    return REGISTRY.get_sample_value("http_request_duration_seconds_count", labels) or 0
