"""What the database refuses of payouts, whoever asks and however."""

import pytest
from django.db import IntegrityError, models, transaction

from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.lib.origin import Origin
from paycore.testing.attacks import check_foreign_keys_at_once, copy_row, refusal_of
from payouts.gateways import Answer, Outcome
from payouts.models import (
    MOVES,
    Approval,
    Claim,
    Decision,
    DiscrepancyStatus,
    Payout,
    PayoutAttempt,
    PayoutDiscrepancy,
    PayoutStatus,
    Step,
)
from payouts.services import take_notices
from payouts.tests.orders import request_by
from payouts.tests.working import approve, now, submit

pytestmark = pytest.mark.django_db

MOMENT = "2026-01-01T00:00:00Z"
STAGE = Origin(actor="test")


@pytest.fixture
def completed(ada, ada_usd, rates, gateway):
    """A payout that left, with one attempt."""
    made = request_by(ada, ada_usd, "20.00", reference="completed")
    submit()
    return now(made)


@pytest.fixture
def underway(ada, ada_usd, rates, gateway):
    """A payout that was sent, and nothing heard of."""
    gateway.will("submit", "unknown")
    made = request_by(ada, ada_usd, "30.00", reference="underway")
    submit()
    return now(made)


@pytest.fixture
def discrepancy(completed):
    """The bank says now that it was declined."""
    take_notices([Answer(completed.pk, Outcome.DECLINED)], origin=STAGE)
    return PayoutDiscrepancy.objects.get()


def rule_against(row: models.Model, **changes: object) -> str:
    """The name of the rule by which the database refuses to change a row so."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        check_foreign_keys_at_once()
        rows.update(**changes)
    return violated_constraint(caught.value) or ""


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"step": "pray"}, "step_is_known"),
        ({"approval": "refused"}, "approval_is_known"),
        ({"decision": "guess", "decided_at": MOMENT}, "decision_is_known"),
        ({"decision": Decision.CONFIRM_SENT}, "decision_is_known"),
        ({"decided_at": MOMENT}, "decision_is_known"),
        ({"amount_minor": 0}, "amount_is_positive"),
        ({"amount_minor": -1000}, "amount_is_positive"),
        ({"iban_masked": "DE89370400440532013000"}, "iban_is_masked"),
        ({"iban_masked": "DE89**************3000"}, "iban_is_masked"),
        ({"iban_masked": "DE****************13000"}, "iban_is_masked"),
        ({"iban_masked": ""}, "iban_is_masked"),
        ({"completed_at": MOMENT}, "is_in_the_books_once_completed"),
        ({"status": "processing", "due_at": MOMENT}, "past_pending_was_attempted"),
        ({"status": "failed"}, "failed_for_a_reason"),
        ({"failure_code": "declined"}, "failed_for_a_reason"),
        ({"status": "processing", "attempts": 1, "due_at": None}, "in_doubt_is_due"),
        (
            {"status": "cancelled", "due_at": MOMENT},
            "is_sent_only_before_anybody_decides",
        ),
    ],
)
def test_refuses_a_payout_that_lies(payout, change, rule):
    assert rule_against(payout, **change) == f"payouts_payout_{rule}"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"journal_entry": None}, "is_in_the_books_once_completed"),
        ({"completed_at": None}, "is_in_the_books_once_completed"),
        ({"attempts": 0}, "past_pending_was_attempted"),
        ({"failure_code": "declined"}, "failed_for_a_reason"),
        (
            {"step": Step.SUBMIT, "due_at": MOMENT},
            "is_sent_only_before_anybody_decides",
        ),
    ],
)
def test_refuses_a_completed_payout_that_lies(completed, change, rule):
    assert rule_against(completed, **change) == f"payouts_payout_{rule}"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"due_at": None}, "in_doubt_is_due"),
        ({"status": "completed"}, "is_in_the_books_once_completed"),
        (
            {"status": "manual_review", "step": Step.SUBMIT},
            "is_sent_only_before_anybody_decides",
        ),
    ],
)
def test_refuses_a_payout_in_doubt_that_lies(underway, change, rule):
    assert rule_against(underway, **change) == f"payouts_payout_{rule}"


def test_refuses_an_unknown_status(completed, payout):
    # Whichever of the two is asked first.
    for row in (payout, completed):
        assert rule_against(row, status="lost") in {
            "payouts_payout_status_is_known",
            "payouts_payout_moves_as_it_may",
        }


@pytest.mark.parametrize("status", PayoutStatus)
def test_knows_no_way_but_the_table_of_moves(completed, underway, payout, status):
    rows = {
        PayoutStatus.PENDING: payout,
        PayoutStatus.PROCESSING: underway,
        PayoutStatus.COMPLETED: completed,
    }
    for source, row in rows.items():
        assert row.status == source
        if status != source and status not in MOVES.get(source, frozenset()):
            rule = rule_against(row, status=status)
            assert rule == "payouts_payout_moves_as_it_may"


def test_the_table_of_moves_names_every_status():
    assert set(MOVES) | {to for targets in MOVES.values() for to in targets} == set(
        PayoutStatus
    )


def test_refuses_to_open_what_is_over(completed):
    # Else a worker would send it again, with nothing on hold.
    rule = refusal_of(
        "UPDATE payouts_payout SET status = 'pending', step = 'submit',"
        " journal_entry_id = NULL, completed_at = NULL, due_at = now()"
    )

    assert rule == "payouts_payout_moves_as_it_may"


@pytest.mark.parametrize(
    "change",
    [
        {"approval": Approval.REQUIRED, "approved_by": "operator", "due_at": None},
        {"approval": Approval.APPROVED},
        {"approval": Approval.APPROVED, "approved_at": MOMENT},
        {"approval": Approval.APPROVED, "approved_by": "operator"},
        {"approval": Approval.APPROVED, "approved_by": "ada", "approved_at": MOMENT},
        {"approved_by": "operator"},
        {"approved_by": "operator", "approved_at": MOMENT},
    ],
)
def test_refuses_an_approval_that_is_none(payout, ada, operator, change):
    people = {"ada": ada.user, "operator": operator.user}
    named = {name: people.get(value, value) for name, value in change.items()}

    assert rule_against(payout, **named) == (
        "payouts_payout_approver_is_not_its_requester"
    )


def test_refuses_that_the_approver_becomes_the_requester(operator, large):
    approve(operator, large)

    # The approval is void, rather than its requester's own.
    Payout.objects.filter(pk=large.pk).update(requested_by=operator.user)

    large.refresh_from_db()
    assert (large.approval, large.approved_by_id) == (Approval.REQUIRED, None)


@pytest.mark.parametrize(
    "change", [{"due_at": MOMENT}, {"attempts": 1}, {"due_at": MOMENT, "attempts": 1}]
)
def test_refuses_to_send_what_waits_for_approval(large, change):
    assert rule_against(large, **change) == "payouts_payout_is_sent_only_when_approved"


def test_refuses_to_send_what_risk_holds(payout):
    # It is due.
    assert rule_against(payout, is_held=True) == (
        "payouts_payout_is_sent_only_when_risk_lets_it"
    )


@pytest.mark.breaks_the_books
def test_terms_are_what_was_approved(operator, large):
    approve(operator, large)

    Payout.objects.filter(pk=large.pk).update(amount_minor=2_000_000)

    large.refresh_from_db()
    assert (large.approval, large.due_at) == (Approval.REQUIRED, None)


def test_refuses_other_terms_once_it_was_sent(completed, underway):
    for row in (completed, underway):
        assert rule_against(row, amount_minor=1) == "payouts_payout_terms_are_final"


def test_refuses_to_say_that_no_approval_was_needed(large):
    assert rule_against(large, approval=None) == (
        "payouts_payout_needs_approval_for_good"
    )


def test_refuses_a_second_use_of_a_reference(ada, ada_usd, payout_of):
    payout_of(ada, ada_usd, reference="r")
    other = payout_of(ada, ada_usd)

    assert rule_against(other, reference="r") == (
        "payouts_payout_reference_is_unique_to_its_requester"
    )


def test_refuses_two_payouts_of_one_hold(payout, payout_of, ada, ada_usd):
    other = payout_of(ada, ada_usd)

    assert rule_against(other, hold_id=payout.hold_id) == "payouts_payout_hold_id_key"


def test_refuses_two_payouts_of_one_entry(completed, payout):
    rule = refusal_of(
        "UPDATE payouts_payout SET status = 'completed', attempts = 1,"
        " completed_at = now(), journal_entry_id = %s WHERE id = %s",
        completed.journal_entry_id,
        payout.pk,
    )

    # It was not taken up, so it cannot have left, whatever it says of itself.
    assert rule == "payouts_payout_moves_as_it_may"


def test_refuses_two_sent_payouts_of_one_entry(completed, underway):
    assert rule_against(
        underway,
        status=PayoutStatus.COMPLETED,
        completed_at=MOMENT,
        journal_entry_id=completed.journal_entry_id,
    ) == ("payouts_payout_journal_entry_id_key")


@pytest.mark.parametrize(
    "column",
    ["account_id", "requested_by_id", "hold_id", "approved_by_id", "decided_by_id"],
)
def test_refuses_to_point_at_nothing(operator, large, column):
    approve(operator, large)

    rule = rule_against(large, **{column: new_id()})

    assert rule.startswith(f"payouts_payout_{column}"[:30])


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("accounts_account", "account_id"),
        ("accounts_user", "requested_by_id"),
        ("ledger_hold", "hold_id"),
    ],
)
def test_keeps_what_it_names(payout, table, row):
    sql = f"DELETE FROM {table} WHERE id = %s"

    assert refusal_of(sql, getattr(payout, row))


@pytest.mark.parametrize(
    "table", ["payouts_payout", "payouts_payoutattempt", "payouts_payoutdiscrepancy"]
)
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_is_never_deleted(discrepancy, table, sql):
    rule = refusal_of(sql.format(table))

    if sql.startswith("TRUNCATE") and table == "payouts_payout":
        # Others go with it, and theirs may be asked first.
        assert rule.endswith("_is_never_deleted")
    else:
        assert rule == f"{table}_is_never_deleted"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"kind": "shout"}, "kind_is_known"),
        ({"outcome": "perhaps"}, "outcome_is_known"),
        ({"outcome": None}, "outcome_is_known"),
        ({"ended_at": None}, "outcome_is_known"),
    ],
)
def test_refuses_an_attempt_that_lies(completed, change, rule):
    attempt = PayoutAttempt.objects.get()

    assert rule_against(attempt, **change) == f"payouts_attempt_{rule}"


def test_refuses_two_attempts_under_one_lease(completed):
    refused = refusal_of(
        "INSERT INTO payouts_payoutattempt (payout_id, fence, kind, worker,"
        " gateway_reference, failure_code, detail)"
        " SELECT payout_id, fence, kind, worker, '', '', ''"
        " FROM payouts_payoutattempt"
    )

    assert refused == "payouts_attempt_has_a_lease_of_its_own"


def test_refuses_an_attempt_of_nothing(completed):
    attempt = PayoutAttempt.objects.get()

    assert rule_against(attempt, payout_id=new_id()).startswith("payouts_payoutattemp")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"claim": "perhaps"}, "claim_is_known"),
        ({"status": DiscrepancyStatus.CORRECTED}, "is_in_the_books_once_corrected"),
        (
            {"status": DiscrepancyStatus.CORRECTED, "closed_at": MOMENT},
            "is_in_the_books_once_corrected",
        ),
        ({"status": DiscrepancyStatus.DISMISSED}, "is_in_the_books_once_corrected"),
        ({"closed_at": MOMENT}, "is_in_the_books_once_corrected"),
    ],
)
def test_refuses_a_discrepancy_that_lies(discrepancy, change, rule):
    assert rule_against(discrepancy, **change) == f"payouts_discrepancy_{rule}"


def test_refuses_an_unknown_status_of_a_discrepancy(discrepancy):
    assert rule_against(discrepancy, status="lost") in {
        "payouts_discrepancy_status_is_known",
        "payouts_discrepancy_is_in_the_books_once_corrected",
    }


@pytest.mark.parametrize("status", ["dismissed", "open"])
def test_refuses_an_entry_of_a_discrepancy_that_was_not_corrected(
    discrepancy, completed, status
):
    closed_at = MOMENT if status == "dismissed" else None

    assert rule_against(
        discrepancy,
        status=status,
        closed_at=closed_at,
        journal_entry_id=completed.journal_entry_id,
    ) == ("payouts_discrepancy_is_in_the_books_once_corrected")


def test_refuses_the_same_discrepancy_twice(discrepancy):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        copy_row("payouts_payoutdiscrepancy", discrepancy.pk, id=new_id())

    assert violated_constraint(caught.value) == "payouts_discrepancy_is_raised_once"


def test_refuses_a_discrepancy_of_nothing(discrepancy):
    assert discrepancy.claim == Claim.DECLINED
    assert rule_against(discrepancy, payout_id=new_id()).startswith(
        "payouts_payoutdiscre"
    )


@pytest.mark.parametrize("model", [Payout, PayoutAttempt, PayoutDiscrepancy])
def test_no_rule_is_forgotten_here(model, request):
    source = request.path.read_text()
    rules = [rule.name for rule in model._meta.constraints]
    rules += [trigger.name for trigger in model._meta.triggers]

    # Each is named without the app and its subject.
    assert not [rule for rule in rules if rule.split("_", 2)[2] not in source]
