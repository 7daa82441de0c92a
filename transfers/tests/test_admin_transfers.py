"""The back office: transfers, from whom to whom, and where they are in the books."""

import pytest

from paycore.backoffice import lists
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office

pytestmark = pytest.mark.django_db
TRANSFERS = "transfers_transfer"


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def transfer(pay, ada, ada_usd, grace_usd):
    return pay(ada, ada_usd, grace_usd, "1.50", reference="invoice-7")


def test_a_transfer_leads_to_accounts_entry_postings_events_and_maker(
    office, ada, ada_usd, grace_usd, transfer
):
    seen = office.see(TRANSFERS, transfer)

    for link in [
        address_of("accounts_account", ada_usd),
        address_of("accounts_account", grace_usd),
        address_of("accounts_user", ada.id),
        address_of("ledger_journalentry", transfer.journal_entry_id),
        address_of("ledger_ledgeraccount", ada_usd),
        address_of("ledger_ledgeraccount", grace_usd),
        f"{address_of('events_event')}?subject_id={transfer.pk}",
    ]:
        assert f'href="{link}"' in seen
    assert "transfer.completed" in seen
    assert "-1.50 USD" in seen


def test_the_list_shows_both_sides(office, ada, grace, transfer):
    seen = office.see(TRANSFERS)

    assert ada.user.email in seen
    assert grace.user.email in seen
    assert "invoice-7" in seen
    assert "1.50 USD" in seen
    # The opening balances come from the house.
    assert "the house" in seen


def test_transfers_are_found_by_whole_id_reference_and_entry(office, transfer):
    for term in (str(transfer.pk), "invoice-7", str(transfer.journal_entry_id)):
        assert office.found(TRANSFERS, q=term) == 1, term
    for term in ("invoice", "INVOICE-7", "%", "'", "\\", str(new_id()), "x" * 999):
        assert office.found(TRANSFERS, q=term) == 0, term


def test_transfers_are_filtered(office, ada, grace, ada_usd, grace_eur, transfer):
    for query, count in [
        ({"kind__exact": "opening"}, 3),
        ({"status__exact": "completed"}, 4),
        ({"status__exact": "failed"}, 0),
        ({"account": str(ada_usd.pk)}, 2),
        ({"owner": str(grace.id)}, 3),
        ({"owner": str(ada.id), "kind__exact": "internal"}, 1),
        ({"currency": "EUR"}, 1),
        ({"account": "ada"}, 0),
        ({"created_at__year": str(transfer.created_at.year)}, 4),
        ({"created_at__year": "2001"}, 0),
    ]:
        assert office.found(TRANSFERS, **query) == count, query


def test_by_what_no_index_finds_it_looks_among_the_newest(
    office, monkeypatch, ada, ada_usd, grace_eur, grace_usd, pay
):
    monkeypatch.setattr(lists, "MOST_ROWS_LOOKED_AT", 1)
    # The newest is the opening of grace's account in dollars.
    for query, count, is_told in [
        ({"currency": "EUR"}, 0, True),
        ({"kind__exact": "opening", "status__exact": "completed"}, 1, True),
        ({"kind__exact": "opening", "status__exact": "pending"}, 0, False),
        ({"owner": str(ada.id), "kind__exact": "opening"}, 1, False),
        ({}, 3, False),
    ]:
        seen = office.see(TRANSFERS, **query)
        assert ("Only the newest 1 were looked through." in seen) is is_told, query
        assert office.found(TRANSFERS, **query) == count, query


def test_pages_take_as_many_statements_whatever_there_is(
    office, ada, ada_usd, grace_usd, account_of, pay, transfer
):
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, and asks twice for the first and the last day. A page reads its row, the
    # postings, whose they are, what followed from it, its risk, its events and who made
    # them.
    assert office.count_statements(TRANSFERS) == 7
    assert office.count_statements(TRANSFERS, transfer) == 10

    for number in range(8):
        friend = account_of(enter(f"friend-{number}"), "USD", "5.00")
        pay(ada, ada_usd, friend, "1.00")

    assert office.count_statements(TRANSFERS) == 7
    assert office.count_statements(TRANSFERS, transfer) == 10


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, transfer, nothing_moves):
    office = enter_office(request.getfixturevalue(role))

    with nothing_moves():
        answers = office.attempts_to_edit(TRANSFERS, transfer)

    assert [answer.status_code for answer in answers] == [403] * 5
