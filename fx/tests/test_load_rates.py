"""manage.py load_rates ..."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fx.models import Rate

pytestmark = pytest.mark.django_db
ECB = Path(__file__).parent / "documents" / "ecb-daily.xml"


@pytest.fixture(autouse=True)
def _the_day_after(monkeypatch):
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    monkeypatch.setattr("fx.management.commands.load_rates.timezone.now", lambda: at)


@pytest.fixture
def table(tmp_path):
    def write(*lines):
        file = tmp_path / "desk.csv"
        file.write_text("\n".join(["base,quote,rate,as_of", *lines]))
        return str(file)

    return write


def load(address, *options):
    told = StringIO()
    call_command("load_rates", address, *options, stdout=told)
    return told.getvalue().strip()


def test_records_the_list_of_the_european_central_bank():
    told = load(str(ECB), "--source-name", "ecb")

    assert told == "5 rates of ecb, the latest of 2026-11-19 00:00 UTC: 5 new."
    usd = Rate.objects.get(quote="USD")
    assert (usd.base, str(usd.rate.normalize()), usd.source) == ("EUR", "1.088", "ecb")
    assert usd.as_of == datetime(2026, 11, 19, tzinfo=UTC)


def test_reads_an_address_of_a_file_too():
    assert load(ECB.as_uri()).startswith("5 rates of ecb-daily, ")


def test_records_a_table_once(table):
    lines = ["USD,EUR,0.92,2026-11-19", "SGD,MYR,3.50,2026-11-19T12:00:00Z"]

    assert load(table(*lines)).endswith(": 2 new.")
    assert load(table(*lines)).endswith(": 0 new.")
    assert load(table(*lines, "USD,GBP,0.79,2026-11-18")).startswith(
        "3 rates of desk, the latest of 2026-11-19 12:00 UTC: 1 new"
    )
    assert Rate.objects.count() == 3


def test_records_all_lines_or_none(table):
    address = table("USD,EUR,0.92,2026-11-19", "USD,GBP,much,2026-11-19")

    with pytest.raises(CommandError) as error:
        load(address)

    assert str(error.value) == (
        f"{address}: line 3, column rate: 'much' is no rate. A rate is a decimal"
        " number above zero with at most 18 digits before and 18 after the point."
        " Nothing was recorded."
    )
    assert not Rate.objects.exists()


def test_says_that_a_file_is_missing():
    with pytest.raises(CommandError, match="No such file or directory"):
        load("/nowhere/rates.csv")


@pytest.mark.parametrize("name", ["seed", "x" * 51, "two\nlines"])
def test_refuses_a_name_that_cannot_be(table, name):
    address = table("USD,EUR,0.92,2026-11-19")

    with pytest.raises(CommandError, match="name"):
        load(address, "--source-name", name)

    assert not Rate.objects.exists()


def test_refuses_rates_of_the_future(table):
    tomorrow = datetime(2026, 11, 21, 12, tzinfo=UTC)
    too_late = tomorrow + timedelta(seconds=1)

    with pytest.raises(CommandError, match="in the future"):
        load(table(f"USD,EUR,0.92,{too_late.isoformat()}"))

    assert load(table(f"USD,EUR,0.92,{tomorrow.isoformat()}")).endswith("1 new.")
