"""authorize_account_reading: who may read which account, and all that is below it."""

import pytest

from ledger.house import HousePurpose
from paycore.lib.ids import new_id
from paycore.testing.bookkeeping import house
from paycore.testing.problems import refusal_of

pytestmark = pytest.mark.django_db
PARTS = ["", "/balance", "/entries", "/statement"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "who",
    [
        "ada",
        "ada with accounts:read",
        "operator",
        "operator with accounts:read",
        "operator with admin",
        "admin",
    ],
)
def test_who_may(caller, who, part, ada_usd):
    response = caller(who).get(f"/v1/accounts/{ada_usd.pk}{part}")

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("anonymous", 401, "unauthenticated"),
        ("suspended ada", 403, "permission_denied"),
        ("suspended ada with accounts:read", 403, "permission_denied"),
        ("ada with accounts:write transfers:write", 403, "permission_denied"),
        ("operator with reviews:write deposits:write", 403, "permission_denied"),
        ("mallory", 404, "account_not_found"),
        ("mallory with accounts:read", 404, "account_not_found"),
        ("grace", 404, "account_not_found"),
    ],
)
def test_who_may_not(caller, who, status, code, part, ada_usd):
    response = caller(who).get(f"/v1/accounts/{ada_usd.pk}{part}")

    assert refusal_of(response) == (status, code)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("who", ["ada", "operator", "admin"])
def test_nobody_reads_what_is_not_there(caller, who, part, subtests):
    somebody = caller(who)
    for text in [
        "me",
        "7",
        "%00",
        "a%20b",
        "0" * 32,
        "x" * 500,
        "\u00fc",
        str(new_id()),
        # House accounts are no one's, and not reached from outside.
        str(house(HousePurpose.OPENING, "USD")),
    ]:
        with subtests.test(text=text):
            response = somebody.get(f"/v1/accounts/{text}{part}")

            assert refusal_of(response) == (404, "account_not_found")


@pytest.mark.parametrize("verb", ["freeze", "unfreeze", "close"])
def test_nobody_moves_the_house(admin, verb, nothing_moves):
    house_id = house(HousePurpose.OPENING, "USD")

    with nothing_moves():
        response = admin.post(f"/v1/accounts/{house_id}/{verb}", {"reason": "r"})

    assert refusal_of(response) == (404, "account_not_found")


def test_the_house_is_on_no_list(admin, ada_usd):
    items = admin.get("/v1/accounts").json()["items"]

    assert [item["id"] for item in items] == [str(ada_usd.pk)]


def test_an_unknown_parameter_is_judged_after_the_scope(caller, ada_usd):
    path = f"/v1/accounts/{ada_usd.pk}/balance"

    without = caller("ada with accounts:write").get(path, colour="red")
    stranger = caller("mallory").get(path, colour="red")

    assert refusal_of(without) == (403, "permission_denied")
    assert refusal_of(stranger) == (400, "invalid_input")
