"""The back office: the books, which are looked at and never typed."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from ledger.house import HousePurpose, house_account_id
from ledger.models import JournalEntry, LedgerAccount, Posting
from ledger.services import place_hold, release_hold
from paycore.lib.ids import new_id
from paycore.lib.money import CURRENCIES, Money
from paycore.testing.office import address_of, enter_office

pytestmark = pytest.mark.django_db
ACCOUNTS = "ledger_ledgeraccount"
ENTRIES = "ledger_journalentry"
POSTINGS = "ledger_posting"
HOLDS = "ledger_hold"
USD = CURRENCIES.get("USD")


@pytest.fixture
def office(operator):
    return enter_office(operator)


@pytest.fixture
def transfer(pay, ada, ada_usd, grace_usd):
    return pay(ada, ada_usd, grace_usd, "1.50", description="Lunch")


@pytest.fixture
def entry(transfer):
    return JournalEntry.objects.get(pk=transfer.journal_entry_id)


def hold_on(account, *, owner=None, expires_at=None):
    return place_hold(
        account_id=account.pk,
        amount=Money.parse("2.00", USD),
        reason="Under review",
        owner=owner or f"payout:{new_id()}",
        expires_at=expires_at,
    )


def test_the_house_shows_a_balance_per_currency(office, ada_usd, grace_eur):
    seen = office.see(ACCOUNTS, whose="house", used="yes")

    assert office.found(ACCOUNTS, whose="house", used="yes") == 2
    assert "house:opening:USD" in seen
    assert "-1000.00 USD" in seen
    assert "-500.00 EUR" in seen
    assert office.found(ACCOUNTS, whose="opening", currency="EUR") == 1
    assert office.found(ACCOUNTS, whose="fx", used="yes") == 0
    assert office.found(ACCOUNTS, whose="opening", used="no", currency="JPY") == 1


def test_a_ledger_account_leads_to_its_entries_and_customer(office, ada_usd, entry):
    seen = office.see(ACCOUNTS, ada_usd)

    assert f'href="{address_of(ENTRIES, entry)}"' in seen
    assert f'href="{address_of("accounts_account", ada_usd)}"' in seen
    house = house_account_id(HousePurpose.OPENING, USD)
    seen = office.see(ACCOUNTS, house)
    assert "None: it is the house&#x27;s own." in seen
    assert "no limit" in seen


def test_an_entry_leads_to_its_postings_accounts_and_transfer(
    office, ada_usd, grace_usd, transfer, entry
):
    seen = office.see(ENTRIES, entry)

    for link in [
        *(address_of(POSTINGS, posting) for posting in entry.postings.all()),
        *(address_of(ACCOUNTS, account) for account in (ada_usd, grace_usd)),
        address_of("transfers_transfer", transfer),
    ]:
        assert f'href="{link}"' in seen
    assert "-1.50 USD" in seen
    assert "51.50 USD" in seen


def test_a_posting_leads_to_its_entry_and_account(office, ada_usd, entry):
    posting = entry.postings.get(account_id=ada_usd.pk)

    seen = office.see(POSTINGS, posting)

    assert f'href="{address_of(ENTRIES, entry)}"' in seen
    assert f'href="{address_of(ACCOUNTS, ada_usd)}"' in seen
    assert "1000.00 USD" in seen
    assert "998.50 USD" in seen


@pytest.mark.holds_without_an_owner
def test_a_hold_leads_to_its_account_and_owner(office, ada_usd, transfer):
    hold = hold_on(ada_usd, owner=f"transfer:{transfer.pk}")

    seen = office.see(HOLDS, hold)

    assert f'href="{address_of(ACCOUNTS, ada_usd)}"' in seen
    assert f'href="{address_of("transfers_transfer", transfer)}"' in seen
    assert office.found(HOLDS, status__exact="open", account=str(ada_usd.pk)) == 1
    assert f'href="{address_of(HOLDS, hold)}"' in office.see(ACCOUNTS, ada_usd)


@pytest.mark.holds_without_an_owner
def test_a_hold_that_nobody_ended_is_on_the_first_page(office, ada_usd):
    overdue = hold_on(ada_usd, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    hold = hold_on(ada_usd, expires_at=datetime(2999, 1, 1, tzinfo=UTC))

    seen = office.see("index")

    assert address_of(HOLDS, overdue) in seen
    assert address_of(HOLDS, hold) not in seen


@pytest.mark.holds_without_an_owner
def test_the_holds_of_an_account_are_read_by_their_index(
    office, ada, ada_usd, grace_usd
):
    for _ in range(3):
        release_hold(hold_id=hold_on(ada_usd).pk)
    hold_on(ada_usd)
    hold_on(grace_usd)

    response = office.client.get(address_of(HOLDS), {"account": str(ada_usd.pk)})

    listed = response.context["cl"]
    statuses = [hold.status for hold in listed.result_list]
    assert statuses == ["open", "released", "released", "released"]
    with connection.cursor() as cursor:
        # Of so few rows it would rather read all of them.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    plan = listed.queryset[:50].explain()
    assert "Index Scan Backward using ledger_hold_by_account" in plan


def test_the_books_are_searched_by_whole_ids_and_codes(office, ada_usd, entry):
    posting = entry.postings.get(account_id=ada_usd.pk)

    assert office.found(ENTRIES, q=str(entry.pk)) == 1
    assert office.found(POSTINGS, q=str(posting.pk)) == 1
    assert office.found(POSTINGS, q=str(entry.pk)) == 2
    assert office.found(POSTINGS, account=str(ada_usd.pk)) == 2
    assert office.found(POSTINGS, code="house:opening:USD") == 2
    assert office.found(POSTINGS, code=f"customer:{ada_usd.pk}") == 2
    assert office.found(ACCOUNTS, q="house:fx:EUR") == 1
    assert office.found(ENTRIES, kind="internal") == 1


@pytest.mark.parametrize("page", [ACCOUNTS, ENTRIES, POSTINGS, HOLDS])
@pytest.mark.parametrize(
    "term", ["house", "%", "7'--", "9" * 40, "-1", "1e3", "٣", "\ud7ff", "a" * 5000]
)
def test_what_is_not_an_id_finds_nothing(office, entry, page, term):
    assert office.found(page, q=term) == 0


@pytest.mark.parametrize(
    ("page", "statements"),
    # Three are the session, the person and their groups; a list counts and reads its
    # rows. Entries: their postings, and twice the first and the last day.
    [(ACCOUNTS, 5), (ENTRIES, 8), (POSTINGS, 5), (HOLDS, 5)],
)
@pytest.mark.holds_without_an_owner
def test_a_list_takes_as_many_statements_whatever_its_length(
    office, page, statements, ada, ada_usd, grace_usd, account_of, pay, transfer
):
    hold_on(ada_usd)
    assert office.count_statements(page) == statements

    for _ in range(8):
        account_of(ada)
        pay(ada, ada_usd, grace_usd, "1.00")
        hold_on(ada_usd)

    assert office.count_statements(page) == statements


@pytest.mark.holds_without_an_owner
def test_a_page_takes_as_many_statements_whatever_belongs_to_it(
    office, ada, ada_usd, grace_usd, pay, entry
):
    # Besides the three: the row; then entries, holds and customer, or all postings,
    # whose they are, those that came in, the reversal, the transfer and the payout.
    assert office.count_statements(ACCOUNTS, ada_usd) == 7
    assert office.count_statements(ENTRIES, entry) == 10
    assert office.count_statements(POSTINGS, entry.postings.first()) == 4

    for _ in range(8):
        pay(ada, ada_usd, grace_usd, "1.00")
        hold_on(ada_usd)

    assert office.count_statements(ACCOUNTS, ada_usd) == 7


def test_tables_show_the_newest_and_lead_to_all(office, ada, ada_usd, grace_usd, pay):
    for number in range(12):
        pay(ada, ada_usd, grace_usd, "1.00", description=f"Lunch {number:02}")

    seen = office.see(ACCOUNTS, ada_usd)

    assert [f"Lunch {number:02}" in seen for number in range(12)] == [
        *(number >= 2 for number in range(12))
    ]
    assert f"{address_of(POSTINGS)}?account={ada_usd.pk}" in seen


@pytest.mark.parametrize("role", ["operator", "admin"])
@pytest.mark.holds_without_an_owner
def test_nothing_can_be_edited(role, request, ada_usd, entry, nothing_moves):
    office = enter_office(request.getfixturevalue(role))
    rows = {
        ACCOUNTS: LedgerAccount.objects.get(pk=ada_usd.pk),
        ENTRIES: entry,
        POSTINGS: Posting.objects.first(),
        HOLDS: hold_on(ada_usd),
    }

    with nothing_moves():
        for page, row in rows.items():
            answers = office.attempts_to_edit(page, row)
            assert [answer.status_code for answer in answers] == [403] * 5


@pytest.mark.parametrize(
    "query",
    [
        {"id": "nonsense"},
        {"description__icontains": "a"},
        {"account__code__startswith": "house"},
        {"created_at__year": "9999"},
        {"created_at__year": "x"},
        {"kind": "\x00"},
        {"kind__regex": "(a+)+"},
    ],
)
def test_what_is_not_offered_is_not_asked(office, entry, query):
    response = office.client.get(address_of(ENTRIES), query)

    assert response.status_code == 302
    assert response["Location"].endswith("?e=1")


@pytest.mark.parametrize("key", ["nonsense", "9" * 40, "01a1f758-c65a-7758-9758-d04d"])
def test_the_page_of_nothing_leads_back(office, key):
    for page in (ACCOUNTS, ENTRIES, POSTINGS, HOLDS):
        assert office.client.get(address_of(page, key)).status_code == 302
