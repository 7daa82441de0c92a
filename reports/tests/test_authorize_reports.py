"""authorize_reports: who may see whose numbers."""

import pytest

from paycore.lib.ids import new_id
from paycore.testing.problems import refusal_of
from reports.tests.stage import SPENDING, spend

pytestmark = pytest.mark.django_db

RISK = "/v1/analytics/risk"
CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
MAY_NOT_READ = [
    ("anonymous", 401),
    ("suspended ada", 403),
    ("suspended ada with reports:read", 403),
    ("ada with accounts:read accounts:write transfers:write webhooks:write", 403),
    ("operator with reviews:write accounts:read", 403),
]


@pytest.fixture(autouse=True)
def _everybody_spends(ada, grace, ada_usd, grace_usd):
    spend(ada, ada_usd, "1.00")
    spend(grace, grace_usd, "2.00")


@pytest.mark.parametrize(
    ("who", "whose", "total"),
    [
        ("ada", None, "1.00"),
        ("ada", "ada", "1.00"),
        ("ada with reports:read", None, "1.00"),
        ("ada with reports:read", "ada", "1.00"),
        ("grace", None, "2.00"),
        ("mallory", None, "0.00"),
        ("operator", None, "3.00"),
        ("operator", "ada", "1.00"),
        ("operator", "operator", "0.00"),
        ("operator with reports:read", None, "3.00"),
        ("operator with reports:read", "grace", "2.00"),
        ("operator with admin", "grace", "2.00"),
        ("admin", None, "3.00"),
        ("admin", "ada", "1.00"),
    ],
)
def test_who_sees_what_was_spent(request, caller, who, whose, total):
    query = whose and {"user_id": str(request.getfixturevalue(whose).id)}

    response = caller(who).get(SPENDING, **(query or {}))

    assert (response.status_code, response.json()["total"]) == (200, total)


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [
        *((who, None, status) for who, status in MAY_NOT_READ),
        ("ada", "grace", 404),
        ("ada with reports:read", "grace", 404),
        ("mallory", "ada", 404),
        ("mallory", "operator", 404),
        ("ada", "nobody", 404),
        ("operator", "nobody", 404),
        ("admin", "nobody", 404),
    ],
)
def test_who_does_not_see_what_was_spent(request, caller, who, whose, status):
    query = {}
    if whose == "nobody":
        query["user_id"] = str(new_id())
    elif whose:
        query["user_id"] = str(request.getfixturevalue(whose).id)

    response = caller(who).get(SPENDING, **query)

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    "who", ["operator", "operator with reports:read", "operator with admin", "admin"]
)
def test_who_sees_the_risk(caller, who):
    assert caller(who).get(RISK).status_code == 200


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *MAY_NOT_READ,
        ("ada", 403),
        ("ada with reports:read", 403),
        ("mallory", 403),
    ],
)
def test_who_does_not_see_the_risk(caller, who, status):
    assert refusal_of(caller(who).get(RISK)) == (status, CODES[status])
