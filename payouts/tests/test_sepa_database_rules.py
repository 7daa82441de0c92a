"""What the database refuses of SEPA files, whoever asks and however."""

import pytest
from django.db import IntegrityError, connection, transaction

from paycore.lib.db import violated_constraint
from payouts.models import BankFile, InstructionStatus, SepaFile, SepaInstruction
from payouts.models.sepa import INSTRUCTION_MOVES
from payouts.tests.bank_samples import submit

pytestmark = pytest.mark.django_db


def refused_rule(call):
    """The name of the rule that refuses the call."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        call()
    return violated_constraint(caught.value)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"status": "lost"}, "status_is_known"),
        ({"amount_minor": 0}, "amount_is_positive"),
        ({"file": None}, "is_in_a_file_unless_cancelled"),
        ({"status": "cancelled"}, "is_in_a_file_unless_cancelled"),
    ],
)
def test_keeps_no_instruction_that_lies(pay_out, change, rule):
    submit(pay_out())

    refused = refused_rule(lambda: SepaInstruction.objects.update(**change))

    assert refused == f"payouts_sepa_instruction_{rule}"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"payments": 0}, "pays_something"),
        ({"total_minor": 0}, "pays_something"),
        ({"staged_at": None}, "was_staged_before_it_was_delivered"),
    ],
)
def test_keeps_no_file_that_lies(pay_out, change, rule):
    submit(pay_out())

    assert refused_rule(lambda: SepaFile.objects.update(**change)) == (
        f"payouts_sepa_file_{rule}"
    )


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("payout_id", "sepa_instruction_is_in_one_file_for_ever"),
        ("end_to_end_id", "sepa_instruction_end_to_end_id_is_unique"),
    ],
)
def test_instructs_no_payment_twice(pay_out, column, rule):
    submit(pay_out(), pay_out())
    first, second = SepaInstruction.objects.order_by("pk")
    rows = SepaInstruction.objects.filter(pk=second.pk)

    refused = refused_rule(lambda: rows.update(**{column: getattr(first, column)}))

    assert refused == f"payouts_{rule}"


def test_gives_no_two_files_one_name(pay_out):
    submit(pay_out())
    submit(pay_out())

    assert refused_rule(lambda: SepaFile.objects.update(message_id="F")) == (
        "payouts_sepa_file_message_id_is_unique"
    )


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("DELETE FROM payouts_sepafile", "payouts_sepafile_is_never_deleted"),
        (
            "DELETE FROM payouts_sepainstruction",
            "payouts_sepainstruction_is_never_deleted",
        ),
        ("UPDATE payouts_bankfile SET applied = 1", "payouts_bankfile_is_append_only"),
        ("DELETE FROM payouts_bankfile", "payouts_bankfile_is_append_only"),
    ],
)
def test_forgets_nothing(db, statement, rule):
    def run():
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert refused_rule(run) == rule


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, "payouts_bank_file_is_applied_once"),
        ({"digest": "b", "kind": "mt940"}, "payouts_bank_file_kind_is_known"),
    ],
)
def test_keeps_each_answer_once(db, change, rule):
    fields = {"digest": "a", "name": "n", "kind": "pain.002", "imported_by": "test"}
    counts = dict.fromkeys(["applied", "unchanged", "unmatched"], 0)
    BankFile.objects.create(**fields, **counts)

    refused = refused_rule(lambda: BankFile.objects.create(**fields | change, **counts))

    assert refused == rule


def test_knows_of_every_status_what_may_follow():
    assert INSTRUCTION_MOVES.keys() == set(InstructionStatus)
