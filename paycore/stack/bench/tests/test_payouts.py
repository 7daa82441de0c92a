"""Payouts are counted on both sides, and a million of them leave no trace."""

import re
from collections import Counter

import pytest

from paycore.stack.bank.books import Executions
from paycore.stack.bench.finished import DUE, look_at_claims
from paycore.stack.bench.payouts import PayingOut, miscounted
from paycore.stack.bench.town import found_town
from payouts.models import Payout


def executions(total: int, *, of: int) -> Executions:
    return Executions(total=total, payments=of, most_per_key=1)


@pytest.fixture
def paying(transactional_db, tmp_path) -> PayingOut:
    return PayingOut(tmp_path, found_town(accounts=4))


def test_payouts_are_requested_from_all_accounts(paying):
    requested = paying.request(10)

    payouts = Payout.objects.filter(pk__in=requested, due_at__isnull=False)
    counted = Counter(payouts.values_list("account_id", flat=True))
    assert sorted(counted.values()) == [2, 2, 3, 3]


def test_claims_are_found_by_the_index_of_what_is_due(paying):
    claims = look_at_claims(paying, finished=5 * DUE)

    # Of so few rows PostgreSQL may also sort what the index finds, by way of a bitmap.
    assert re.search("Index Scan (using|on) payouts_due", claims.plan)
    assert "Seq Scan" not in claims.plan
    assert claims.finished == 5 * DUE
    assert claims.seconds_before > 0 < claims.seconds_after


def test_finished_payouts_are_gone_when_they_were_looked_at(paying):
    look_at_claims(paying, finished=DUE)

    assert not Payout.objects.exists()


@pytest.mark.parametrize(
    ("settled", "after", "complaints"),
    [
        (3, executions(8, of=8), []),
        (
            2,
            executions(8, of=8),
            ["3 payouts were due, 2 completed"],
        ),
        (
            3,
            executions(9, of=8),
            ["3 payouts were due, the bank executed 4 times"],
        ),
        (
            3,
            executions(8, of=7),
            ["3 payouts were due, the bank executed 2 payouts"],
        ),
    ],
)
def test_each_payout_must_have_been_executed_once(settled, after, complaints):
    assert list(miscounted(3, settled, executions(5, of=5), after)) == complaints
