"""The back office: accounts, and the buttons that stop them."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.models import Account
from accounts.services import close_account, freeze_account
from events.models import Event
from paycore.lib.ids import new_id
from paycore.testing.cast import enter
from paycore.testing.office import address_of, enter_office

pytestmark = pytest.mark.django_db
ACCOUNTS = "accounts_account"


@pytest.fixture
def office(operator):
    return enter_office(operator)


def status_of(account):
    return Account.objects.get(pk=account.pk).status


def test_the_list_shows_whose_and_how_much(office, ada, ada_usd):
    seen = office.see(ACCOUNTS)

    assert ada.user.email in seen
    assert "1000.00 USD" in seen
    assert " UTC</td>" in seen


def test_an_account_leads_to_owner_entries_holds_transfers_and_events(
    office, ada, ada_usd, grace_usd, pay
):
    transfer = pay(ada, ada_usd, grace_usd, "1.50")

    seen = office.see(ACCOUNTS, ada_usd)

    for link in [
        address_of("accounts_user", ada.id),
        address_of("ledger_ledgeraccount", ada_usd),
        address_of("ledger_journalentry", transfer.journal_entry_id),
        address_of("transfers_transfer", transfer),
        f"{address_of('ledger_posting')}?account={ada_usd.pk}",
        f"{address_of('ledger_hold')}?account={ada_usd.pk}",
        f"{address_of('transfers_transfer')}?account={ada_usd.pk}",
        f"{address_of('events_event')}?subject_id={ada_usd.pk}",
    ]:
        assert f'href="{link}"' in seen
    assert "998.50 USD" in seen


def test_accounts_are_found_by_whole_id_external_id_and_address(
    office, ada, grace_usd, account_of
):
    account_of(ada, external_id="till-7")
    wanted = Account.objects.get(external_id="till-7")

    for term in (str(wanted.pk), "till-7", "ADA@paycore.example", str(ada.id)):
        assert office.found(ACCOUNTS, q=f" {term} ") == 1, term
        assert str(wanted.pk) in office.see(ACCOUNTS, q=term)
    for term in ("till", "ada", "%", str(new_id()), "' OR 1=1 --", "\N{BELL}" * 999):
        assert office.found(ACCOUNTS, q=term) == 0, term


def test_accounts_are_filtered_by_status_currency_and_owner(
    office, operator, grace, ada_usd, grace_usd, grace_eur
):
    freeze_account(account_id=grace_eur.pk, reason="Asked", origin=operator.origin)

    assert office.found(ACCOUNTS, status__exact="frozen") == 1
    assert office.found(ACCOUNTS, currency="USD") == 2
    assert office.found(ACCOUNTS, owner=str(grace.id)) == 2
    assert office.found(ACCOUNTS, owner="nobody") == 0


def test_the_calendar_goes_from_the_first_to_the_last(office, ada, account_of):
    for year, month, day in [(2024, 12, 31), (2026, 2, 3), (2026, 4, 29)]:
        opened = datetime(year, month, day, 12, tzinfo=UTC)
        account = account_of(ada)
        Account.objects.filter(pk=account.pk).update(created_at=opened)

    def offered(**chosen):
        address, query = address_of(ACCOUNTS), {"created_at__year": 2026, **chosen}
        seen = office.client.get(address, query if chosen else {}).content.decode()
        calendar = seen.partition('class="toplinks')[2].partition("</ul>")[0]
        return re.findall(r">\s*([A-Z0-9][^<>]*?)\s*<", calendar)

    assert offered() == ["2024", "2025", "2026"]
    assert offered(created_at__year=2026) == [
        "All dates",
        "February 2026",
        "March 2026",
        "April 2026",
    ]
    assert offered(created_at__month=2) == ["2026", "February 3"]
    assert office.found(ACCOUNTS, created_at__year="2026") == 2
    assert office.found(ACCOUNTS, created_at__year="2026", created_at__month="3") == 0


def test_pages_take_as_many_statements_whatever_there_is(
    office, ada, ada_usd, grace_usd, account_of, pay
):
    pay(ada, ada_usd, grace_usd, "1.00")
    office.order(ACCOUNTS, ada_usd, "freeze", "Odd")
    office.order(ACCOUNTS, ada_usd, "unfreeze", "Explained")
    # Three are the session, the person and their groups; a list counts, reads its
    # rows, and asks twice for the first and the last day.
    assert office.count_statements(ACCOUNTS) == 7
    # Entries, holds, events and their actors, transfers from either side, payouts.
    assert office.count_statements(ACCOUNTS, ada_usd) == 11

    for number in range(12):
        account_of(enter(f"friend-{number}"), "USD", "5.00")
        pay(ada, ada_usd, grace_usd, "1.00")

    assert office.count_statements(ACCOUNTS) == 7
    assert office.count_statements(ACCOUNTS, ada_usd) == 11


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_nothing_can_be_edited(role, request, ada_usd, nothing_moves):
    office = enter_office(request.getfixturevalue(role))

    with nothing_moves():
        answers = office.attempts_to_edit(ACCOUNTS, ada_usd)
        ticked = {"action": "delete_selected", "_selected_action": [str(ada_usd.pk)]}
        office.client.post(address_of(ACCOUNTS), {**ticked, "post": "yes"})

    assert [answer.status_code for answer in answers] == [403] * 5


@pytest.mark.parametrize("who", ["operator", "admin"])
def test_freezing_and_unfreezing(who, request, ada_usd):
    player = request.getfixturevalue(who)
    office = enter_office(player)

    assert "The account is frozen." in office.order(ACCOUNTS, ada_usd, "freeze", "Odd")
    assert status_of(ada_usd) == "frozen"
    office.order(ACCOUNTS, ada_usd, "unfreeze", "Explained")
    assert status_of(ada_usd) == "active"

    frozen = Event.objects.get(type="account.frozen")
    assert frozen.subject_id == ada_usd.pk
    assert (frozen.actor, frozen.data["reason"]) == (f"user:{player.id}", "Odd")
    assert frozen.request_id


def test_the_reason_is_mandatory(office, ada_usd, nothing_moves):
    with nothing_moves():
        for reason in ("", "   "):
            assert "This field is required." in office.order(
                ACCOUNTS, ada_usd, "freeze", reason
            )


def test_a_refusal_is_told_and_changes_nothing(office, ada_usd, nothing_moves):
    with nothing_moves():
        told = office.order(ACCOUNTS, ada_usd, "close", "Moving away")
        assert "Only an account without money and without holds can be closed" in told
        told = office.order(ACCOUNTS, ada_usd, "unfreeze", "Why not")
        assert "cannot be active" in told


def test_closing_an_empty_account(office, ada, account_of):
    empty = account_of(ada)

    office.order(ACCOUNTS, empty, "close", "No longer needed")

    assert status_of(empty) == "closed"


def test_only_buttons_that_make_sense_are_shown(office, operator, ada, account_of):
    account = account_of(ada)

    def shown():
        seen = office.see(ACCOUNTS, account)
        names = ("freeze", "unfreeze", "close")
        return [name for name in names if f"{account.pk}/{name}/" in seen]

    assert shown() == ["freeze", "close"]
    freeze_account(account_id=account.pk, reason="Odd", origin=operator.origin)
    assert shown() == ["unfreeze", "close"]
    close_account(account_id=account.pk, reason="Done", origin=operator.origin)
    assert shown() == []


def test_customers_are_sent_to_the_login(ada, ada_usd, nothing_moves):
    client = enter_office(ada).client
    freeze = reverse(f"admin:{ACCOUNTS}_freeze", args=[ada_usd.pk])

    with nothing_moves():
        answers = [
            client.get(reverse("admin:index")),
            client.get(address_of(ACCOUNTS)),
            client.get(address_of(ACCOUNTS, ada_usd)),
            client.post(freeze, {"reason": "Because"}),
        ]

    assert [answer.status_code for answer in answers] == [302] * 4
    assert all("/admin/login/" in answer["Location"] for answer in answers)
