"""account_statement ...: opening plus lines is closing, always."""

from datetime import timedelta
from decimal import Decimal

import pytest

from paycore.testing.problems import pointers_of, refusal_of

pytestmark = pytest.mark.django_db
JUST = timedelta(microseconds=1)


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def statement(ada, ada_usd):
    """The answer for ada's account."""

    def ask(start=None, end=None, **more):
        bounds = {"from": start, "to": end}
        query = {
            name: value if isinstance(value, str) else text(value)
            for name, value in bounds.items()
            if value is not None
        }
        response = ada.get(f"/v1/accounts/{ada_usd.pk}/statement", **query, **more)
        assert response.status_code == 200, response.content
        return response.json()

    return ask


@pytest.fixture
def moves(ada, grace, ada_usd, grace_usd, pay):
    """The instants of three movements: 10.00 out, 0.50 in, 20.00 out."""
    return [
        pay(ada, ada_usd, grace_usd, "10.00").created_at,
        pay(grace, grace_usd, ada_usd, "0.50").created_at,
        pay(ada, ada_usd, grace_usd, "20.00").created_at,
    ]


def summary(answer):
    lines = [
        f"{'+' if line['direction'] == 'credit' else '-'}{line['amount']}"
        for line in answer["lines"]
    ]
    return answer["opening_balance"], lines, answer["closing_balance"]


def test_has_the_account_and_its_bounds(ada, ada_usd, moves, statement):
    answer = statement(moves[0], moves[2])

    assert list(answer) == [
        "account",
        "from",
        "to",
        "opening_balance",
        "lines",
        "closing_balance",
        "currency",
    ]
    assert answer["account"] == ada.get(f"/v1/accounts/{ada_usd.pk}").json()
    assert (answer["from"], answer["to"]) == (text(moves[0]), text(moves[2]))
    assert answer["currency"] == "USD"


def test_has_entries_for_lines_oldest_first(ada, ada_usd, moves, statement):
    entries = ada.get(f"/v1/accounts/{ada_usd.pk}/entries").json()["items"]

    assert statement()["lines"] == entries[::-1]


def test_without_bounds_is_the_whole_story(moves, statement):
    assert summary(statement()) == (
        "0.00",
        ["+1000.00", "-10.00", "+0.50", "-20.00"],
        "970.50",
    )


def test_includes_from_and_not_to(moves, statement):
    first, second, third = moves

    assert summary(statement(first, third)) == (
        "1000.00",
        ["-10.00", "+0.50"],
        "990.50",
    )
    assert summary(statement(first + JUST, third + JUST)) == (
        "990.00",
        ["+0.50", "-20.00"],
        "970.50",
    )
    assert summary(statement(second, second + JUST)) == ("990.00", ["+0.50"], "990.50")


def test_with_one_bound_runs_to_the_other_end(moves, statement):
    assert summary(statement(start=moves[1])) == (
        "990.00",
        ["+0.50", "-20.00"],
        "970.50",
    )
    assert summary(statement(end=moves[1])) == (
        "0.00",
        ["+1000.00", "-10.00"],
        "990.00",
    )


def test_of_adjacent_times_fits_together(moves, statement):
    first = statement(end=moves[1])
    second = statement(moves[1], moves[2])
    third = statement(start=moves[2])

    assert first["closing_balance"] == second["opening_balance"]
    assert second["closing_balance"] == third["opening_balance"]
    lines = [*first["lines"], *second["lines"], *third["lines"]]
    assert lines == statement()["lines"]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_adds_up(moves, statement, count):
    start = moves[count] if count < 3 else moves[2] + JUST

    answer = statement(start)

    total = Decimal(answer["opening_balance"])
    for line in answer["lines"]:
        assert Decimal(line["balance_before"]) == total
        sign = 1 if line["direction"] == "credit" else -1
        total += sign * Decimal(line["amount"])
        assert Decimal(line["balance_after"]) == total
    assert answer["closing_balance"] == str(total)


def test_where_nothing_happened_is_empty(moves, statement):
    first, second, _ = moves

    for start, end, balance in [
        (first, first, "1000.00"),
        (first + JUST, second, "990.00"),
        ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", "0.00"),
        ("2999-01-01T00:00:00Z", "2999-01-02T00:00:00Z", "970.50"),
    ]:
        assert summary(statement(start, end)) == (balance, [], balance)


def test_before_the_account_was_opened_is_empty(moves, statement):
    answer = statement(end="2000-01-01T00:00:00Z")

    assert summary(answer) == ("0.00", [], "0.00")
    assert answer["from"] == answer["to"] == "2000-01-01T00:00:00.000000Z"


def test_from_the_future_is_empty(moves, statement):
    answer = statement(start="2999-01-01T00:00:00Z")

    assert summary(answer) == ("970.50", [], "970.50")
    assert answer["from"] <= answer["to"]


def test_of_a_new_account_is_empty(ada, account_of):
    account = account_of(ada, "JPY")

    answer = ada.get(f"/v1/accounts/{account.pk}/statement").json()

    assert summary(answer) == ("0", [], "0")
    assert answer["from"] == ada.get(f"/v1/accounts/{account.pk}").json()["created_at"]


@pytest.mark.parametrize("currency", ["JPY", "KWD", "BTC"])
def test_has_the_decimals_of_its_currency(ada, account_of, currency):
    holding = {"JPY": "1200", "KWD": "1.005", "BTC": "0.00000001"}[currency]
    account = account_of(ada, currency, holding)

    answer = ada.get(f"/v1/accounts/{account.pk}/statement").json()

    assert answer["closing_balance"] == answer["lines"][0]["amount"] == holding


def test_may_be_asked_for_as_json(statement):
    assert statement(format="json")["currency"] == "USD"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "/to"),
        ({"from": "yesterday"}, "/from"),
        ({"to": "2026-01-01"}, "/to"),
        ({"from": ""}, "/from"),
        ({"format": "xml"}, "/format"),
        ({"start": "2026-01-01T00:00:00Z"}, "/start"),
        ({"limit": "5"}, "/limit"),
    ],
)
def test_refuses_bad_bounds(ada, ada_usd, query, pointer):
    response = ada.get(f"/v1/accounts/{ada_usd.pk}/statement", **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]
