"""Statements of the database per request: few, and as many for many as for one.

Pinned exactly. More is a query that crept in; fewer is worth a smile and a new number.
"""

import pytest

from paycore.testing.statements import statements_of
from payouts.models import Payout
from payouts.tests.orders import IN_REVIEW, PAYOUTS, at, order, request_by
from payouts.tests.working import put_off, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]

# What risk thinks of a payment.
RISK = [
    "SELECT risk_rulesetting",
    "SELECT risk_assessment",
    "SELECT fx_rate",
    "INSERT risk_assessment",
]
# In a test the transaction of a request is a savepoint of the test's.
ONE_PAYOUT = [
    "SELECT accounts_user",
    "SAVEPOINT",
    "INSERT api_idempotencykey",
    "SELECT accounts_account",
    "SELECT ledger_ledgeraccount",
    *RISK,
    "INSERT ledger_hold",
    "UPDATE ledger_ledgeraccount",
    # Whether it is above the threshold of approval.
    "SELECT fx_rate",
    "INSERT payouts_payout",
    "INSERT events_event",
    "UPDATE api_idempotencykey",
    "RELEASE SAVEPOINT",
]


@pytest.fixture(autouse=True)
def _warm(ada, ada_usd):
    # What is asked once per process is no matter of the request.
    ada.post(PAYOUTS, order(ada_usd, "0.01"), key="warm")


def test_of_one_payout(ada, ada_usd):
    body = order(ada_usd, "1.00")

    asked = statements_of(lambda: ada.post(PAYOUTS, body, key="k"))

    assert asked == ONE_PAYOUT


def test_of_one_payout_with_a_reference(ada, ada_usd):
    body = order(ada_usd, "1.00", reference="r")

    asked = statements_of(lambda: ada.post(PAYOUTS, body, key="k"))

    assert asked == [*ONE_PAYOUT[:4], "SELECT payouts_payout", *ONE_PAYOUT[4:]]


def test_of_one_payout_in_the_currency_of_the_threshold(ada, account_of):
    body = order(account_of(ada, "MYR", "10.00"))

    asked = statements_of(lambda: ada.post(PAYOUTS, body, key="k"))

    place = ONE_PAYOUT.index("INSERT payouts_payout")
    assert asked == [*ONE_PAYOUT[: place - 1], *ONE_PAYOUT[place:]]


def test_of_a_replay(ada, ada_usd):
    body = order(ada_usd, "1.00")
    ada.post(PAYOUTS, body, key="k")

    asked = statements_of(lambda: ada.post(PAYOUTS, body, key="k"))

    assert asked == [
        "SELECT accounts_user",
        "SAVEPOINT",
        "INSERT api_idempotencykey",
        "SELECT api_idempotencykey",
        "RELEASE SAVEPOINT",
    ]


def test_of_a_cancellation(ada, payout):
    asked = statements_of(lambda: ada.post(at(payout, "cancel"), {"reason": "r"}))

    assert asked == [
        "SELECT accounts_user",
        "SAVEPOINT",
        "SELECT payouts_payout",
        "SELECT ledger_hold",
        "SELECT ledger_ledgeraccount",
        "UPDATE ledger_hold",
        "UPDATE ledger_ledgeraccount",
        "UPDATE payouts_payout",
        "UPDATE risk_assessment",
        "INSERT events_event",
        "RELEASE SAVEPOINT",
    ]


def test_of_an_approval(operator, large):
    asked = statements_of(lambda: operator.post(at(large, "approve")))

    assert asked == [
        "SELECT accounts_user",
        "SAVEPOINT",
        "SELECT payouts_payout",
        "UPDATE payouts_payout",
        "INSERT events_event",
        "SELECT risk_assessment",
        "RELEASE SAVEPOINT",
    ]


@pytest.mark.parametrize(
    ("path", "tables"),
    [
        (PAYOUTS, ["payouts_payout"]),
        (f"{PAYOUTS}?status=pending", ["payouts_payout"]),
        (f"{PAYOUTS}?account_id={{0}}", ["accounts_account", "payouts_payout"]),
        (at("{1}"), ["payouts_payout"]),
    ],
)
@pytest.mark.parametrize("who", ["ada", "operator"])
def test_of_reading(caller, who, path, tables, ada, ada_usd):
    payouts = [request_by(ada, ada_usd, "1.00") for _ in range(4)]
    somebody = caller(who)

    asked = statements_of(lambda: somebody.get(path.format(ada_usd.pk, payouts[0].pk)))

    # Only staff are shown what risk says.
    shown = [*tables, "risk_assessment"] if who == "operator" else tables
    assert asked == ["SELECT accounts_user", *(f"SELECT {table}" for table in shown)]


def test_of_reading_what_needs_a_person(operator):
    asked = statements_of(lambda: operator.get(IN_REVIEW))

    assert asked == ["SELECT accounts_user", "SELECT payouts_payout"]


@pytest.mark.parametrize("says", ["executed", "declined", "unknown", "not_sent"])
def test_of_a_batch_of_any_size(ada, ada_usd, gateway, says):
    gateway.will("submit", says)
    counts = set()
    submit()
    for size in (1, 30):
        for _ in range(size):
            request_by(ada, ada_usd, "0.10")
        counts.add(len(statements_of(submit)))
        # Those that will be sent again.
        put_off(*Payout.objects.filter(due_at__isnull=False))
        assert submit() == 0

    assert len(counts) == 1
