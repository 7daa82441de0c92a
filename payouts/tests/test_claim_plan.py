"""Finding what is due costs the same, however many payouts are over."""

from functools import partial

import pytest

from paycore.testing.attacks import forget_rule, run
from paycore.testing.statements import scans_of
from payouts.models import Payout, Step
from payouts.selectors import count_in_review, get_queue_state
from payouts.services.claims import list_due
from payouts.tests.working import make_due, now, submit

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]

PAYOUTS = "payouts_payout"
FINISHED = 50_000


@pytest.fixture
def history(payout, gateway):
    """One payout that is due among many that are over. They share a hold of nobody's,
    for what matters here is only how they are found.
    """
    submit()
    for column in ("hold_id", "journal_entry_id"):
        forget_rule("payouts_payout", f"payouts_payout_{column}_key")
    columns = ", ".join(
        str(field.column)
        for field in Payout._meta.concrete_fields
        if field.column not in {"id", "created_at"}
    )
    # Without the triggers, which are not what is measured.
    run("SET LOCAL session_replication_role = replica")
    run(
        f"INSERT INTO payouts_payout (id, created_at, {columns})"
        f" SELECT gen_random_uuid(), created_at - n * interval '1 second', {columns}"
        " FROM payouts_payout, generate_series(1, %s) AS n",
        FINISHED,
    )
    run("SET LOCAL session_replication_role = origin")


@pytest.fixture
def due(history, ada, ada_usd, payout_of):
    payouts = [payout_of(ada, ada_usd, "0.01") for _ in range(3)]
    run("ANALYZE payouts_payout")
    return payouts


def test_finding_and_locking_it_reads_only_the_index_of_what_is_due(due):
    for step in Step:
        scans = scans_of(partial(list, list_due(step=step)), PAYOUTS)

        assert scans == [("Index Scan", "payouts_due")], step

    assert list(list_due(step=Step.SUBMIT)) == due
    assert Payout.objects.count() == FINISHED + 4


def test_nothing_else_reads_what_is_over_either(due, gateway):
    make_due(*due)

    for look in (get_queue_state, count_in_review, submit):
        assert "Seq Scan" not in {kind for kind, _ in scans_of(look, PAYOUTS)}, look

    assert now(due[0]).status == "completed"
