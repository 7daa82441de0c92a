"""The first page of the back office: the books, what needs a person, what was last."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection

from accounts.services import freeze_account, suspend_user
from ledger.house import HousePurpose
from ledger.models import LedgerAccount
from paycore.lib import metrics
from paycore.testing.bookkeeping import entry, house, money, post
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office
from reconciliation import selectors

pytestmark = pytest.mark.django_db
FIRST = "index"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def proof():
    """Set when the last proof was and what it found."""

    def prove(at, differences):
        metrics.LEDGER_PROVED_AT.set(at)
        metrics.LEDGER_DIFFERENCES.set(differences)

    # Other tests prove the books as well.
    prove(0, 0)
    yield prove
    prove(0, 0)


def test_it_adds_up_the_books_by_currency(office, ada_usd, grace_usd, grace_eur):
    seen = office.see(FIRST)

    for amount in ("1050.00 USD", "-1050.00 USD", "0.00 USD", "500.00 EUR"):
        assert f">{amount}</td>" in seen
    assert "balanced" in seen
    assert "out of balance" not in seen
    # Nobody has any.
    assert "JPY" not in seen


@pytest.mark.breaks_the_books
def test_it_says_when_the_books_do_not_balance(office, ada_usd):
    LedgerAccount.objects.filter(pk=ada_usd.pk).update(posted_minor=100_001)

    seen = office.see(FIRST)

    assert "out of balance" in seen
    assert ">0.01 USD</td>" in seen


def test_it_shows_what_the_house_holds(office, ada_usd):
    assert "Nothing was exchanged yet, and nothing is in suspense." in office.see(FIRST)

    suspended = house(HousePurpose.SUSPENSE, "USD")
    deposits = house(HousePurpose.DEPOSITS, "USD")
    post(entry((deposits, -money("12.34 USD")), (suspended, money("12.34 USD"))))

    seen = office.see(FIRST)
    assert f'href="{address_of("ledger_ledgeraccount", suspended)}"' in seen
    assert ">12.34 USD</a>" in seen


def test_it_says_when_the_last_proof_was(office, proof):
    assert "No proof of the books is known since the servers started" in office.see(
        FIRST
    )

    proof(datetime(2026, 7, 1, 12, 7, tzinfo=UTC).timestamp(), 0)
    assert "ended at 2026-07-01 12:07:00 UTC" in office.see(FIRST)
    assert "found no differences" in office.see(FIRST)

    proof(datetime(2026, 7, 1, 13, 7, tzinfo=UTC).timestamp(), 1)
    assert "found 1 difference." in office.see(FIRST)


def test_it_reads_what_other_processes_proved(office, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert "No proof of the books is known" in office.see(FIRST)

    # Set to 2026-07-01 12:07, in a process that ends.
    proof = (
        "from paycore.lib import metrics;"
        "metrics.LEDGER_PROVED_AT.set(1782907620);"
        "metrics.LEDGER_DIFFERENCES.set(7)"
    )
    subprocess.run([sys.executable, "-c", proof], check=True)

    assert "ended at 2026-07-01 12:07:00 UTC" in office.see(FIRST)
    assert "found 7 differences." in office.see(FIRST)


def test_it_does_not_wait_for_too_many_accounts(office, ada_usd, monkeypatch):
    monkeypatch.setattr(selectors, "_TOTALS", "SELECT pg_sleep(30)")

    assert "too many accounts to add them up" in office.see(FIRST)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() != (f"{selectors.QUICK_SECONDS}s",)


def test_it_shows_who_and_what_was_stopped(office, operator, ada, ada_usd, mallory):
    freeze_account(account_id=ada_usd.pk, reason="Odd", origin=operator.origin)
    suspend_user(
        user_id=mallory.id,
        by=operator.principal,
        reason="Fraud",
        origin=operator.origin,
    )

    seen = office.see(FIRST)

    assert f'href="{address_of("accounts_account", ada_usd)}"' in seen
    assert f'href="{address_of("accounts_user", mallory.id)}"' in seen
    assert "Fraud" in seen


def test_it_shows_what_was_last(office, ada, ada_usd, grace_usd, pay):
    transfer = pay(ada, ada_usd, grace_usd, "1.50")

    seen = office.see(FIRST)

    assert f'href="{address_of("transfers_transfer", transfer)}"' in seen
    assert "transfer.completed" in seen


def test_it_shows_which_orders_were_refused(office, ada, ada_usd, grace_usd):
    order = {
        "source_account_id": str(ada_usd.pk),
        "destination_account_id": str(grace_usd.pk),
        "amount": "1000.01",
    }
    refused = ada.post("/v1/transfers/internal", order, key="k-1")
    assert refused.status_code == 422

    seen = office.see(FIRST)

    assert "insufficient_balance" in seen
    assert refused.json()["request_id"] in seen
    assert ada.user.email in seen


def test_it_takes_as_many_statements_whatever_there_is(
    office, operator, ada, ada_usd, grace_usd, account_of, pay
):
    def happen(times):
        for number in range(times):
            friend = enter(f"friend-{times}-{number}")
            account = account_of(friend, "USD", "5.00")
            pay(ada, ada_usd, account, "1.00")
            freeze_account(account_id=account.pk, reason="O", origin=operator.origin)
            order = {
                "source_account_id": str(account.pk),
                "destination_account_id": str(grace_usd.pk),
                "amount": "1.00",
            }
            friend.post("/v1/transfers/internal", order, key="k-1")

    happen(1)
    few = office.count_statements(FIRST)
    happen(12)

    # Each app may bring panels; whatever they are, each is a few statements.
    assert office.count_statements(FIRST) == few <= 60


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_all_of_it_is_from_this_server(role, request, ada_usd):
    office = enter_office(request.getfixturevalue(role))

    for page, row in [(FIRST, None), ("accounts_account", ada_usd)]:
        seen = office.see(page, row)
        assert 'src="http' not in seen
        assert 'rel="stylesheet" href="http' not in seen
