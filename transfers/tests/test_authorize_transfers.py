"""authorize_transfers: who may order, list and read which transfers."""

import pytest

from paycore.testing.problems import refusal_of
from transfers.tests.orders import BATCH, INTERNAL, batch, order

pytestmark = pytest.mark.django_db

CODES = {401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
MAY_ORDER = [
    ("ada", 201),
    ("ada with transfers:write", 201),
    ("ada with transfers:write accounts:read", 201),
    ("operator", 201),
    ("operator with transfers:write", 201),
    ("operator with admin", 201),
    ("admin", 201),
    ("admin with admin", 201),
]
MAY_NOT_ORDER = [
    ("anonymous", 401),
    ("suspended ada", 403),
    ("suspended ada with transfers:write", 403),
    ("ada with accounts:read accounts:write payouts:write reports:read", 403),
    ("ada with webhooks:write", 403),
    ("operator with deposits:write reviews:write accounts:write", 403),
]
# Of a batch the request is right, and each item is refused.
STRANGERS = ["mallory", "mallory with transfers:write", "grace"]
MAY_READ = [
    ("ada", 200),
    ("ada with accounts:read", 200),
    ("grace", 200),
    ("grace with accounts:read", 200),
    ("operator", 200),
    ("operator with accounts:read", 200),
    ("operator with admin", 200),
    ("admin", 200),
]
MAY_NOT_READ = [
    ("anonymous", 401),
    ("suspended ada", 403),
    ("suspended grace with accounts:read", 403),
    ("ada with transfers:write accounts:write reports:read", 403),
    ("operator with reviews:write deposits:write", 403),
]


@pytest.mark.parametrize(("who", "status"), MAY_ORDER)
def test_who_may_order_one(caller, who, status, ada_usd, grace_usd, balance_of):
    response = caller(who).post(INTERNAL, order(ada_usd, grace_usd), key="k")

    assert response.status_code == status
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")


@pytest.mark.parametrize(
    ("who", "status"), [*MAY_NOT_ORDER, *((who, 403) for who in STRANGERS)]
)
def test_who_may_not_order_one(caller, who, status, ada_usd, grace_usd, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(INTERNAL, order(ada_usd, grace_usd), key="k")

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize("mode", ["atomic", "independent"])
@pytest.mark.parametrize(("who", "status"), MAY_ORDER)
def test_who_may_order_many(caller, who, status, mode, ada_usd, grace_usd, balance_of):
    item = order(ada_usd, grace_usd, "5.00")

    response = caller(who).post(BATCH, batch(item, item, mode=mode), key="k")

    assert (response.status_code, response.json()["completed"]) == (status, 2)
    assert (balance_of(ada_usd), balance_of(grace_usd)) == ("990.00", "60.00")


@pytest.mark.parametrize(
    ("who", "status"),
    MAY_NOT_ORDER,
)
def test_who_may_not_order_many(caller, who, status, ada_usd, grace_usd, nothing_moves):
    somebody = caller(who)

    with nothing_moves():
        response = somebody.post(BATCH, batch(order(ada_usd, grace_usd)), key="k")

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize("who", STRANGERS)
def test_whose_money_is_judged_item_by_item(
    caller, who, ada_usd, grace_usd, nothing_moves
):
    somebody = caller(who)
    item = order(ada_usd, grace_usd)

    with nothing_moves():
        independent = somebody.post(BATCH, batch(item), key="k")
        atomic = somebody.post(BATCH, batch(item, mode="atomic"), key="l")

    assert independent.status_code == 201
    assert refusal_of(atomic) == (422, "batch_refused")
    for response in (independent, atomic):
        [answer] = response.json()["items"]
        assert answer["error"]["code"] == "permission_denied"
        assert answer["error"]["status"] == 403


@pytest.mark.parametrize(("who", "status"), MAY_READ)
def test_who_may_read_one(caller, who, status, ada, ada_usd, grace_usd, pay):
    transfer = pay(ada, ada_usd, grace_usd, "10.00")

    response = caller(who).get(f"/v1/transfers/{transfer.pk}")

    assert (response.status_code, response.json()["id"]) == (status, str(transfer.pk))


@pytest.mark.parametrize(
    ("who", "status"),
    [*MAY_NOT_READ, ("mallory", 404), ("mallory with accounts:read", 404)],
)
def test_who_may_not_read_one(caller, who, status, ada, ada_usd, grace_usd, pay):
    transfer = pay(ada, ada_usd, grace_usd, "10.00")

    response = caller(who).get(f"/v1/transfers/{transfer.pk}")

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("ada", {"to grace", "to mallory"}),
        ("ada with accounts:read", {"to grace", "to mallory"}),
        ("grace", {"to grace"}),
        ("mallory", {"to mallory"}),
        ("operator", {"to grace", "to mallory"}),
        ("operator with accounts:read", {"to grace", "to mallory"}),
        ("admin", {"to grace", "to mallory"}),
    ],
)
def test_who_finds_which_in_the_list(
    caller, who, seen, ada, mallory, ada_usd, grace_usd, account_of, pay
):
    pay(ada, ada_usd, grace_usd, "10.00", description="to grace")
    pay(ada, ada_usd, account_of(mallory), "10.00", description="to mallory")

    response = caller(who).get("/v1/transfers", kind="internal")

    assert response.status_code == 200
    assert {item["description"] for item in response.json()["items"]} == seen


@pytest.mark.parametrize(("who", "status"), MAY_NOT_READ)
def test_who_may_not_list(caller, who, status):
    response = caller(who).get("/v1/transfers")

    assert refusal_of(response) == (status, CODES[status])


@pytest.mark.parametrize("who", ["mallory", "mallory with accounts:read", "grace"])
def test_nobody_lists_by_an_account_of_others(
    caller, who, ada, ada_usd, grace_usd, pay
):
    pay(ada, ada_usd, grace_usd, "10.00")

    response = caller(who).get("/v1/transfers", account_id=str(ada_usd.pk))

    assert refusal_of(response) == (404, "account_not_found")


@pytest.mark.parametrize("who", ["operator", "admin", "operator with accounts:read"])
def test_staff_list_by_any_account(caller, who, ada, ada_usd, grace_usd, pay):
    transfer = pay(ada, ada_usd, grace_usd, "10.00")

    response = caller(who).get(
        "/v1/transfers", account_id=str(ada_usd.pk), kind="internal"
    )

    assert [item["id"] for item in response.json()["items"]] == [str(transfer.pk)]
