"""account_balance: now, and as of an instant."""

from datetime import timedelta

import pytest

from ledger.services import place_hold
from paycore.testing.bookkeeping import money
from paycore.testing.problems import pointers_of, refusal_of

pytestmark = pytest.mark.django_db
JUST = timedelta(microseconds=1)


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture
def balance(ada, ada_usd):
    """The answer for ada's account, as of an instant or now."""

    def ask(moment=None):
        query = {} if moment is None else {"as_of": moment}
        return ada.get(f"/v1/accounts/{ada_usd.pk}/balance", **query).json()

    return ask


def test_now(ada, ada_usd, balance):
    answer = balance()

    assert answer.pop("as_of").endswith("Z")
    assert answer == {
        "account_id": str(ada_usd.pk),
        "currency": "USD",
        "posted": "1000.00",
        "held": "0.00",
        "available": "1000.00",
    }


@pytest.mark.holds_without_an_owner
def test_tells_what_is_held(ada_usd, balance):
    place_hold(account_id=ada_usd.pk, amount=money("0.75 USD"), reason="r", owner="o")

    answer = balance()

    assert (answer["posted"], answer["held"], answer["available"]) == (
        "1000.00",
        "0.75",
        "999.25",
    )


@pytest.mark.parametrize(
    ("currency", "holding"),
    [("JPY", "1200"), ("KWD", "1.005"), ("BTC", "0.00000001")],
)
def test_has_the_decimals_of_its_currency(ada, account_of, currency, holding):
    account = account_of(ada, currency, holding)

    answer = ada.get(f"/v1/accounts/{account.pk}/balance").json()

    assert (answer["posted"], answer["currency"]) == (holding, currency)


def test_includes_postings_of_that_very_instant(ada, ada_usd, grace_usd, pay, balance):
    first = pay(ada, ada_usd, grace_usd, "1.00").created_at
    second = pay(ada, ada_usd, grace_usd, "2.00").created_at

    assert first < second
    assert balance(text(first - JUST))["posted"] == "1000.00"
    assert balance(text(first))["posted"] == "999.00"
    assert balance(text(second - JUST))["posted"] == "999.00"
    assert balance(text(second))["posted"] == "997.00"


def test_includes_all_of_several_at_one_instant(ada, ada_usd, grace_usd, balance):
    item = {
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "1.00",
    }
    body = {"mode": "atomic", "transfers": [item] * 5}
    answer = ada.post("/v1/transfers/batch", body, key="k").json()
    instants = {entry["transfer"]["created_at"] for entry in answer["items"]}

    [instant] = instants
    assert balance(instant)["posted"] == "995.00"


def test_of_the_past_tells_nothing_of_holds(ada, ada_usd, grace_usd, pay, balance):
    moment = text(pay(ada, ada_usd, grace_usd, "1.00").created_at)

    assert balance(moment) == {
        "account_id": str(ada_usd.pk),
        "currency": "USD",
        "posted": "999.00",
        "held": None,
        "available": None,
        "as_of": moment,
    }


@pytest.mark.parametrize(
    "moment", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2000-02-29T12:00:00Z"]
)
def test_before_the_first_posting_is_nothing(balance, moment):
    answer = balance(moment)

    assert (answer["posted"], answer["held"], answer["available"]) == (
        "0.00",
        None,
        None,
    )


@pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_of_the_future_is_that_of_now(balance, moment):
    answer = balance(moment)

    assert (answer["posted"], answer["held"], answer["available"]) == (
        "1000.00",
        "0.00",
        "1000.00",
    )
    assert answer["as_of"] == moment.replace("Z", ".000000Z")


def test_reads_instants_of_any_offset(ada, ada_usd, grace_usd, pay, balance):
    moment = pay(ada, ada_usd, grace_usd, "1.00").created_at
    pay(ada, ada_usd, grace_usd, "2.00")
    later = moment + timedelta(hours=5, minutes=30)

    answer = balance(later.strftime("%Y-%m-%dT%H:%M:%S.%f+05:30"))

    assert (answer["posted"], answer["as_of"]) == ("999.00", text(moment))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"as_of": ""}, "/as_of"),
        ({"as_of": "now"}, "/as_of"),
        ({"as_of": "2026-01-01"}, "/as_of"),
        ({"as_of": "2026-01-01T00:00:00"}, "/as_of"),
        ({"as_of": "2026-13-01T00:00:00Z"}, "/as_of"),
        ({"as_of": "9999-12-31T23:59:59-23:59"}, "/as_of"),
        ({"as_of": "1767225600"}, "/as_of"),
        ({"at": "2026-01-01T00:00:00Z"}, "/at"),
    ],
)
def test_refuses_what_is_no_instant(ada, ada_usd, query, pointer):
    response = ada.get(f"/v1/accounts/{ada_usd.pk}/balance", **query)

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == [pointer]
