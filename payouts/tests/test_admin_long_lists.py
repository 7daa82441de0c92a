"""Lists that are filtered by what has no index: how far back they look."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from paycore.backoffice import lists
from paycore.lib.times import StatementTime
from payouts.models import Payout
from payouts.tests.orders import request_by
from payouts.tests.working import send_into_review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "calm")]
PAYOUTS = "payouts_payout"
NOTE = "Only the newest 2 were looked through."


@pytest.fixture
def rare(monkeypatch, ada, grace, ada_usd, grace_eur):
    """The oldest of three payouts, where a list looks at two. It is a year old."""
    monkeypatch.setattr(lists, "MOST_ROWS_LOOKED_AT", 2)
    found = request_by(grace, grace_eur, "1.00")
    Payout.objects.filter(pk=found.pk).update(
        created_at=StatementTime() - timedelta(days=366)
    )
    for _ in range(2):
        request_by(ada, ada_usd, "1.00")
    found.refresh_from_db()
    return found


def test_it_looks_among_the_newest_and_says_so(office, rare):
    for query in ({"currency": "EUR"}, {"gateway": "x"}, {"status__exact": "failed"}):
        assert office.found(PAYOUTS, **query) == 0, query
        assert NOTE in office.see(PAYOUTS, **query), query
    assert office.found(PAYOUTS, currency="USD") == 2


def test_in_a_period_it_looks_among_the_newest_of_the_period(office, rare):
    year = {"created_at__year": str(rare.created_at.year)}

    assert office.found(PAYOUTS, currency="EUR", **year) == 1
    # There is no more than was looked at, and so nothing to say.
    assert NOTE not in office.see(PAYOUTS, currency="EUR", **year)


def test_what_an_index_finds_is_found_however_old(office, rare):
    assert office.found(PAYOUTS) == 3
    for query in [
        {"owner": str(rare.owner_id)},
        {"owner": str(rare.owner_id), "currency": "EUR"},
        {"account": str(rare.account_id)},
        {"q": str(rare.pk)},
        {"status__exact": "pending", "currency": "EUR"},
    ]:
        assert office.found(PAYOUTS, **query) == 1, query
        assert NOTE not in office.see(PAYOUTS, **query), query


def test_a_queue_is_never_cut(office, monkeypatch, ada, ada_usd, gateway):
    oldest = send_into_review(gateway, request_by(ada, ada_usd, "1.00"))
    monkeypatch.setattr(lists, "MOST_ROWS_LOOKED_AT", 1)
    for _ in range(2):
        request_by(ada, ada_usd, "1.00")

    for query in ({"waits": "review"}, {"status__exact": "manual_review"}):
        assert str(oldest.pk) in office.see(PAYOUTS, currency="USD", **query)


def test_how_far_is_found_by_the_index_of_times(office, rare):
    with CaptureQueriesContext(connection) as captured:
        office.see(PAYOUTS, currency="EUR")

    [sql] = [query["sql"] for query in captured if "OFFSET 2" in query["sql"]]
    with connection.cursor() as cursor:
        # Of three rows any way is cheap: what is asked is which index has the order.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Scan Backward using payouts_by_time" in plan
    assert "Sort" not in plan


def test_an_empty_list_says_why(office, payout):
    seen = office.see(PAYOUTS, currency="EUR")

    assert "Nothing is found." in seen
    assert re.search(r'<a href="\?"[^>]*>Show all</a>', seen)
    # Nothing can be created by hand.
    assert "Create a new item" not in seen
    assert "There is nothing here yet." in office.see("payouts_payoutdiscrepancy")


def test_filters_are_opened_by_a_key(office):
    seen = office.see(PAYOUTS)

    assert re.search(r'<button type="button" data-key="f" aria-label="Filters"', seen)
