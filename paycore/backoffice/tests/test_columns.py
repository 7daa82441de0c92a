"""Columns of the back office."""

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone

from paycore.backoffice.columns import (
    STATUS_COLORS,
    age_of,
    link_column,
    link_to,
    link_to_list,
    money_column,
    money_text,
    status_column,
)
from paycore.lib.money import Money


def test_money_is_right_aligned_with_its_currency():
    column = money_column("held")

    shown = column(None, SimpleNamespace(held=Money.of(150_075, "USD")))

    assert ">1500.75 USD<" in shown
    assert column.short_description == "held"
    # In lists only: on the page of a row, values begin where the others do.
    style = Path(str(finders.find("backoffice/backoffice.css"))).read_text()
    assert 'class="backoffice-money"' in shown
    assert re.search(
        r"#result_list \.backoffice-money \{[^}]*text-align: right;", style
    )


@pytest.mark.parametrize(
    ("minor", "code", "seen"),
    [
        (0, "USD", "0.00 USD"),
        (9_999_99, "USD", "9999.99 USD"),
        (10_000_00, "USD", "10|000.00 USD"),
        (-1_234_567_89, "USD", "-1|234|567.89 USD"),
        (-9_999_99, "USD", "-9999.99 USD"),
        (79_903_387, "JPY", "79|903|387 JPY"),
        (123_456_789, "KWD", "123|456.789 KWD"),
        (1_00000001, "BTC", "1.00000001 BTC"),
    ],
)
def test_thousands_of_long_amounts_are_apart(minor, code, seen):
    shown = money_text(Money.of(minor, code))

    assert shown == seen.replace("|", '<span class="backoffice-gap"></span>')
    # What is copied is what the API writes.
    assert re.sub("<[^>]*>", "", shown) == str(Money.of(minor, code))


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        ({"seconds": 2}, "2 s"),
        ({"minutes": 1, "seconds": 30}, "1 minute"),
        ({"hours": 25}, "1 day"),
        ({"days": 3, "hours": 5}, "3 days"),
    ],
)
def test_ages_are_told_in_their_largest_unit(ago, told):
    assert age_of(timezone.now() - timedelta(**ago)).replace("\xa0", " ") == told


def test_no_money_is_a_dash():
    assert money_column("held")(None, SimpleNamespace(held=None)) == "-"


def test_statuses_are_words_with_a_color():
    column = status_column()

    assert column(None, SimpleNamespace(status="frozen")) == "frozen"
    assert column.label["frozen"] == "warning"
    assert column.label is STATUS_COLORS


def test_links_lead_to_pages_and_escape_what_they_show():
    shown = link_to("accounts_user", 7, "<ada>")

    assert 'href="/admin/accounts/user/7/change/"' in shown
    assert "&lt;ada&gt;" in shown


def test_links_lead_to_lists_with_filters():
    shown = link_to_list("accounts_apikey", "Keys", user=7)

    assert 'href="/admin/accounts/apikey/?user=7"' in shown


def test_links_to_pages_that_nobody_brought_are_only_text():
    assert link_to("gone_gone", 7, "<x>") == "&lt;x&gt;"
    assert link_to_list("gone_gone", "Gone") == "Gone"


def test_links_of_a_row():
    owner = SimpleNamespace(email="ada@paycore.example")
    column = link_column("owner_id", page="accounts_user", text="owner.email")

    shown = column(None, SimpleNamespace(owner_id=7, owner=owner))

    assert ">ada@paycore.example<" in shown
    assert column.short_description == "owner"
    assert column(None, SimpleNamespace(owner_id=None)) == "-"
