"""What was approved is what is sent: an approval is void when anything is changed."""

from uuid import UUID

import pytest

from paycore.testing.attacks import forget_rule, run
from paycore.testing.attacks import refusal_of as refused_rule
from payouts.models import Approval
from payouts.tests.working import approve, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates")]


# What is sent, and how somebody with a database console might change it.
TERMS = [
    ("amount_minor", 1_000_001),
    ("currency", "EUR"),
    ("beneficiary_name", "Mallory"),
    ("iban_sealed", "another"),
    ("iban_masked", "NO*********7947"),
    ("bic", "COBADEFF"),
    ("reference", "another"),
    ("gateway", "sepa"),
    ("account_id", "the other account"),
    ("owner_id", UUID(int=1)),
    ("requested_by_id", None),
    ("hold_id", "the other hold"),
]


each_term = pytest.mark.parametrize(
    ("column", "value"), TERMS, ids=[column for column, _ in TERMS]
)


@pytest.fixture
def change(payout, large):
    """Change a column by raw SQL; `the other ...` is the other payout's."""
    # Else nobody could say that two payouts have one hold.
    forget_rule("payouts_payout", "payouts_payout_hold_id_key")

    def change(row, column, value, sql="", *, by=run):
        other = payout if row.pk == large.pk else large
        others = {
            "the other account": other.account_id,
            "the other hold": other.hold_id,
        }
        return by(
            f"UPDATE payouts_payout SET {column} = %s{sql} WHERE id = %s",
            others.get(value, value),
            row.pk,
        )

    return change


@pytest.mark.breaks_the_books
@each_term
def test_is_void_when_the_payout_is_changed(approved, change, gateway, column, value):
    change(approved, column, value)

    approved.refresh_from_db()
    assert (approved.approval, approved.approved_by_id) == (Approval.REQUIRED, None)
    assert (approved.approved_at, approved.due_at) == (None, None)
    submit()
    assert gateway.heard_of(approved.pk) == []


@pytest.mark.breaks_the_books
@each_term
def test_is_needed_when_a_small_payout_is_changed(
    payout, change, gateway, column, value
):
    change(payout, column, value)

    payout.refresh_from_db()
    assert (payout.approval, payout.due_at) == (Approval.REQUIRED, None)
    assert submit() == 0


@pytest.mark.breaks_the_books
def test_cannot_be_given_in_the_same_breath(operator, approved, change):
    sql = ", approval = 'approved', due_at = now()"

    change(approved, "amount_minor", 1, sql)

    approved.refresh_from_db()
    assert (approved.approval, approved.due_at) == (Approval.REQUIRED, None)


def test_is_not_void_when_nothing_was_changed(approved):
    run("UPDATE payouts_payout SET amount_minor = amount_minor, bic = bic")

    approved.refresh_from_db()
    assert approved.approval == Approval.APPROVED


@each_term
def test_what_was_sent_cannot_be_changed(payout, change, gateway, column, value):
    submit()

    rule = change(payout, column, value, by=refused_rule)

    assert rule == "payouts_payout_terms_are_final"


@pytest.mark.parametrize("state", ["required", "approved"])
def test_cannot_be_done_without_once_it_was_needed(operator, large, state):
    if state == "approved":
        approve(operator, large)

    rule = refused_rule(
        "UPDATE payouts_payout SET approval = NULL, approved_by_id = NULL,"
        " due_at = now()"
    )

    assert rule == "payouts_payout_needs_approval_for_good"


@pytest.mark.parametrize(
    "change",
    [
        "due_at = now()",
        "attempts = 1",
        "status = 'processing', attempts = 1, due_at = now(), step = 'ask'",
    ],
)
def test_the_database_lets_nobody_send_before(large, change):
    rule = refused_rule(f"UPDATE payouts_payout SET {change}")

    assert rule == "payouts_payout_is_sent_only_when_approved"
