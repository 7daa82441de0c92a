"""Statements of the database per request: few, and as many for many as for one.

Pinned exactly. More is a query that crept in; fewer is worth a smile and a new number.
"""

import pytest

from paycore.testing.statements import statements_of
from transfers.tests.orders import BATCH, INTERNAL, batch, order

pytestmark = pytest.mark.django_db

# In a test the transaction of a request is a savepoint of the test's.
ONE_TRANSFER = [
    "SELECT accounts_user",
    "SAVEPOINT",
    "INSERT api_idempotencykey",
    "SELECT accounts_account",
    "SELECT ledger_ledgeraccount",
    "INSERT ledger_journalentry",
    "INSERT ledger_posting",
    "UPDATE ledger_ledgeraccount",
    "INSERT transfers_transfer",
    "INSERT events_event",
    "UPDATE api_idempotencykey",
    "RELEASE SAVEPOINT",
]


@pytest.fixture(autouse=True)
def _warm(ada, ada_usd, grace_usd):
    # What is asked once per process is no matter of the request.
    ada.post(INTERNAL, order(ada_usd, grace_usd, "0.01"), key="warm")


def test_of_one_transfer(ada, ada_usd, grace_usd):
    body = order(ada_usd, grace_usd, "1.00", currency="USD")

    asked = statements_of(lambda: ada.post(INTERNAL, body, key="k"))

    assert asked == ONE_TRANSFER


def test_of_one_transfer_with_a_reference(ada, ada_usd, grace_usd):
    body = order(ada_usd, grace_usd, "1.00", reference="r")

    asked = statements_of(lambda: ada.post(INTERNAL, body, key="k"))

    assert asked == [
        *ONE_TRANSFER[:5],
        "SELECT transfers_transfer",
        *ONE_TRANSFER[5:],
    ]


@pytest.mark.parametrize("mode", ["independent", "atomic"])
@pytest.mark.parametrize("size", [1, 1000])
def test_of_a_batch_of_any_size(ada, ada_usd, grace_usd, account_of, mode, size):
    savings = account_of(ada)
    items = [
        order(ada_usd, (grace_usd, savings)[number % 2], "0.10")
        for number in range(size)
    ]
    body = batch(*items, mode=mode)

    asked = statements_of(lambda: ada.post(BATCH, body, key="k"))

    assert asked == ONE_TRANSFER


def test_of_a_batch_with_a_thousand_references(ada, ada_usd, grace_usd):
    items = [
        order(ada_usd, grace_usd, "0.10", reference=f"r{number}")
        for number in range(1000)
    ]

    asked = statements_of(lambda: ada.post(BATCH, batch(*items), key="k"))

    assert len(asked) == len(ONE_TRANSFER) + 1


def test_of_a_replay(ada, ada_usd, grace_usd):
    body = order(ada_usd, grace_usd, "1.00")
    ada.post(INTERNAL, body, key="k")

    asked = statements_of(lambda: ada.post(INTERNAL, body, key="k"))

    assert asked == [
        "SELECT accounts_user",
        "SAVEPOINT",
        "INSERT api_idempotencykey",
        "SELECT api_idempotencykey",
        "RELEASE SAVEPOINT",
    ]


@pytest.mark.parametrize(
    ("path", "tables"),
    [
        ("/v1/transfers", ["transfers_transfer"]),
        ("/v1/transfers?sort_by=amount", ["transfers_transfer"]),
        ("/v1/transfers?account_id={0}", ["accounts_account", "transfers_transfer"]),
        ("/v1/transfers/{1}", ["transfers_transfer"]),
        ("/v1/accounts", ["accounts_account"]),
        ("/v1/accounts/{0}", ["accounts_account"]),
        ("/v1/accounts/{0}/balance", ["accounts_account"]),
        ("/v1/accounts/{0}/entries", ["accounts_account", "ledger_posting"]),
        ("/v1/accounts/{0}/statement", ["accounts_account", "ledger_posting"]),
    ],
)
@pytest.mark.parametrize("who", ["ada", "operator"])
def test_of_reading(
    caller, who, path, tables, ada, ada_usd, grace_usd, pay, account_of
):
    for _ in range(4):
        pay(ada, ada_usd, grace_usd, "1.00")
    transfer = pay(ada, ada_usd, grace_usd, "1.00")
    account_of(ada, "EUR", "5.00")
    somebody = caller(who)
    if who == "operator" and tables[-1] == "transfers_transfer":
        # What was thought of them, which nobody else is shown.
        tables = [*tables, "risk_assessment"]

    asked = statements_of(lambda: somebody.get(path.format(ada_usd.pk, transfer.pk)))

    assert asked == ["SELECT accounts_user", *(f"SELECT {table}" for table in tables)]
