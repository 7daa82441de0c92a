"""list_payouts: filters, pages, and how PostgreSQL finds them."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.services import Payer
from paycore.api.pagination import PageQuery, read_page
from paycore.lib.ids import new_id
from paycore.testing.pages import ids_by_page
from paycore.testing.problems import pointers_of, refusal_of
from paycore.testing.statements import scans_of
from paycore.testing.wallets import open_for
from payouts.models import Payout, PayoutStatus, Step
from payouts.selectors import PayoutFilter, list_in_review, list_payouts
from payouts.services import (
    Destination,
    PayoutOrder,
    cancel_payout,
    request_payout,
    work_on_due,
)
from payouts.tests.orders import IBAN, IN_REVIEW, PAYOUTS, at, request_by
from payouts.tests.working import pass_patience, send_into_review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


@pytest.fixture
def story(ada, grace, ada_usd, grace_usd, account_of, gateway):
    """Payouts by name: one of ada's in each status, and one of grace's."""
    made = {}

    def ends(name, *says, account=ada_usd):
        gateway.will("submit", *says)
        made[name] = request_by(ada, account, reference=name)
        work_on_due(step=Step.SUBMIT, worker="w", seconds=0)

    ends("sent", "executed")
    ends("declined", "declined", account=account_of(ada, "EUR", "30.00"))
    made["doubted"] = request_by(ada, ada_usd, reference="doubted")
    send_into_review(gateway, made["doubted"])
    ends("underway", "underway")
    made["taken back"] = request_by(ada, ada_usd, reference="taken back")
    cancel_payout(payout_id=made["taken back"].pk, reason="", origin=ada.origin)
    made["waiting"] = request_by(ada, ada_usd, reference="waiting")
    made["grace's"] = request_by(grace, grace_usd, reference="grace's")
    return made


@pytest.fixture
def names(story):
    """The references of what a list shows, in its order."""

    def read(response):
        assert response.status_code == 200, response.content
        return [item["reference"] for item in response.json()["items"]]

    return read


ADAS = ["waiting", "taken back", "underway", "doubted", "declined", "sent"]


def test_shows_ones_own_newest_first(ada, names):
    assert names(ada.get(PAYOUTS)) == ADAS


def test_shows_staff_everything(operator, names):
    assert names(operator.get(PAYOUTS)) == ["grace's", *ADAS]


def test_shows_a_stranger_nothing(mallory, story):
    assert mallory.get(PAYOUTS).json() == {"items": [], "next_cursor": None}


def test_shows_items_as_the_payout_itself(ada, story):
    for item in ada.get(PAYOUTS).json()["items"]:
        assert item == ada.get(at(item["id"])).json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "pending"}, ["waiting"]),
        ({"status": "processing"}, ["underway"]),
        ({"status": "completed"}, ["sent"]),
        ({"status": "failed"}, ["declined"]),
        ({"status": "manual_review"}, ["doubted"]),
        ({"status": "cancelled"}, ["taken back"]),
        ({"reference": "sent"}, ["sent"]),
        ({"reference": "Sent"}, []),
        ({"reference": "grace's"}, []),
        ({"reference": "sent", "status": "failed"}, []),
        ({"limit": "2"}, ADAS[:2]),
    ],
)
def test_filters(ada, names, query, expected):
    assert names(ada.get(PAYOUTS, **query)) == expected


def test_filters_by_account(ada, operator, story, ada_usd, names):
    query = {"account_id": str(ada_usd.pk)}

    for somebody in (ada, operator):
        assert names(somebody.get(PAYOUTS, **query)) == [
            name for name in ADAS if name != "declined"
        ]


def test_filters_by_time_from_included_to_not(ada, story, names):
    def between(**bounds):
        query = {name: moment.isoformat() for name, moment in bounds.items()}
        return names(ada.get(PAYOUTS, **query))

    doubted, waiting = story["doubted"].created_at, story["waiting"].created_at
    just = timedelta(microseconds=1)

    assert between(created_from=waiting) == ["waiting"]
    assert between(created_from=waiting + just) == []
    assert between(created_to=doubted) == ["declined", "sent"]
    assert between(created_to=doubted + just) == ["doubted", "declined", "sent"]
    assert between(created_from=doubted, created_to=waiting) == ADAS[1:4]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "done"),
        ("status", "PENDING"),
        ("status", ""),
        ("account_id", "me"),
        ("reference", ""),
        ("reference", "x" * 256),
        ("created_from", "2026-01-01"),
        ("created_to", "yesterday"),
        ("limit", "0"),
        ("limit", "101"),
        ("cursor", "x"),
        ("kind", "payout"),
        ("sort_by", "amount"),
    ],
)
def test_refuses_what_is_no_filter(ada, name, value):
    response = ada.get(PAYOUTS, **{name: value})

    assert refusal_of(response) == (400, "invalid_input")


def test_refuses_reversed_bounds(ada):
    response = ada.get(
        PAYOUTS, created_from="2026-01-02T00:00:00Z", created_to="2026-01-01T00:00:00Z"
    )

    assert refusal_of(response) == (400, "invalid_input")
    assert pointers_of(response) == ["/created_to"]


def test_knows_no_account_that_is_not_there(ada, operator):
    for somebody in (ada, operator):
        response = somebody.get(PAYOUTS, account_id=str(new_id()))
        assert refusal_of(response) == (404, "account_not_found")


def test_knows_no_payout_that_is_not_there(ada, operator):
    for somebody in (ada, operator):
        for name in (new_id(), "me", "manual_review"):
            assert refusal_of(somebody.get(at(name))) == (404, "not_found")


@pytest.mark.parametrize("who", ["ada", "operator"])
def test_pages_are_stable_while_payouts_are_added(caller, who, ada, ada_usd):
    there = [str(request_by(ada, ada_usd, "1.00").pk) for _ in range(7)]

    pages = ids_by_page(
        caller(who), PAYOUTS, meanwhile=lambda: request_by(ada, ada_usd), limit=3
    )

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == there[::-1]


def test_a_cursor_is_of_one_list(ada, ada_usd):
    for _ in range(3):
        request_by(ada, ada_usd, "1.00")
    cursor = ada.get(PAYOUTS, limit=1).json()["next_cursor"]

    response = ada.get(PAYOUTS, limit=1, cursor=cursor, status="pending")

    assert refusal_of(response) == (400, "invalid_input")


def test_shows_staff_what_needs_a_person(operator, names):
    assert names(operator.get(IN_REVIEW)) == ["doubted"]
    assert refusal_of(operator.get(IN_REVIEW, status="failed")) == (
        400,
        "invalid_input",
    )


@pytest.fixture
def crowd(ada, mallory, operator, ada_usd, gateway):
    """Many payouts of others', nearly all settled; a few of ada's; fresh statistics."""
    theirs = [open_for(mallory, "USD", "9000.00") for _ in range(10)]
    request_many(operator, theirs, 100)
    work_on_due(step=Step.SUBMIT, worker="w", seconds=60)
    gateway.will("submit", "unknown")
    request_many(operator, [ada_usd], 40)
    work_on_due(step=Step.SUBMIT, worker="w", seconds=60)
    ours = Payout.objects.filter(account=ada_usd)
    pass_patience(*ours)
    work_on_due(step=Step.ASK, worker="w", seconds=60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def request_many(player, accounts, times):
    destination = Destination("Ada Lovelace", IBAN)
    for account in accounts:
        for number in range(times):
            reference = f"{number} of {account.pk}"
            request_payout(
                order=PayoutOrder(account.pk, "0.01", "USD", destination, reference),
                payer=Payer(player.id, may_spend_from_any=True),
                origin=player.origin,
            )


def test_each_list_reads_a_range_of_an_index(crowd, ada, ada_usd, subtests):
    assert Payout.objects.filter(status=PayoutStatus.MANUAL_REVIEW).count() == 40
    cases = [
        (list_payouts(filters=PayoutFilter(), owner_id=ada.id), "payouts_by_owner"),
        (
            list_payouts(filters=PayoutFilter(account_id=ada_usd.pk)),
            "payouts_by_account",
        ),
        (list_payouts(filters=PayoutFilter()), "payouts_by_time"),
        (
            list_payouts(filters=PayoutFilter(reference=f"7 of {ada_usd.pk}")),
            "payouts_by_reference",
        ),
        (list_in_review(), "payouts_unsettled"),
    ]

    for rows, index in cases:
        first = PageQuery.model_validate({"limit": "20"})
        cursor = read_page([rows], query=first).next_cursor
        for query in (first, first.model_copy(update={"cursor": cursor})):
            with subtests.test(index=index, query=query):
                scans = scans_of(
                    lambda: read_page([rows], query=query),  # noqa: B023
                    "payouts_payout",
                )

                assert not [scan for scan in scans if scan[0] == "Seq Scan"], scans
                assert {name for _, name in scans if name} == {index}
