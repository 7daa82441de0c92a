"""refuse_malformed_reports: 400, naming the parameter."""

import pytest

from paycore.testing.problems import pointers_of, refusal_of
from reports.tests.stage import SPENDING, spend

pytestmark = pytest.mark.django_db

RISK = "/v1/analytics/risk"
PERIODS = [
    ({"from": "yesterday"}, ["/from"]),
    ({"from": "2026-05-01"}, ["/from"]),
    ({"from": "2026-05-01T00:00:00"}, ["/from"]),
    ({"to": "2026-02-30T00:00:00Z"}, ["/to"]),
    ({"from": ""}, ["/from"]),
    ({"from": "2026-05-02T00:00:00Z", "to": "2026-05-01T00:00:00Z"}, ["/to"]),
    ({"from": "2025-01-01T00:00:00Z", "to": "2026-01-04T00:00:00Z"}, ["/from"]),
    ({"from": "2000-01-01T00:00:00Z"}, ["/from"]),
    ({"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}, ["/from"]),
    ({"start": "2026-05-01T00:00:00Z"}, ["/start"]),
]


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        *PERIODS,
        ({"group_by": "year"}, ["/group_by"]),
        ({"group_by": ""}, ["/group_by"]),
        ({"user_id": "ada"}, ["/user_id"]),
        ({"user_id": ""}, ["/user_id"]),
        ({"limit": "5"}, ["/limit"]),
        ({"group_by": "year", "user_id": "x"}, ["/user_id", "/group_by"]),
    ],
)
def test_of_spending(ada, query, pointers):
    response = ada.get(SPENDING, **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == pointers


@pytest.mark.parametrize("code", ["", "usd", "XXX", "DOGE", "USD "])
def test_of_currencies(ada, code):
    response = ada.get(SPENDING, currency=code)

    assert refusal_of(response) == (400, "unsupported_currency")
    assert pointers_of(response) == ["/currency"]


@pytest.mark.parametrize(
    ("query", "pointers"), [*PERIODS, ({"user_id": "x"}, ["/user_id"])]
)
def test_of_risk(operator, query, pointers):
    response = operator.get(RISK, **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == pointers


def test_judges_the_shape_before_what_is_named(ada, grace):
    response = ada.get(SPENDING, user_id=str(grace.id), group_by="year")

    assert refusal_of(response) == (400, "invalid_input")


@pytest.mark.parametrize(
    "query",
    [
        {"to": "0001-01-01T00:00:00Z"},
        {"to": "0001-02-01T00:00:00+14:00"},
        {"from": "0001-01-01T00:00:00Z", "to": "0001-12-01T00:00:00Z"},
        {"from": "9999-01-01T00:00:00Z"},
        {"from": "9999-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
        {"from": "2026-01-01T00:00:00Z", "to": "2027-01-02T00:00:00Z"},
        {"from": "2026-05-01T02:00:00+02:00", "to": "2026-05-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("path", [SPENDING, RISK])
def test_not_of_any_period_that_there_is(operator, ada, ada_usd, path, query):
    spend(ada, ada_usd, "1.00")

    assert operator.get(path, **query).status_code == 200


@pytest.mark.parametrize("method", ["post", "delete"])
@pytest.mark.parametrize("path", [SPENDING, RISK])
def test_of_methods(operator, path, method):
    assert refusal_of(getattr(operator, method)(path)) == (405, "method_not_allowed")
