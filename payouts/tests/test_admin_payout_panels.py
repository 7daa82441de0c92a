"""Payouts on the first page, and on the pages of accounts, people and entries."""

import math
import re
import time
from datetime import timedelta
from decimal import Decimal

import pytest

from paycore.lib.times import StatementTime
from paycore.testing.office import address_of
from payouts.gateways import Answer, Outcome
from payouts.models import Payout, PayoutDiscrepancy
from payouts.services import take_notices
from payouts.tests.orders import IBAN, request_by
from payouts.tests.working import (
    ask,
    make_due,
    now,
    put_off,
    resolve,
    send_into_review,
    submit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
FIRST = "index"
PAYOUTS = "payouts_payout"


def requested_ago(payout, **ago):
    Payout.objects.filter(pk=payout.pk).update(
        created_at=StatementTime() - timedelta(**ago)
    )


def panel(office, title):
    """One table of the first page."""
    [found] = [
        part
        for part in office.see(FIRST).split("<section")
        if f'dark">{title}</h3>' in part
    ]
    return found


def test_when_nothing_waits_it_says_so(office):
    for title in [
        "Payouts in manual review",
        "Payouts that wait for an approval",
        "Payouts of which a gateway says something else than the books",
        "SEPA files that the bank was not given",
    ]:
        assert "None." in panel(office, title)
    assert "Workers have 0 in hand. Nothing is due." in panel(
        office, "Queue of payouts"
    )
    assert "on time" in panel(office, "Queue of payouts")


def test_what_has_nothing_to_say_stands_below_what_has(office, in_review):
    seen = office.see(FIRST)
    waiting, queue, quiet = (
        seen.index(f">{title}</h3>")
        for title in (
            *("Payouts in manual review", "Queue of payouts"),
            "Payouts that wait for an approval",
        )
    )

    assert waiting < queue < quiet


def test_reviews_are_counted_and_the_oldest_comes_first(office, ada, ada_usd, gateway):
    reviewed = [request_by(ada, ada_usd, "1.00") for _ in range(12)]
    for number, payout in enumerate(reviewed):
        send_into_review(gateway, payout)
        requested_ago(payout, hours=12 - number, minutes=1)
    gateway.will("find", Outcome.ABSENT)
    put_off(*reviewed)
    make_due(reviewed[0])
    ask()

    seen = panel(office, "Payouts in manual review")

    assert "12, the oldest for 12\N{NO-BREAK SPACE}hours" in seen
    assert f'href="{address_of(PAYOUTS)}?waits=review"' in seen
    links = [f'href="{address_of(PAYOUTS, payout)}"' for payout in reviewed]
    assert [link in seen for link in links] == [number < 10 for number in range(12)]
    assert [seen.index(link) for link in links[:10]] == sorted(
        seen.index(link) for link in links[:10]
    )
    assert (seen.count("absent"), seen.count("unknown")) == (1, 9)


def test_approvals_are_counted_and_say_who_requested(office, operator, large, payout):
    requested_ago(large, days=2, minutes=1)

    seen = panel(office, "Payouts that wait for an approval")

    assert "1, the oldest for 2\N{NO-BREAK SPACE}days" in seen
    assert f'href="{address_of(PAYOUTS, large)}"' in seen
    assert f'href="{address_of("accounts_user", large.requested_by_id)}"' in seen
    assert address_of(PAYOUTS, payout) not in seen
    Payout.objects.filter(pk=large.pk).update(requested_by=None)
    assert "nobody knows" in panel(office, "Payouts that wait for an approval")


def test_open_discrepancies_are_shown(office, operator, payout, gateway):
    send_into_review(gateway, payout)
    resolve(operator, payout, "refund_failed")
    take_notices([Answer(payout.pk, Outcome.EXECUTED)], origin=operator.origin)
    raised = PayoutDiscrepancy.objects.get()
    title = "Payouts of which a gateway says something else than the books"

    assert f'href="{address_of("payouts_payoutdiscrepancy", raised)}"' in panel(
        office, title
    )
    office.order("payouts_payoutdiscrepancy", raised, "dismiss", "x")
    assert "None." in panel(office, title)


def test_the_queue_says_when_workers_are_late(office, payout):
    Payout.objects.update(due_at=StatementTime() - timedelta(seconds=30))
    assert "on time" in panel(office, "Queue of payouts")

    started = time.monotonic()
    Payout.objects.update(due_at=StatementTime() - timedelta(seconds=5000))
    seen = panel(office, "Queue of payouts")
    passed = time.monotonic() - started

    assert "late" in seen
    assert "on time" not in seen
    [told] = re.findall(r"What is due first has been due for (\d,\d+)\ss\.", seen)
    assert 5000 <= int(told.replace(",", "")) <= 5000 + math.ceil(passed)


def test_the_latest_are_shown(office, payout):
    assert f'href="{address_of(PAYOUTS, payout)}"' in panel(office, "Payouts")


def test_the_first_page_takes_as_many_statements_whatever_there_is(
    settings, office, operator, ada, ada_usd, gateway
):
    settings.PAYOUT_APPROVAL_ABOVE = {"USD": Decimal(5)}

    def happen(times):
        for number in range(times):
            reviewed = request_by(ada, ada_usd, "1.00", reference=f"{times}-{number}")
            send_into_review(gateway, reviewed)
            resolved = request_by(ada, ada_usd, "1.00")
            send_into_review(gateway, resolved)
            resolve(operator, resolved, "refund_failed")
            answer = Answer(resolved.pk, Outcome.EXECUTED)
            take_notices([answer], origin=operator.origin)
            request_by(ada, ada_usd, "6.00")

    happen(1)
    few = office.count_statements(FIRST)
    happen(11)

    assert office.count_statements(FIRST) == few


def test_accounts_and_people_lead_to_their_payouts(
    office, ada, grace, ada_usd, grace_usd, payout
):
    others = request_by(grace, grace_usd)

    for page, row, query in [
        ("accounts_account", ada_usd, f"account={ada_usd.pk}"),
        ("accounts_user", ada.id, f"owner={ada.id}"),
    ]:
        seen = office.see(page, row)
        assert f'href="{address_of(PAYOUTS, payout)}"' in seen
        assert f'href="{address_of(PAYOUTS)}?{query}"' in seen
        assert address_of(PAYOUTS, others) not in seen
        assert IBAN not in seen
        assert "DE…3000" in seen


def test_entries_and_holds_lead_to_their_payout(office, payout, gateway):
    submit()
    paid = now(payout)
    link = f'href="{address_of(PAYOUTS, payout)}"'

    assert link in office.see("ledger_journalentry", paid.journal_entry_id)
    assert link in office.see("ledger_hold", paid.hold_id)


def test_an_entry_of_something_else_has_none(office, pay, ada, ada_usd, grace_usd):
    transfer = pay(ada, ada_usd, grace_usd, "1.00")

    seen = office.see("ledger_journalentry", transfer.journal_entry_id)

    assert f'href="{address_of(PAYOUTS)}0' not in seen


def test_an_event_leads_to_its_payout(office, payout):
    assert f'href="{address_of(PAYOUTS, payout)}"' in office.see("events_event")
