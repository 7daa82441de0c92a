"""list_transfers ...: filters and orders."""

from datetime import timedelta

import pytest

from paycore.lib.ids import new_id
from paycore.testing.problems import pointers_of, refusal_of

pytestmark = pytest.mark.django_db
LIST = "/v1/transfers"


@pytest.fixture
def story(ada, grace, ada_usd, grace_usd, grace_eur, account_of, pay):
    """Movements by name: those of ada, and one that she must not see."""
    ada_eur = account_of(ada, "EUR", "30.00")
    return {
        "rent": pay(ada, ada_usd, grace_usd, "100.00", reference="rent"),
        "lunch": pay(ada, ada_usd, grace_usd, "9.99", description="lunch"),
        "change": pay(grace, grace_usd, ada_usd, "0.01", reference="change"),
        "gift": pay(ada, ada_eur, grace_eur, "20.00"),
        "grace's": pay(grace, grace_usd, account_of(grace), "5.00"),
    }


@pytest.fixture
def names(story):
    """The names of the movements that a list shows, in its order."""
    by_id = {str(transfer.pk): name for name, transfer in story.items()}

    def read(response):
        assert response.status_code == 200, response.content
        return [
            by_id.get(item["id"], item["kind"]) for item in response.json()["items"]
        ]

    return read


def test_shows_ones_own_from_both_sides_newest_first(ada, names):
    assert names(ada.get(LIST)) == [
        "gift",
        "change",
        "lunch",
        "rent",
        "opening",
        "opening",
    ]


def test_shows_staff_everything(operator, names):
    assert names(operator.get(LIST, kind="internal")) == [
        "grace's",
        "gift",
        "change",
        "lunch",
        "rent",
    ]


def test_shows_nothing_to_a_stranger(mallory, story):
    response = mallory.get(LIST)

    assert response.json() == {"items": [], "next_cursor": None}


def test_shows_items_as_the_transfer_itself(ada, story):
    [item] = ada.get(LIST, reference="rent").json()["items"]

    assert item == ada.get(f"{LIST}/{story['rent'].pk}").json()


def test_shows_a_transfer_between_own_accounts_once(ada, ada_usd, account_of, pay):
    transfer = pay(ada, ada_usd, account_of(ada), "1.00")

    items = ada.get(LIST, kind="internal").json()["items"]

    assert [item["id"] for item in items] == [str(transfer.pk)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "internal"}, ["gift", "change", "lunch", "rent"]),
        ({"kind": "opening"}, ["opening", "opening"]),
        ({"kind": "purchase"}, []),
        (
            {"status": "completed", "kind": "internal"},
            ["gift", "change", "lunch", "rent"],
        ),
        ({"status": "pending"}, []),
        ({"status": "failed"}, []),
        ({"status": "reversed"}, []),
        ({"merchant_category": "groceries"}, []),
        ({"reference": "rent"}, ["rent"]),
        ({"reference": "change"}, ["change"]),
        ({"reference": "Rent"}, []),
        ({"min_amount": "20"}, ["gift", "rent", "opening", "opening"]),
        ({"min_amount": "20.00000001", "max_amount": "100"}, ["rent", "opening"]),
        ({"max_amount": "9.99"}, ["change", "lunch"]),
        ({"max_amount": "9.98999999"}, ["change"]),
        ({"min_amount": "0", "max_amount": "0.01"}, ["change"]),
        ({"max_amount": "0"}, []),
        ({"min_amount": "999999999999999.99999999"}, []),
        ({"min_amount": "9.99", "max_amount": "9.99"}, ["lunch"]),
        ({"reference": "rent", "min_amount": "100.01"}, []),
        (
            {"kind": "internal", "max_amount": "20", "min_amount": "1"},
            ["gift", "lunch"],
        ),
    ],
)
def test_filters(ada, names, query, expected):
    assert names(ada.get(LIST, **query)) == expected


def test_filters_by_account(ada, operator, ada_usd, names):
    query = {"account_id": str(ada_usd.pk)}

    for somebody in (ada, operator):
        assert names(somebody.get(LIST, **query)) == [
            "change",
            "lunch",
            "rent",
            "opening",
        ]
    assert names(ada.get(LIST, **query, kind="internal", max_amount="9")) == ["change"]


def test_filters_by_time_from_included_to_not(ada, story, names):
    def between(**bounds):
        query = {
            name: (moment.isoformat() if hasattr(moment, "isoformat") else moment)
            for name, moment in bounds.items()
        }
        return names(ada.get(LIST, kind="internal", **query))

    lunch, change = story["lunch"].created_at, story["change"].created_at
    just = timedelta(microseconds=1)

    assert between(created_from=lunch) == ["gift", "change", "lunch"]
    assert between(created_from=lunch + just) == ["gift", "change"]
    assert between(created_to=lunch) == ["rent"]
    assert between(created_to=lunch + just) == ["lunch", "rent"]
    assert between(created_from=lunch, created_to=change) == ["lunch"]
    assert between(created_from=lunch, created_to=lunch) == []
    assert between(created_from="1970-01-01T00:00:00Z", created_to=lunch) == ["rent"]
    assert between(created_from="9999-12-31T23:59:59Z") == []


def test_reads_instants_of_any_offset(ada, story, names):
    moment = story["lunch"].created_at
    text = (moment + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%f+02:00")

    assert names(ada.get(LIST, created_to=text, kind="internal")) == ["rent"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["gift", "change", "lunch", "rent"]),
        ({"sort_order": "desc"}, ["gift", "change", "lunch", "rent"]),
        ({"sort_order": "asc"}, ["rent", "lunch", "change", "gift"]),
        ({"sort_by": "created_at"}, ["gift", "change", "lunch", "rent"]),
        ({"sort_by": "amount"}, ["rent", "gift", "lunch", "change"]),
        (
            {"sort_by": "amount", "sort_order": "asc"},
            ["change", "lunch", "gift", "rent"],
        ),
    ],
)
def test_sorts(ada, names, query, expected):
    assert names(ada.get(LIST, kind="internal", **query)) == expected


def test_sorts_by_amount_across_currencies(ada, grace, account_of, pay):
    for currency, holding, amount in [
        ("JPY", "1200", "1200"),
        ("USD", "12.00", "11.99"),
        ("KWD", "12.000", "11.995"),
        ("BTC", "12.00000000", "11.99500001"),
        ("EUR", "0.01", "0.01"),
    ]:
        source = account_of(ada, currency, holding)
        pay(ada, source, account_of(grace, currency), amount)

    response = ada.get(LIST, sort_by="amount", kind="internal")

    assert [
        (item["amount"], item["currency"]) for item in response.json()["items"]
    ] == [
        ("1200", "JPY"),
        ("11.99500001", "BTC"),
        ("11.995", "KWD"),
        ("11.99", "USD"),
        ("0.01", "EUR"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account_id", "me"),
        ("account_id", ""),
        ("account_id", "0" * 32),
        ("kind", "Internal"),
        ("kind", ""),
        ("kind", "payout"),
        ("status", "done"),
        ("status", "COMPLETED"),
        ("merchant_category", ""),
        ("merchant_category", "x" * 101),
        ("reference", ""),
        ("reference", "x" * 256),
        ("created_from", "yesterday"),
        ("created_from", "2026-01-01"),
        ("created_from", "2026-01-01T00:00:00"),
        ("created_from", "2026-02-30T00:00:00Z"),
        ("created_from", "2026-01-01T25:00:00Z"),
        ("created_to", "1700000000"),
        ("created_to", "0000-01-01T00:00:00Z"),
        ("created_to", "9999-12-31T23:59:59-23:59"),
        ("created_to", ""),
        ("min_amount", "-1"),
        ("min_amount", "1e3"),
        ("min_amount", "NaN"),
        ("min_amount", ""),
        ("min_amount", "1.123456789"),
        ("max_amount", " 1"),
        ("max_amount", "\uff11"),
        ("sort_by", "id"),
        ("sort_by", "created_at; DROP TABLE transfers_transfer"),
        ("sort_order", "up"),
        ("sort_order", "ASC"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "1.0"),
        ("limit", "ten"),
        ("limit", ""),
        ("limit", "9" * 100),
        ("limit", "\u0661"),
        ("cursor", "x"),
        ("cursor", "a\0b"),
        ("cursor", "=" * 5000),
        ("colour", "red"),
        ("page", "2"),
    ],
)
def test_refuses_what_is_no_filter(ada, name, value):
    response = ada.get(LIST, **{name: value})

    status, code = refusal_of(response)
    assert status == 400
    assert code == ("invalid_amount" if "amount" in name else "invalid_input")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        (
            {
                "created_from": "2026-01-01T00:00:00.000001Z",
                "created_to": "2026-01-01T00:00:00Z",
            },
            "/created_to",
        ),
        ({"min_amount": "1.01", "max_amount": "1.00"}, "/max_amount"),
    ],
)
def test_refuses_reversed_bounds(ada, query, pointer):
    response = ada.get(LIST, **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]


def test_refuses_a_parameter_given_twice(ada):
    response = ada.client.get(f"{LIST}?limit=1&limit=2", headers=ada.headers)

    assert refusal_of(response) == (400, "invalid_input")


def test_knows_no_account_that_is_not_there(ada, operator):
    for somebody in (ada, operator):
        response = somebody.get(LIST, account_id=str(new_id()))
        assert refusal_of(response) == (404, "account_not_found")
