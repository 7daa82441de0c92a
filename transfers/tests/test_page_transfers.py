"""page_transfers ...: a list read page by page is whole, and stays so meanwhile."""

import pytest

from paycore.testing.pages import ids_by_page
from paycore.testing.problems import pointers_of, refusal_of
from transfers.services import InternalOrder, Payer, create_internal_transfers

pytestmark = pytest.mark.django_db
LIST = "/v1/transfers"
ORDERS = [
    {},
    {"sort_order": "asc"},
    {"sort_by": "amount"},
    {"sort_by": "amount", "sort_order": "asc"},
]


@pytest.fixture
def many(ada, ada_usd, grace_usd, account_of):
    """Forty transfers of ada's: some back and forth, some of one instant, some of one
    amount, some between accounts that are both hers, some in yen.
    """
    savings = account_of(ada)
    yen, pocket = account_of(ada, "JPY", "1000"), account_of(ada, "JPY")
    for _ in range(4):
        create_internal_transfers(
            orders=[
                InternalOrder(ada_usd.pk, grace_usd.pk, "1.00"),
                InternalOrder(ada_usd.pk, grace_usd.pk, "2.00"),
                InternalOrder(grace_usd.pk, ada_usd.pk, "1.00"),
                InternalOrder(ada_usd.pk, savings.pk, "1.00"),
                InternalOrder(savings.pk, ada_usd.pk, "0.99"),
                InternalOrder(yen.pk, pocket.pk, "1"),
                InternalOrder(yen.pk, pocket.pk, "100"),
                InternalOrder(pocket.pk, yen.pk, "2"),
                InternalOrder(ada_usd.pk, savings.pk, "3.50"),
                InternalOrder(ada_usd.pk, grace_usd.pk, "100.00"),
            ],
            payer=Payer(ada.id, may_spend_from_any=True),
            origin=ada.origin,
        )


def pages(player, meanwhile=lambda: None, **query):
    return ids_by_page(player, LIST, meanwhile=meanwhile, **query)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 10, 40])
def test_shows_each_once_in_one_order(ada, many, order, limit):
    [whole] = pages(ada, kind="internal", limit=100, **order)

    parts = pages(ada, kind="internal", limit=limit, **order)

    assert len(whole) == len(set(whole)) == 40
    assert [one for page in parts for one in page] == whole
    assert [len(page) for page in parts] == [limit] * (40 // limit) + (
        [40 % limit] if 40 % limit else []
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("who", ["ada", "operator"])
def test_stays_whole_while_rows_are_added(
    request, who, ada, mallory, account_of, pay, many, order
):
    player = request.getfixturevalue(who)
    source, destination = account_of(ada, "USD", "9999.00"), account_of(mallory)
    [before] = pages(player, kind="internal", limit=100, **order)
    newer = iter(["0.01", "1.00", "1.50", "150.00"] * 3)

    def add_two():
        for amount in (next(newer, None), next(newer, None)):
            if amount is not None:
                pay(ada, source, destination, amount)

    parts = pages(player, add_two, kind="internal", limit=7, **order)

    seen = [one for page in parts for one in page]
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in set(before)] == before
    if not order:
        assert seen == before


@pytest.mark.parametrize("order", ORDERS)
def test_by_account_shows_each_once(ada, ada_usd, many, order):
    query = {"account_id": str(ada_usd.pk), "kind": "internal", **order}

    parts = pages(ada, limit=5, **query)

    seen = [one for page in parts for one in page]
    assert len(seen) == len(set(seen)) == 28


def test_of_equals_orders_by_id(ada, many):
    items = ada.get(LIST, kind="internal", limit=100).json()["items"]

    keys = [(item["created_at"], item["id"]) for item in items]
    assert keys == sorted(keys, reverse=True)
    assert len({moment for moment, _ in keys}) == 4


def test_by_amount_orders_by_value_then_id(ada, many):
    items = ada.get(
        LIST, kind="internal", limit=100, sort_by="amount", sort_order="asc"
    ).json()["items"]

    keys = [(float(item["amount"]), item["id"]) for item in items]
    assert keys == sorted(keys)


def test_has_fifty_items_unless_told(ada, ada_usd, grace_usd):
    create_internal_transfers(
        orders=[InternalOrder(ada_usd.pk, grace_usd.pk, "0.01")] * 51,
        payer=Payer(ada.id),
        origin=ada.origin,
    )

    assert [len(page) for page in pages(ada)] == [50, 2]


def test_ends_without_a_cursor_when_just_full(ada, many):
    answer = ada.get(LIST, kind="internal", limit=40).json()

    assert (len(answer["items"]), answer["next_cursor"]) == (40, None)


def test_lets_the_size_of_pages_change(ada, many):
    first = ada.get(LIST, limit=3).json()

    second = ada.get(LIST, limit=100, cursor=first["next_cursor"]).json()

    assert (len(first["items"]), len(second["items"])) == (3, 39)


@pytest.mark.parametrize(
    "other",
    [
        {"sort_order": "asc"},
        {"sort_by": "amount"},
        {"kind": "opening"},
        {"min_amount": "1"},
        {},
    ],
)
def test_takes_no_cursor_of_another_list(ada, many, other):
    cursor = ada.get(LIST, kind="internal", limit=5).json()["next_cursor"]

    response = ada.get(LIST, cursor=cursor, **other)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/cursor"]


def test_takes_no_cursor_of_another_path(ada, many, ada_usd):
    cursor = ada.get(LIST, limit=5).json()["next_cursor"]

    for path in ("/v1/accounts", f"/v1/accounts/{ada_usd.pk}/entries"):
        assert refusal_of(ada.get(path, cursor=cursor)) == (400, "invalid_input")


def test_takes_no_cursor_that_was_changed(ada, many):
    cursor = ada.get(LIST, limit=5).json()["next_cursor"]
    changed = [
        cursor[:-1],
        cursor + "A",
        cursor[1:],
        cursor.swapcase(),
        cursor[:20] + ("B" if cursor[20] != "B" else "C") + cursor[21:],
        cursor * 2,
    ]

    for text in changed:
        response = ada.get(LIST, limit=5, cursor=text)
        assert refusal_of(response) == (400, "invalid_input")
        assert pointers_of(response) == ["/cursor"]


def test_of_somebody_else_shows_nothing_of_ones_own(ada, mallory, many):
    cursor = ada.get(LIST, limit=5).json()["next_cursor"]

    response = mallory.get(LIST, limit=5, cursor=cursor)

    # A cursor is a place, not a permission.
    assert response.status_code in {200, 400}
    assert response.json().get("items", []) == []
