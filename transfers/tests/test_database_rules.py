"""What the database refuses of transfers, whoever asks and however."""

import pytest
from django.db import IntegrityError, connection, transaction

from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from transfers.models import MOVES, Transfer, TransferStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def transfer(ada, ada_usd, grace_usd, pay):
    return pay(ada, ada_usd, grace_usd, "10.00", reference="r")


def refused_rule(call):
    """The name of the rule that refuses the call."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        call()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return violated_constraint(caught.value).removeprefix("transfers_transfer_")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"kind": "present"}, "kind_is_known"),
        (
            {"amount_minor": 0, "destination_amount_minor": 0},
            "amounts_are_positive",
        ),
        (
            {"amount_minor": -1, "destination_amount_minor": -1},
            "amounts_are_positive",
        ),
        ({"amount_minor": 1001}, "keeps_its_amount_without_conversion"),
        ({"destination_amount_minor": 999}, "keeps_its_amount_without_conversion"),
        ({"rate": "1"}, "keeps_its_amount_without_conversion"),
        ({"rate": "0", "destination_currency": "EUR"}, "rate_is_positive"),
        ({"refunded_minor": -1}, "refunds_at_most_its_amount"),
        ({"refunded_minor": 1001}, "refunds_at_most_its_amount"),
        ({"journal_entry": None}, "is_in_the_books_once_completed"),
        ({"completed_at": None}, "is_in_the_books_once_completed"),
        ({"status": "failed"}, "is_in_the_books_once_completed"),
        ({"kind": "refund"}, "returns_another_one"),
    ],
)
def test_refuses_a_row_that_lies(transfer, change, rule):
    row = Transfer.objects.filter(pk=transfer.pk)

    assert refused_rule(lambda: row.update(**change)) == rule


def test_refuses_an_unknown_status(transfer):
    row = Transfer.objects.filter(pk=transfer.pk)

    # Whichever of the two is asked first.
    assert refused_rule(lambda: row.update(status="lost")) in {
        "status_is_known",
        "is_in_the_books_once_completed",
    }


def test_refuses_one_account_on_both_sides(transfer, ada_usd):
    row = Transfer.objects.filter(pk=transfer.pk)

    assert refused_rule(lambda: row.update(destination_account=ada_usd)) == (
        "is_between_two_accounts"
    )


def test_refuses_a_second_use_of_a_reference(ada, ada_usd, grace_usd, transfer, pay):
    other = Transfer.objects.filter(pk=pay(ada, ada_usd, grace_usd, "1.00").pk)

    assert refused_rule(lambda: other.update(reference="r")) == (
        "reference_is_unique_to_its_maker"
    )


def test_refuses_two_transfers_of_one_entry(ada, ada_usd, grace_usd, transfer, pay):
    other = Transfer.objects.filter(pk=pay(ada, ada_usd, grace_usd, "1.00").pk)

    assert refused_rule(
        lambda: other.update(journal_entry_id=transfer.journal_entry_id)
    ) == ("journal_entry_id_key")


@pytest.mark.parametrize(
    "column",
    [
        "source_account_id",
        "destination_account_id",
        "created_by_id",
        "journal_entry_id",
    ],
)
def test_refuses_to_point_at_nothing(transfer, column):
    row = Transfer.objects.filter(pk=transfer.pk)

    rule = refused_rule(lambda: row.update(**{column: new_id()}))

    # Django cuts long names short.
    assert rule.startswith(column[:19])


def test_keeps_the_accounts_that_it_names(transfer, ada_usd):
    def delete():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM accounts_account WHERE id = %s", [ada_usd.pk])

    assert refused_rule(delete).startswith(("source_account", "destination_account"))


def test_the_table_of_moves_names_every_status():
    assert set(MOVES) | {to for targets in MOVES.values() for to in targets} == set(
        TransferStatus
    )
