"""authorize_movements: who may order which."""

import pytest

from paycore.testing.problems import refusal_of
from transfers.tests.movements import purchase, refund_of, reversal_of, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]
CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
KINDS = ["exchange", "purchase", "refund", "reversal", "deposit"]
STAFF = ["operator", "admin", "admin with admin"]
MAY = {
    # Ada's money, and staff's to move.
    "exchange": ["ada", "ada with transfers:write", "operator with transfers:write"],
    "purchase": ["ada", "ada with transfers:write", "operator with transfers:write"],
    # Grace received it.
    "refund": ["grace", "grace with transfers:write", "operator with transfers:write"],
    "reversal": ["operator with transfers:write"],
    "deposit": ["operator with deposits:write"],
}
READS = "accounts:read accounts:write payouts:write reports:read"
MAY_NOT = {
    "exchange": [
        ("ada with " + READS, 403),
        ("operator with deposits:write reviews:write", 403),
        ("grace", 403),
        ("mallory", 403),
        ("mallory with transfers:write", 403),
    ],
    "purchase": [
        ("ada with " + READS, 403),
        ("operator with deposits:write reviews:write", 403),
        ("grace", 403),
        ("mallory", 403),
        ("mallory with transfers:write", 403),
    ],
    "refund": [
        ("grace with " + READS, 403),
        ("operator with deposits:write reviews:write", 403),
        # Who paid sees it, and may not.
        ("ada", 403),
        ("ada with transfers:write", 403),
        ("mallory", 404),
        ("mallory with transfers:write", 404),
    ],
    "reversal": [
        ("operator with deposits:write reviews:write accounts:write", 403),
        ("ada", 403),
        ("ada with transfers:write", 403),
        ("grace", 403),
        ("mallory", 403),
    ],
    "deposit": [
        ("operator with transfers:write accounts:write reviews:write", 403),
        ("ada", 403),
        ("ada with transfers:write", 403),
        ("mallory", 403),
    ],
}
NOBODY_MAY = [
    ("anonymous", 401),
    ("suspended ada", 403),
    ("suspended ada with transfers:write", 403),
    ("suspended grace", 403),
    ("suspended operator", 403),
]


@pytest.mark.parametrize(
    ("kind", "who"), [(kind, who) for kind in KINDS for who in [*MAY[kind], *STAFF]]
)
def test_who_may(caller, kind, who, orders):
    path, body = orders[kind]

    response = send(caller(who), path, body)

    assert (response.status_code, response.json()["kind"]) == (201, kind)


@pytest.mark.parametrize(
    ("kind", "who", "status"),
    [
        (kind, who, status)
        for kind in KINDS
        for who, status in [*MAY_NOT[kind], *NOBODY_MAY]
    ],
)
def test_who_may_not(caller, kind, who, status, orders, nothing_moves):
    path, body = orders[kind]
    somebody = caller(who)

    with nothing_moves():
        response = send(somebody, path, body)

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 201), ("ada", 403), ("grace", 404)]
)
def test_who_may_refund_what_the_house_has(caller, who, status, ada, ada_usd):
    original = purchase(ada, ada_usd, "10.00 USD")

    response = send(caller(who), refund_of(original), {"reason": "r"})

    assert response.status_code == status


@pytest.mark.parametrize(
    "who", ["admin", "admin with admin", "admin with transfers:write"]
)
def test_who_may_reverse_by_force(caller, who, paid):
    body = {"reason": "r", "force": True}

    assert send(caller(who), reversal_of(paid), body).status_code == 201


@pytest.mark.parametrize(
    "who",
    ["operator", "operator with transfers:write", "operator with admin", "grace"],
)
def test_who_may_not_reverse_by_force(caller, who, paid, nothing_moves):
    somebody = caller(who)
    body = {"reason": "r", "force": True}

    with nothing_moves():
        response = send(somebody, reversal_of(paid), body)

    assert refusal_of(response) == (403, "permission_denied")
