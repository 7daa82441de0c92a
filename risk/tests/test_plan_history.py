"""Looking back costs as much as what is looked at, however much there is."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from paycore.testing.attacks import run
from paycore.testing.cast import UserFactory
from risk import backtests
from risk.models import Assessment
from risk.rules import AlikeWithin, AverageWithin, CountWithin
from risk.selectors import find_assessments
from risk.services import Screening, void_payments
from risk.tests.past import MOMENT, paid, past_of, payment_of

pytestmark = pytest.mark.django_db

MANY = 50_000


@pytest.fixture
def history(ada, grace):
    """Ten people paid every hour for months, grace among them, and ada just now."""
    original = paid(grace, "1.00 MYR", at=datetime.now(UTC))
    people = [grace.user, *UserFactory.create_batch(9)]
    columns = ", ".join(
        field.attname
        for field in Assessment._meta.concrete_fields
        if field.column not in {"id", "subject_id", "user_id", "assessed_at"}
    )
    run(
        "INSERT INTO risk_assessment"
        f" (id, subject_id, user_id, assessed_at, {columns})"
        " SELECT gen_random_uuid(), gen_random_uuid(), person,"
        f" assessed_at - n * interval '1 hour', {columns}"
        " FROM risk_assessment, generate_series(1, %s) AS n,"
        " unnest(%s::uuid[]) AS person WHERE id = %s",
        MANY // len(people),
        [person.pk for person in people],
        original.pk,
    )
    for _ in range(2):
        screening = Screening([payment := payment_of(ada)])
        screening.keep(screening.judge(payment))
        screening.write(origin=ada.origin)
    run("ANALYZE risk_assessment")


def nodes_of(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)


def scans_of(call):
    """By which indexes assessments are read, and how many of them; no index: None."""
    plans = []

    def explain(execute, sql, params, many, context):
        if "risk_assessment" in sql and not sql.startswith("INSERT"):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                [(plan,)] = cursor.fetchall()
                plans.append(plan if isinstance(plan, list) else json.loads(plan))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        call()
    nodes = [node for [plan] in plans for node in nodes_of(plan["Plan"])]
    # How the few people are found is of no interest, and depends on what else ran.
    indexes: set[str | None] = {
        node["Index Name"]
        for node in nodes
        if node.get("Index Name", "").startswith("risk_")
    }
    read = [
        node
        for node in nodes
        if node.get("Relation Name") == "risk_assessment"
        and node["Node Type"] != "ModifyTable"
    ]
    assert read
    if any(node["Node Type"] == "Seq Scan" for node in read):
        indexes.add(None)
    rows = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        * node["Actual Loops"]
        for node in read
    )
    return indexes, rows


def test_one_payment_reads_its_users_range(history, ada):
    indexes, rows = scans_of(lambda: Screening([payment_of(ada)]))

    assert indexes == {"risk_assessment_by_user"}
    # Two payments, for each of the three things that are asked, and the last of them.
    assert rows <= 7


def test_a_batch_reads_each_users_range_once(history, ada, grace):
    payments = [payment_of(player) for player in (ada, grace) for _ in range(50)]

    indexes, rows = scans_of(lambda: Screening(payments))

    assert indexes == {"risk_assessment_by_user"}
    # A month of grace's are 720, two days 48; of the last five minutes there is one,
    # which each of hers asks for, and ada's ask for her two.
    assert rows < 720 + 48 + 50 + 100 + 50 + 100


def test_the_past_of_somebody_with_much_of_it_is_that_of_the_window(history, grace):
    measures = CountWithin(3600), AlikeWithin(300), AverageWithin(86400)

    past = past_of(payment_of(grace, "1.00 MYR"), *measures, at=None)

    assert past.history.count(measures[0]) == 1
    assert past.history.count(measures[1]) == 1
    assert past.history.average(measures[2]).count == 24


def test_a_backtest_reads_each_payment_once(ada, monkeypatch):
    for ago in range(40):
        paid(ada, ago=ago)
    monkeypatch.setattr(backtests, "BATCH", 10)
    # Of forty rows any way is cheap: what is asked is how many of them are read again.
    run("SET LOCAL enable_seqscan = off")
    run("SET LOCAL enable_sort = off")

    indexes, rows = scans_of(
        lambda: list(backtests._batches(MOMENT - timedelta(1), MOMENT + timedelta(1)))
    )

    assert indexes == {"risk_assessment_by_time"}
    # Each batch begins at the last one of the batch before.
    assert rows <= 40 + 4


def test_a_payment_is_found_by_its_subject(history, grace):
    [subject_id] = Assessment.objects.filter(user_id=grace.id).values_list(
        "subject_id", flat=True
    )[:1]

    for call in (
        lambda: find_assessments([subject_id]),
        lambda: void_payments([subject_id]),
    ):
        assert scans_of(call) == ({"risk_assessment_is_made_once"}, 1)
