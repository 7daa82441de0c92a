"""find_differences, where a transfer and what became of it disagree, ..."""

import pytest

from fx.services import seed_rates
from paycore.lib.ids import new_id
from paycore.testing.attacks import copy_row, forget_rule, run
from reconciliation.tests.findings import code_of, found
from risk.models import Review
from transfers.tests.movements import hold_purchase, purchase, refund, reverse

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]
REFUNDS = "refunds_never_exceed_the_original"
REVERSALS = "reversed_transfer_has_its_reversal"
OF_ITS_ORDER = "entry_is_of_the_order_it_names"


@pytest.fixture
def bought(ada, grace, ada_usd, grace_eur):
    """Ada bought for 10.00 EUR from grace, for 10.87 USD, and got 5.00 USD back."""
    seed_rates()
    bought = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)
    refund(grace, bought, "5.00")
    return bought


def test_is_content_with_refunds_and_reversals(bought, grace, operator, paid):
    refund(grace, bought)
    reverse(operator, paid)

    assert found() == []


@pytest.mark.parametrize("refunded", [0, 499, 501])
def test_finds_refunds_that_were_not_counted(bought, refunded):
    run(
        "UPDATE transfers_transfer SET refunded_minor = %s WHERE id = %s",
        refunded,
        bought.pk,
    )

    assert found() == [(REFUNDS, f"transfer {bought.pk}", "USD", 500, refunded)]


def test_finds_what_was_refunded_without_a_refund(paid):
    run("UPDATE transfers_transfer SET refunded_minor = 1 WHERE id = %s", paid.pk)

    assert found() == [(REFUNDS, f"transfer {paid.pk}", "USD", 0, 1)]


def test_finds_refunds_of_more_than_was_paid(bought, grace):
    refund(grace, bought)
    forget_rule("transfers_transfer", "transfers_transfer_refunds_at_most_its_amount")
    run("UPDATE transfers_transfer SET amount_minor = 1000 WHERE id = %s", bought.pk)

    assert (REFUNDS, f"transfer {bought.pk}", "USD", 1087, 1087) in found()


def test_finds_refunds_that_took_more_than_the_receiver_got(bought, grace):
    refund(grace, bought)
    run(
        "UPDATE transfers_transfer SET destination_amount_minor = 999 WHERE id = %s",
        bought.pk,
    )

    assert (REFUNDS, f"transfer {bought.pk}", "EUR", 999, 1000) in found()


def test_finds_the_hold_of_a_transfer_that_is_no_longer_pending(ada, ada_usd):
    held = hold_purchase(ada, ada_usd, "10.00 USD")
    review = Review.objects.get(subject_id=held.pk)
    assert found() == []

    run("UPDATE transfers_transfer SET status = 'failed' WHERE id = %s", held.pk)

    assert [what[:2] for what in found()] == [
        ("open_hold_has_a_pending_owner", code_of(ada_usd)),
        ("held_payment_has_its_open_review", f"review {review.pk}"),
    ]


def test_finds_a_reversed_transfer_without_a_reversal(paid):
    run("UPDATE transfers_transfer SET status = 'reversed' WHERE id = %s", paid.pk)

    assert found() == [(REVERSALS, f"transfer {paid.pk}", "USD", 1, 0)]


def test_finds_a_reversal_of_a_transfer_that_goes_on(paid, operator):
    reverse(operator, paid)
    run("UPDATE transfers_transfer SET status = 'completed' WHERE id = %s", paid.pk)

    assert found() == [(REVERSALS, f"transfer {paid.pk}", "USD", 0, 1)]


def test_finds_a_transfer_that_was_reversed_twice(paid, operator):
    reversal = reverse(operator, paid)
    forget_rule("transfers_transfer", "transfers_transfer_journal_entry_id_key")
    copy_row("transfers_transfer", reversal.pk, id=new_id())

    assert found() == [
        (OF_ITS_ORDER, f"entry {reversal.journal_entry_id}", "", 1, 0),
        (REVERSALS, f"transfer {paid.pk}", "USD", 1, 2),
    ]
