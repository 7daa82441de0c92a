"""account_entries ...: the postings of an account, newest first."""

from itertools import pairwise
from uuid import UUID

import pytest

from paycore.testing.pages import ids_by_page
from paycore.testing.problems import pointers_of, refusal_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(ada, ada_usd):
    """The items of ada's account."""

    def ask(**query):
        return ada.get(f"/v1/accounts/{ada_usd.pk}/entries", **query).json()["items"]

    return ask


def test_show_each_side_of_a_transfer(ada, grace, ada_usd, grace_usd, pay, entries):
    transfer = pay(
        ada, ada_usd, grace_usd, "150.75", reference="rent", description="Rent"
    )

    mine = entries()[0]
    hers = grace.get(f"/v1/accounts/{grace_usd.pk}/entries").json()["items"][0]

    both = {
        "journal_entry_id": str(transfer.journal_entry_id),
        "kind": "internal",
        "amount": "150.75",
        "currency": "USD",
        "description": "Rent",
        "reference": "rent",
        "transfer_id": str(transfer.pk),
        "payout_id": None,
        "created_at": transfer.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    ids = {UUID(mine.pop("id")), UUID(hers.pop("id"))}
    assert [one.version for one in ids] == [7, 7]
    assert mine == both | {
        "direction": "debit",
        "balance_before": "1000.00",
        "balance_after": "849.25",
    }
    assert hers == both | {
        "direction": "credit",
        "balance_before": "50.00",
        "balance_after": "200.75",
    }


def test_show_the_opening_balance(entries):
    [opening] = entries()

    assert {
        name: opening[name]
        for name in ("kind", "direction", "amount", "balance_before", "balance_after")
    } == {
        "kind": "opening",
        "direction": "credit",
        "amount": "1000.00",
        "balance_before": "0.00",
        "balance_after": "1000.00",
    }


def test_of_an_empty_account_are_none(ada, account_of):
    response = ada.get(f"/v1/accounts/{account_of(ada).pk}/entries")

    assert response.json() == {"items": [], "next_cursor": None}


def test_follow_each_other(ada, grace, ada_usd, grace_usd, pay, entries):
    for amount in ("1.00", "2.00", "3.00"):
        pay(ada, ada_usd, grace_usd, amount)
        pay(grace, grace_usd, ada_usd, "0.50")

    items = entries()

    assert len(items) == 7
    for newer, older in pairwise(items):
        assert newer["balance_before"] == older["balance_after"]
        assert newer["created_at"] > older["created_at"]
        assert newer["id"] > older["id"]
    assert items[0]["balance_after"] == "995.50"


@pytest.mark.parametrize("limit", [1, 4, 100])
def test_come_in_pages_while_more_are_added(
    ada, ada_usd, grace_usd, pay, entries, limit
):
    path = f"/v1/accounts/{ada_usd.pk}/entries"
    item = {
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "1.00",
    }
    # All of one instant, so that only their ids tell them apart.
    body = {"mode": "atomic", "transfers": [item] * 9}
    ada.post("/v1/transfers/batch", body, key="k")
    before = [one["id"] for one in entries()]

    parts = ids_by_page(
        ada,
        path,
        meanwhile=lambda: pay(ada, ada_usd, grace_usd, "0.01"),
        limit=limit,
    )

    seen = [one for page in parts for one in page]
    assert seen == before
    assert len(seen) == 10


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": "0"}, "/limit"),
        ({"limit": "101"}, "/limit"),
        ({"cursor": "x"}, "/cursor"),
        ({"kind": "internal"}, "/kind"),
    ],
)
def test_refuse_what_is_no_parameter(ada, ada_usd, query, pointer):
    response = ada.get(f"/v1/accounts/{ada_usd.pk}/entries", **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]


def test_take_no_cursor_of_another_account(ada, ada_usd, account_of, pay):
    other = account_of(ada, "USD", "1.00")
    pay(ada, ada_usd, other, "1.00")
    answer = ada.get(f"/v1/accounts/{ada_usd.pk}/entries", limit=1).json()

    response = ada.get(f"/v1/accounts/{other.pk}/entries", cursor=answer["next_cursor"])

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/cursor"]
