"""find_differences, where a payout and what became of it disagree, ..."""

import pytest

from fx.services import seed_rates
from paycore.lib.ids import new_id
from paycore.testing.attacks import copy_row, corrupt, forget_rule, run
from payouts.gateways import Answer, Outcome
from payouts.models import PayoutDiscrepancy
from payouts.services import correct_discrepancy, take_notices
from payouts.tests.orders import request_by
from payouts.tests.working import (
    now,
    resolve,
    send_into_doubt,
    send_into_review,
    submit,
)
from reconciliation.tests.findings import code_of, found

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

HOLDS = "unsettled_payout_has_its_hold"
FORGOTTEN = "unsettled_payout_is_looked_after"
MOVED = "settled_payout_moved_its_amount_or_nothing"
CORRECTED = "correction_moved_what_the_payout_is_about"
EVENTS = "payout_move_has_its_event"
REFERENCES = "payout_reference_was_used_once"
OF_ITS_ORDER = "entry_is_of_the_order_it_names"


@pytest.fixture
def payout(ada, ada_usd, gateway):
    """10.00 of ada's 1000.00 USD, pending."""
    seed_rates()
    return request_by(ada, ada_usd, reference="rent")


@pytest.fixture
def sent(payout):
    submit()
    return now(payout)


@pytest.fixture
def refunded(payout, operator, gateway):
    return resolve(operator, send_into_review(gateway, payout), "refund_failed")


@pytest.fixture
def corrected(refunded, operator):
    """A person said that it was not sent, then the bank that it was."""
    take_notices([Answer(refunded.pk, Outcome.EXECUTED)], origin=operator.origin)
    return correct_discrepancy(
        discrepancy_id=PayoutDiscrepancy.objects.get().pk,
        by_id=operator.id,
        reason="r",
        origin=operator.origin,
    )


@pytest.mark.parametrize("name", ["payout", "sent", "refunded", "corrected"])
def test_is_content_with_payouts_whatever_became_of_them(request, name):
    request.getfixturevalue(name)

    assert found() == []


def test_is_content_with_payouts_that_wait(ada, account_of, payout, gateway):
    rich = account_of(ada, "USD", "10000.00")
    send_into_doubt(gateway, payout)
    request_by(ada, rich, "5000.00")
    request_by(ada, rich, "1.00")

    assert found() == []


def test_finds_a_payout_that_holds_less_than_it_is(payout, ada_usd):
    corrupt("UPDATE ledger_hold SET amount_minor = 999 WHERE id = %s", payout.hold_id)
    corrupt(
        "UPDATE ledger_ledgeraccount SET held_minor = 999 WHERE id = %s", ada_usd.pk
    )

    assert found() == [(HOLDS, f"payout {payout.pk}", "USD", 1000, 999)]


def test_finds_a_payout_whose_hold_was_ended(payout, ada_usd):
    corrupt(
        "UPDATE ledger_hold SET status = 'released', ended_at = now() WHERE id = %s",
        payout.hold_id,
    )
    corrupt("UPDATE ledger_ledgeraccount SET held_minor = 0 WHERE id = %s", ada_usd.pk)

    assert found() == [(HOLDS, f"payout {payout.pk}", "USD", 1000, 0)]


def test_finds_a_hold_of_a_payout_that_is_over(refunded, ada_usd):
    corrupt(
        "UPDATE ledger_hold SET status = 'open', ended_at = NULL WHERE id = %s",
        refunded.hold_id,
    )
    corrupt(
        "UPDATE ledger_ledgeraccount SET held_minor = 1000 WHERE id = %s", ada_usd.pk
    )

    assert found() == [
        ("open_hold_has_a_pending_owner", code_of(ada_usd), "USD", 0, 1000),
        (MOVED, f"payout {refunded.pk}", "USD", 0, -1),
    ]


@pytest.mark.parametrize("status", ["pending", "processing", "manual_review"])
def test_finds_a_payout_that_nobody_will_ever_look_at(payout, status, gateway):
    if status == "processing":
        send_into_doubt(gateway, payout)
    if status == "manual_review":
        send_into_review(gateway, payout)
    forget_rule("payouts_payout", "payouts_payout_in_doubt_is_due")
    run("UPDATE payouts_payout SET due_at = NULL WHERE id = %s", payout.pk)

    assert found() == [(FORGOTTEN, f"payout {payout.pk} {status}", "USD", 1, 0)]


def test_finds_a_completed_payout_that_took_something_else(sent):
    corrupt("UPDATE payouts_payout SET amount_minor = 1100 WHERE id = %s", sent.pk)

    subject = f"payout {sent.pk}"
    assert found() == [
        (MOVED, subject, "USD", 1100, 1000),
        (MOVED, subject, "USD", 1100, 1000),
    ]


def test_finds_a_failed_payout_that_took_its_amount(sent):
    corrupt(
        "UPDATE payouts_payout SET status = 'failed', failure_code = 'x',"
        " journal_entry_id = NULL, completed_at = NULL WHERE id = %s",
        sent.pk,
    )

    assert (MOVED, f"payout {sent.pk}", "USD", 0, 1000) in found()


def test_finds_a_completed_payout_whose_entry_is_anothers(ada, ada_usd, sent):
    other = request_by(ada, ada_usd, "11.00")
    submit()
    entry_id = now(other).journal_entry_id
    for payout, taken in ((other, new_id()), (sent, entry_id)):
        corrupt(
            "UPDATE payouts_payout SET journal_entry_id = %s WHERE id = %s",
            taken,
            payout.pk,
        )

    entries = (sent.journal_entry_id, entry_id)
    assert sorted(found()) == sorted(
        [
            *((OF_ITS_ORDER, f"entry {entry}", "", 1, 0) for entry in entries),
            (MOVED, f"payout {other.pk}", "USD", 1100, 0),
            (MOVED, f"payout {sent.pk}", "USD", 1000, 1100),
        ]
    )


def test_finds_a_correction_the_wrong_way_round(corrected):
    corrupt("UPDATE payouts_payoutdiscrepancy SET claim = 'declined'")

    assert found() == [(CORRECTED, f"discrepancy {corrected.pk}", "USD", 1000, -1000)]


def test_finds_a_correction_by_an_entry_that_is_not_there(corrected):
    corrupt("UPDATE payouts_payoutdiscrepancy SET journal_entry_id = %s", new_id())

    assert found() == [
        (OF_ITS_ORDER, f"entry {corrected.journal_entry_id}", "", 1, 0),
        (CORRECTED, f"discrepancy {corrected.pk}", "USD", -1000, 0),
    ]


def test_finds_a_payout_whose_move_nobody_told(payout):
    corrupt("DELETE FROM events_event WHERE subject_id = %s", payout.pk)

    assert found() == [(EVENTS, f"payout {payout.pk} pending", "USD", 1, 0)]


def test_finds_a_payout_whose_move_was_told_twice(sent):
    corrupt(
        "INSERT INTO events_event (id, type, subject_type, subject_id, owner_ids,"
        " actor, request_id, data) SELECT gen_random_uuid(), type, subject_type,"
        " subject_id, owner_ids, actor, request_id, data FROM events_event"
        " WHERE type = 'payout.completed'"
    )

    assert found() == [(EVENTS, f"payout {sent.pk} completed", "USD", 1, 2)]


def test_finds_a_reference_that_was_used_twice(payout):
    for rule in (
        "payouts_payout_reference_is_unique_to_its_requester",
        "payouts_payout_hold_id_key",
    ):
        forget_rule("payouts_payout", rule)
    copy_row("payouts_payout", payout.pk, id=new_id())

    assert (
        REFERENCES,
        f"payout reference of user {payout.requested_by_id}",
        "",
        1,
        2,
    ) in found()
