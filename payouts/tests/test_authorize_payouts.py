"""authorize_payouts: who may request, read, cancel, approve and resolve which ones."""

import pytest

from paycore.testing.problems import refusal_of
from payouts.tests.orders import (
    IN_REVIEW,
    PAYOUTS,
    at,
    order,
    send,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]

CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
# Who may not, whosever payout it is.
NOBODY = [("anonymous", 401), ("suspended ada", 403), ("suspended operator", 403)]
NO_WRITERS = [
    *NOBODY,
    ("suspended ada with payouts:write", 403),
    ("ada with accounts:read accounts:write transfers:write reports:read", 403),
    ("ada with webhooks:write", 403),
    ("operator with deposits:write reviews:write accounts:write", 403),
]
NO_READERS = [
    *NOBODY,
    ("suspended ada with accounts:read", 403),
    ("ada with payouts:write transfers:write accounts:write reports:read", 403),
    ("operator with reviews:write deposits:write", 403),
]
NO_REVIEWERS = [
    *NOBODY,
    ("ada", 403),
    ("mallory", 403),
    ("ada with payouts:write accounts:read", 403),
    ("suspended operator with reviews:write", 403),
    ("operator with payouts:write deposits:write accounts:read", 403),
    ("admin with payouts:write", 403),
]
WRITERS = ["ada", "ada with payouts:write", "operator", "operator with payouts:write"]
READERS = ["ada", "ada with accounts:read", "operator", "operator with accounts:read"]
REVIEWERS = ["operator", "operator with reviews:write", "operator with admin"]
ADMINS = ["admin", "admin with admin"]
STRANGERS = ["mallory", "grace"]


@pytest.mark.parametrize("who", [*WRITERS, *ADMINS])
def test_who_may_request(caller, who, ada_usd):
    assert send(caller(who), order(ada_usd)).status_code == 202


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *NO_WRITERS,
        ("mallory", 403),
        ("grace", 403),
        ("mallory with payouts:write", 403),
    ],
)
def test_who_may_not_request(caller, who, status, ada_usd, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = send(somebody, order(ada_usd))

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize("who", [*READERS, *ADMINS])
def test_who_may_read_one(caller, who, payout):
    assert caller(who).get(at(payout)).json()["id"] == str(payout.pk)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *NO_READERS,
        ("mallory", 404),
        ("grace", 404),
        ("mallory with accounts:read", 404),
    ],
)
def test_who_may_not_read_one(caller, who, status, payout):
    assert refusal_of(caller(who).get(at(payout))) == (status, CODES[status])


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("ada", {"ada's"}),
        ("ada with accounts:read", {"ada's"}),
        ("grace", {"grace's"}),
        ("mallory", set()),
        *((who, {"ada's", "grace's"}) for who in (*READERS[2:], *ADMINS)),
    ],
)
def test_who_finds_which_in_the_list(
    caller, who, seen, ada, grace, ada_usd, grace_usd, payout_of
):
    payout_of(ada, ada_usd, reference="ada's")
    payout_of(grace, grace_usd, reference="grace's")

    items = caller(who).get(PAYOUTS).json()["items"]

    assert {item["reference"] for item in items} == seen


@pytest.mark.parametrize(("who", "status"), NO_READERS)
def test_who_may_not_list(caller, who, status):
    assert refusal_of(caller(who).get(PAYOUTS)) == (status, CODES[status])


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_lists_by_an_account_of_others(caller, who, payout, ada_usd):
    response = caller(who).get(PAYOUTS, account_id=str(ada_usd.pk))

    assert refusal_of(response) == (404, "account_not_found")


@pytest.mark.parametrize("who", [*WRITERS, *ADMINS])
def test_who_may_cancel(caller, who, payout):
    response = caller(who).post(at(payout, "cancel"))

    assert (response.status_code, response.json()["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *NO_WRITERS,
        ("mallory", 404),
        ("grace", 404),
        ("mallory with payouts:write", 404),
    ],
)
def test_who_may_not_cancel(caller, who, status, payout, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(at(payout, "cancel"))

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize("who", [*REVIEWERS, *ADMINS])
def test_who_may_approve(caller, who, large):
    response = caller(who).post(at(large, "approve"))

    assert (response.status_code, response.json()["approval"]) == (200, "approved")


@pytest.mark.parametrize(("who", "status"), NO_REVIEWERS)
def test_who_may_not_approve(caller, who, status, large, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(at(large, "approve"))

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    "who", ["operator", "operator with accounts:read", "operator with admin", *ADMINS]
)
def test_who_may_list_those_in_review(caller, who, in_review):
    items = caller(who).get(IN_REVIEW).json()["items"]

    assert [item["id"] for item in items] == [str(in_review.pk)]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *NO_READERS,
        ("ada", 403),
        ("mallory", 403),
        ("ada with accounts:read", 403),
    ],
)
def test_who_may_not_list_those_in_review(caller, who, status, in_review):
    assert refusal_of(caller(who).get(IN_REVIEW)) == (status, CODES[status])


@pytest.mark.parametrize("who", [*REVIEWERS, *ADMINS])
@pytest.mark.parametrize(
    ("decision", "status"), [("confirm_sent", "completed"), ("refund_failed", "failed")]
)
def test_who_may_resolve(caller, who, in_review, decision, status):
    body = {"decision": decision, "reason": "r"}

    response = caller(who).post(at(in_review, "resolve"), body)

    assert (response.status_code, response.json()["status"]) == (200, status)


@pytest.mark.parametrize(("who", "status"), NO_REVIEWERS)
def test_who_may_not_resolve(caller, who, status, in_review, nothing_moves):
    somebody = caller(who)
    body = {"decision": "refund_failed", "reason": "r"}

    with nothing_moves():
        response = somebody.post(at(in_review, "resolve"), body)

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", PAYOUTS),
        ("delete", at("{0}")),
        ("post", at("{0}")),
        ("post", IN_REVIEW),
        *(("get", at("{0}", verb)) for verb in ("cancel", "approve", "resolve")),
    ],
)
def test_nobody_may_what_there_is_no_method_for(operator, payout, method, path):
    response = getattr(operator, method)(path.format(payout.pk))

    assert refusal_of(response) == (405, "method_not_allowed")
