"""verify_ledger, as a command and on schedule, ..."""

from contextlib import closing
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from ledger.house import HousePurpose
from ledger.models import LedgerAccount
from paycore.lib.metrics import (
    FX_LIQUIDITY,
    LEDGER_DIFFERENCES,
    LEDGER_IMBALANCE,
    WORKER_RUNS,
)
from paycore.testing.attacks import corrupt
from paycore.testing.bookkeeping import (
    entry,
    house,
    money,
    open_funded_account,
    post,
)
from reconciliation.checks import CHECKS
from reconciliation.services import prove_books
from reconciliation.tasks import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return open_funded_account("ada", holding="100.00 USD")


@pytest.fixture
def wrong(ada):
    """Ada's account says that it has a cent more than it ever received."""
    corrupt("UPDATE ledger_ledgeraccount SET posted_minor = 10001 WHERE code = 'ada'")


def verdict():
    """What the command prints, line by line, and with which code it exits."""
    written = StringIO()
    code: str | int | None = 0
    try:
        call_command("verify_ledger", stdout=written, no_color=True)
    except SystemExit as end:
        code = end.code
    return written.getvalue().splitlines(), code


def imbalance(currency):
    return LEDGER_IMBALANCE.labels(currency=currency)._value.get()


def liquidity():
    """What the metric says of each currency."""
    [metric] = FX_LIQUIDITY.collect()
    return {sample.labels["currency"]: sample.value for sample in metric.samples}


@pytest.mark.usefixtures("ada")
def test_says_that_the_books_are_right():
    [line], code = verdict()

    assert code == 0
    assert line.startswith(f"The books are right. {len(CHECKS)} checks in ")
    assert line.endswith(" s: 0 differences.")


@pytest.mark.breaks_the_books
def test_says_so_where_there_are_no_books():
    corrupt("CREATE SCHEMA nobodys")
    corrupt("SET LOCAL search_path TO nobodys")

    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_ledger")


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("wrong")
def test_lists_each_difference_with_its_account():
    lines, code = verdict()

    assert code == 1
    assert lines[:3] == [
        "account_is_the_sum_of_its_postings: ada USD: expected 10000, found 10001."
        " An account's posted balance is the sum of its postings.",
        "account_is_its_last_balance: ada USD: expected 10000, found 10001."
        " An account's posted balance is the one after its last posting.",
        "currency_sums_to_zero: all accounts USD: expected 0, found 1."
        " In each currency all accounts together hold nothing.",
    ]
    assert lines[3].startswith("The books are WRONG.")
    assert lines[3].endswith(": 3 differences.")
    assert len(lines) == 4


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("wrong")
def test_measures_what_is_wrong_and_that_it_was_put_right():
    verdict()

    assert LEDGER_DIFFERENCES._value.get() == 3
    assert (imbalance("USD"), imbalance("EUR")) == (1, 0)

    corrupt("UPDATE ledger_ledgeraccount SET posted_minor = 10000 WHERE code = 'ada'")
    verdict()

    assert LEDGER_DIFFERENCES._value.get() == 0
    assert (imbalance("USD"), imbalance("EUR")) == (0, 0)


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("wrong")
def test_never_nets_currencies_together():
    open_funded_account("grace", holding="80.00 EUR")
    corrupt("UPDATE ledger_ledgeraccount SET posted_minor = 7999 WHERE code = 'grace'")

    lines, code = verdict()

    assert code == 1
    assert (imbalance("USD"), imbalance("EUR")) == (1, -1)
    assert len([line for line in lines if line.startswith("currency_sums_to")]) == 2


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("wrong")
def test_streams_what_it_finds():
    with closing(prove_books()) as found:  # type: ignore[type-var]
        first = next(found)

    assert first.check.name == "account_is_the_sum_of_its_postings"


@pytest.mark.usefixtures("ada")
def test_runs_on_schedule():
    ok = WORKER_RUNS.labels(worker="verify_ledger", result="ok")
    before = ok._value.get()

    assert verify_ledger() == 0

    assert ok._value.get() == before + 1


@pytest.mark.breaks_the_books
@pytest.mark.usefixtures("wrong")
def test_logs_each_difference_on_schedule():
    with capture_logs() as logs:
        assert verify_ledger() == 3

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("ledger_difference", "error")
    ] * 3
    assert logs[2]["difference"].startswith("currency_sums_to_zero: all accounts USD")


@pytest.mark.django_db(transaction=True)
def test_changes_nothing(ada):
    before = list(LedgerAccount.objects.order_by("pk").values())

    assert verdict()[1] == 0

    assert list(LedgerAccount.objects.order_by("pk").values()) == before


def test_measures_what_the_house_holds_of_each_currency():
    FX_LIQUIDITY.clear()
    bought = [money("92.00 EUR"), money("1500 JPY"), money("0.50000000 BTC")]
    for amount in (*bought, -money("100.05 USD")):
        code = amount.currency.code
        fx, opening = house(HousePurpose.FX, code), house(HousePurpose.OPENING, code)
        post(entry((fx, amount), (opening, -amount)))

    assert list(prove_books()) == []

    assert liquidity() == {"EUR": 92.0, "USD": -100.05, "JPY": 1500.0, "BTC": 0.5}
