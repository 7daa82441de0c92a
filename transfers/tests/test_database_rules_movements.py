"""What the database refuses of conversions, returns, holds and messages, by name."""

import json

import pytest

from paycore.lib.ids import new_id
from paycore.testing.attacks import refusal_of
from transfers.models import ProviderDeposit
from transfers.tests.movements import (
    complete,
    exchange,
    fail,
    hold_purchase,
    purchase,
    refund,
    reverse,
)
from transfers.tests.providers import Provider, notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rates", "secrets")]


@pytest.fixture
def movements(ada, operator, ada_usd, grace_usd, grace_eur, pay):
    """One transfer of each sort, by name."""
    bought = purchase(ada, ada_usd, "10.00 EUR", merchant=grace_eur)
    undone = pay(ada, ada_usd, grace_usd, "1.00")
    return {
        "internal": pay(ada, ada_usd, grace_usd, "1.00"),
        "exchange": exchange(ada, ada_usd, grace_eur, "10.00"),
        "purchase": bought,
        "refund": refund(operator, bought, "5.00"),
        "reversal": reverse(operator, undone),
        "reversed": undone,
        "pending": hold_purchase(ada, ada_usd, "1.00 USD"),
        "failed": fail(hold_purchase(ada, ada_usd, "1.00 USD"), operator),
        "captured": complete(hold_purchase(ada, ada_usd, "1.00 USD"), operator),
    }


def rule_of(movements, which, **changes):
    """The rule by which a change of a transfer is refused."""
    assignments = ", ".join(f"{column} = %s" for column in changes)
    return refusal_of(
        f"UPDATE transfers_transfer SET {assignments} WHERE id = %s",
        *changes.values(),
        movements[which].pk,
    )


@pytest.mark.parametrize(
    ("which", "changes", "rule"),
    [
        ("exchange", {"amount_minor": 0}, "amounts_are_positive"),
        ("exchange", {"destination_amount_minor": 0}, "amounts_are_positive"),
        ("purchase", {"amount_minor": 0, "rate": None}, "amounts_are_positive"),
        ("reversal", {"amount_minor": 0, "rate": None}, "amounts_are_positive"),
        # A part of a refund may take nothing from the receiver, but has no rate then,
        # and gives something.
        ("refund", {"amount_minor": 0}, "amounts_are_positive"),
        ("refund", {"amount_minor": -1, "rate": None}, "amounts_are_positive"),
        ("refund", {"destination_amount_minor": 0}, "amounts_are_positive"),
        ("exchange", {"rate": 0}, "rate_is_positive"),
        ("exchange", {"rate": -1}, "rate_is_positive"),
        ("internal", {"income_minor": 1}, "keeps_its_amount_without_conversion"),
        ("internal", {"rate": 1}, "keeps_its_amount_without_conversion"),
        ("refund", {"original_transfer_id": None}, "returns_another_one"),
        ("reversal", {"original_transfer_id": None}, "returns_another_one"),
        ("purchase", {"refunded_minor": -1}, "refunds_at_most_its_amount"),
        ("purchase", {"refunded_minor": 1088}, "refunds_at_most_its_amount"),
        ("pending", {"hold_id": None}, "holds_funds_while_pending"),
        ("pending", {"status": "completed"}, "is_in_the_books_once_completed"),
        ("failed", {"status": "reversed"}, "is_in_the_books_once_completed"),
        ("failed", {"completed_at": "2026-11-20"}, "is_in_the_books_once_completed"),
        ("captured", {"status": "pending"}, "is_in_the_books_once_completed"),
        ("captured", {"status": "failed"}, "is_in_the_books_once_completed"),
        ("reversed", {"journal_entry_id": None}, "is_in_the_books_once_completed"),
    ],
)
def test_a_transfer_that_lies(movements, which, changes, rule):
    assert rule_of(movements, which, **changes) == f"transfers_transfer_{rule}"


@pytest.mark.parametrize("which", ["internal", "exchange", "purchase", "pending"])
def test_an_original_of_what_returns_nothing(movements, which):
    rule = rule_of(movements, which, original_transfer_id=movements["reversed"].pk)

    assert rule == "transfers_transfer_returns_another_one"


def test_two_transfers_with_one_hold(movements):
    rule = rule_of(movements, "pending", hold_id=movements["captured"].hold_id)

    assert rule == "transfers_transfer_hold_id_key"


@pytest.mark.parametrize("column", ["original_transfer_id", "hold_id"])
def test_pointing_at_nothing(movements, column):
    which = "refund" if column == "original_transfer_id" else "pending"

    rule = rule_of(movements, which, **{column: new_id()})

    assert rule.startswith(f"transfers_transfer_{column}")


def test_two_reversals_of_one_entry(movements):
    rule = refusal_of(
        "INSERT INTO ledger_journalentry (id, kind, description, reverses_id, metadata)"
        " VALUES (%s, 'reversal', '', %s, '{}')",
        new_id(),
        movements["reversed"].journal_entry_id,
    )

    assert rule == "ledger_journalentry_reverses_id_key"


@pytest.fixture
def deposits(ada_usd, grace_eur):
    """One that was processed and one that was parked."""
    for number, account in enumerate((ada_usd, grace_eur)):
        Provider().tell(
            notice(account, reference=f"wire-{number}"), message_id=f"msg_{number}"
        )
    return {deposit.status: deposit for deposit in ProviderDeposit.objects.all()}


@pytest.mark.parametrize(
    ("which", "changes", "rule"),
    [
        ("processed", {"amount_minor": 0}, "amount_is_positive"),
        ("processed", {"amount_minor": -1}, "amount_is_positive"),
        ("processed", {"status": "parked"}, "has_moved_unless_parked"),
        ("processed", {"transfer_id": None}, "has_moved_unless_parked"),
        ("parked", {"status": "processed"}, "has_moved_unless_parked"),
        ("parked", {"status": "resolved"}, "has_moved_unless_parked"),
        ("parked", {"reference": "wire-0"}, "is_made_once"),
    ],
)
def test_a_deposit_that_lies(deposits, which, changes, rule):
    assignments = ", ".join(f"{column} = %s" for column in changes)

    refused = refusal_of(
        f"UPDATE transfers_providerdeposit SET {assignments} WHERE id = %s",
        *changes.values(),
        deposits[which].pk,
    )

    assert refused == f"transfers_provider_deposit_{rule}"


def test_a_deposit_of_an_unknown_status(deposits):
    refused = refusal_of(
        "UPDATE transfers_providerdeposit SET status = 'lost' WHERE id = %s",
        deposits["processed"].pk,
    )

    assert refused == "transfers_provider_deposit_status_is_known"


def test_two_deposits_of_one_transfer(deposits):
    refused = refusal_of(
        "UPDATE transfers_providerdeposit SET status = 'resolved', transfer_id = %s"
        " WHERE id = %s",
        deposits["processed"].transfer_id,
        deposits["parked"].pk,
    )

    assert refused == "transfers_providerdeposit_transfer_id_key"


@pytest.mark.parametrize("column", ["transfer_id", "message_id"])
def test_a_deposit_that_points_at_nothing(deposits, column):
    refused = refusal_of(
        f"UPDATE transfers_providerdeposit SET {column} = %s WHERE id = %s",
        new_id(),
        deposits["processed"].pk,
    )

    assert refused.startswith(f"transfers_providerde_{column}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers_inboxmessage SET body = ''",
        "UPDATE transfers_inboxmessage SET message_id = 'x' WHERE false",
        "DELETE FROM transfers_inboxmessage",
        "TRUNCATE transfers_inboxmessage CASCADE",
    ],
)
def test_changing_what_a_provider_said(deposits, statement):
    assert refusal_of(statement) == "transfers_inboxmessage_is_append_only"


def test_one_message_twice(deposits):
    refused = refusal_of(
        "INSERT INTO transfers_inboxmessage (id, provider, message_id, body)"
        " VALUES (%s, 'default', 'msg_0', %s)",
        new_id(),
        json.dumps({}).encode(),
    )

    assert refused == "transfers_inbox_message_is_stored_once"
