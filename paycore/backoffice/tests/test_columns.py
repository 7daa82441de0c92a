"""Columns of the back office."""

from types import SimpleNamespace

from paycore.backoffice.columns import (
    STATUS_COLORS,
    link_column,
    link_to,
    link_to_list,
    money_column,
    status_column,
)
from paycore.lib.money import Money


def test_money_is_right_aligned_with_its_currency():
    column = money_column("held")

    shown = column(None, SimpleNamespace(held=Money.of(150_075, "USD")))

    assert ">1500.75 USD<" in shown
    assert "text-align:right" in shown
    assert column.short_description == "held"


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
