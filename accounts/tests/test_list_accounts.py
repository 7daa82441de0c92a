"""list_accounts ...: ones own, newest first."""

import pytest

from accounts.services import freeze_account
from paycore.testing.pages import ids_by_page
from paycore.testing.problems import pointers_of, refusal_of

pytestmark = pytest.mark.django_db
ACCOUNTS = "/v1/accounts"


@pytest.fixture
def cast_accounts(ada, grace, account_of):
    """Accounts by name: four of ada's, the last one frozen, and one of grace's."""
    accounts = {
        "dollars": account_of(ada, "USD", "5.00", external_id="d"),
        "euros": account_of(ada, "EUR"),
        "savings": account_of(ada, "USD", external_id="s"),
        "frozen": account_of(ada, "USD"),
        "grace's": account_of(grace, "USD", external_id="d"),
    }
    frozen = accounts["frozen"]
    freeze_account(account_id=frozen.pk, reason="r", origin=ada.origin)
    return accounts


@pytest.fixture
def names(cast_accounts):
    by_id = {str(account.pk): name for name, account in cast_accounts.items()}
    return lambda response: [by_id[item["id"]] for item in response.json()["items"]]


def test_shows_ones_own_newest_first(ada, names):
    assert names(ada.get(ACCOUNTS)) == ["frozen", "savings", "euros", "dollars"]


@pytest.mark.parametrize("who", ["operator", "admin", "operator with accounts:read"])
def test_shows_staff_everybodys(caller, who, names):
    assert names(caller(who).get(ACCOUNTS)) == [
        "grace's",
        "frozen",
        "savings",
        "euros",
        "dollars",
    ]


def test_shows_nothing_to_a_stranger(mallory, cast_accounts):
    assert mallory.get(ACCOUNTS).json() == {"items": [], "next_cursor": None}


def test_shows_items_as_the_account_itself(ada, cast_accounts):
    for item in ada.get(ACCOUNTS).json()["items"]:
        assert item == ada.get(f"{ACCOUNTS}/{item['id']}").json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"currency": "USD"}, ["frozen", "savings", "dollars"]),
        ({"currency": "EUR"}, ["euros"]),
        ({"currency": "JPY"}, []),
        ({"status": "active"}, ["savings", "euros", "dollars"]),
        ({"status": "frozen"}, ["frozen"]),
        ({"status": "closed"}, []),
        ({"external_id": "d"}, ["dollars"]),
        ({"external_id": "D"}, []),
        ({"external_id": "s", "currency": "USD", "status": "active"}, ["savings"]),
        ({"external_id": "s", "currency": "EUR"}, []),
    ],
)
def test_filters(ada, names, query, expected):
    assert names(ada.get(ACCOUNTS, **query)) == expected


def test_filters_everybodys_for_staff(operator, names):
    assert names(operator.get(ACCOUNTS, external_id="d")) == ["grace's", "dollars"]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_comes_in_pages_while_more_are_opened(ada, account_of, limit):
    before = [str(account_of(ada).pk) for _ in range(7)][::-1]

    parts = ids_by_page(ada, ACCOUNTS, meanwhile=lambda: account_of(ada), limit=limit)

    assert [one for page in parts for one in page] == before


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"currency": "usd"}, "/currency", "unsupported_currency"),
        ({"currency": "XXX"}, "/currency", "unsupported_currency"),
        ({"currency": ""}, "/currency", "unsupported_currency"),
        ({"status": "open"}, "/status", "invalid_input"),
        ({"status": ""}, "/status", "invalid_input"),
        ({"external_id": ""}, "/external_id", "invalid_input"),
        ({"external_id": "x" * 256}, "/external_id", "invalid_input"),
        ({"limit": "0"}, "/limit", "invalid_input"),
        ({"limit": "101"}, "/limit", "invalid_input"),
        ({"limit": "x"}, "/limit", "invalid_input"),
        ({"cursor": "x"}, "/cursor", "invalid_input"),
        ({"owner_id": "x"}, "/owner_id", "invalid_input"),
    ],
)
def test_refuses_what_is_no_filter(ada, query, pointer, code):
    response = ada.get(ACCOUNTS, **query)

    assert refusal_of(response) == (400, code)
    assert pointers_of(response) == [pointer]


def test_takes_no_cursor_of_another_filter(ada, cast_accounts):
    cursor = ada.get(ACCOUNTS, limit=1).json()["next_cursor"]

    response = ada.get(ACCOUNTS, limit=1, cursor=cursor, currency="USD")

    assert refusal_of(response) == (400, "invalid_input")
