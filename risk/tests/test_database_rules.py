"""What no program may write about risk, whatever it is."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from paycore.lib.db import violated_constraint
from paycore.lib.ids import new_id
from paycore.testing.attacks import (
    check_foreign_keys_at_once,
    copy_row,
    refusal_of,
    run,
)
from paycore.testing.suspicion import suspect_everything
from risk.models import (
    Assessment,
    BandSetting,
    LimitSetting,
    Review,
    RuleSetting,
)
from risk.tests.calls import PURCHASES, buy, decide, send
from risk.tests.past import paid

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


@pytest.fixture
def review(ada, ada_usd):
    suspect_everything()
    send(ada, PURCHASES, buy(ada_usd))
    return Review.objects.get()


def copied(row, **changes):
    """By which rule a copy of a row, with an id of its own, is refused."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        check_foreign_keys_at_once()
        copy_row(row._meta.db_table, row.pk, **{"id": new_id()} | changes)
    return violated_constraint(caught.value)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, "is_made_once"),
        ({"subject_type": "gift"}, "subject_is_known"),
        ({"kind": "gift"}, "kind_is_known"),
        ({"band": "purple"}, "band_is_known"),
        ({"score": 101}, "score_is_of_a_hundred"),
        ({"score": -1}, "score_is_of_a_hundred"),
        ({"amount_minor": 0}, "amount_is_positive"),
    ],
)
def test_refuses_an_assessment_that_lies(ada, change, rule):
    assessment = paid(ada)
    if change:
        change = {"subject_id": new_id(), **change}

    assert copied(assessment, **change) == f"risk_assessment_{rule}"


def test_refuses_an_assessment_of_nobody(ada):
    refused = copied(paid(ada), subject_id=new_id(), user_id=new_id())

    assert refused.startswith("risk_assessment_user_id_")


@pytest.mark.parametrize(
    "change",
    [
        "score = 1",
        "band = 'urgent'",
        "amount_minor = amount_minor + 1",
        "assessed_at = assessed_at - interval '1 day'",
        "findings = '[1]'",
        "user_id = gen_random_uuid()",
        "voided_at = now(), score = 1",
    ],
)
def test_refuses_to_think_again(ada, change):
    paid(ada)

    refused = refusal_of(f"UPDATE risk_assessment SET {change}")

    assert refused == "risk_assessment_is_only_voided"


def test_voids_an_assessment_once(ada):
    paid(ada)
    run("UPDATE risk_assessment SET voided_at = now()")

    for again in ("NULL", "now()"):
        refused = refusal_of(f"UPDATE risk_assessment SET voided_at = {again}")
        assert refused == "risk_assessment_is_only_voided"


@pytest.mark.parametrize("table", ["risk_assessment", "risk_review"])
@pytest.mark.parametrize("sql", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_forgets_nothing(review, table, sql):
    refused = refusal_of(sql.format(table))

    if sql.startswith("TRUNCATE") and table == "risk_assessment":
        # Reviews go with it, and theirs may be asked first.
        assert refused.endswith("_is_never_deleted")
    else:
        assert refused == f"{table}_is_never_deleted"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"subject_type": "gift"}, "subject_is_known"),
        ({"band": "approve"}, "band_is_one_that_holds"),
        ({"band": "purple"}, "band_is_one_that_holds"),
        ({"status": "lost"}, "is_decided_for_a_reason"),
        ({"status": "approved"}, "is_decided_for_a_reason"),
        ({"status": "approved", "reason": "r"}, "is_decided_for_a_reason"),
        (
            {"status": "rejected", "decided_at": "2026-01-01T00:00Z"},
            "is_decided_for_a_reason",
        ),
        ({"decided_at": "2026-01-01T00:00Z"}, "is_decided_for_a_reason"),
    ],
)
def test_refuses_a_review_that_lies(ada, review, change, rule):
    other = paid(ada)
    changes = {"assessment_id": other.pk, "subject_id": other.subject_id, **change}

    assert copied(review, **changes) == f"risk_review_{rule}"


def test_refuses_two_reviews_of_one_payment(ada, review):
    assert copied(review, assessment_id=paid(ada).pk) == "risk_review_is_opened_once"
    assert copied(review, subject_id=new_id()) == "risk_review_assessment_id_key"


@pytest.mark.parametrize(
    "change", ["score = 1", "flags = '{}'", "subject_id = gen_random_uuid()"]
)
def test_refuses_to_change_what_is_reviewed(review, change):
    refused = refusal_of(f"UPDATE risk_review SET {change}")

    assert refused == "risk_review_is_decided_once"


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize(
    "change",
    [
        "status = 'open', decided_by_id = NULL, decided_at = NULL",
        "status = 'approved'",
        "status = 'rejected'",
        "reason = 'Another one'",
    ],
)
def test_decides_a_review_once(operator, review, verdict, change):
    assert decide(operator, review.pk, verdict).status_code == 200

    refused = refusal_of(f"UPDATE risk_review SET {change}")

    assert refused == "risk_review_is_decided_once"


def test_lets_a_review_be_decided_by_nobody(review):
    Review.objects.update(
        status="rejected", decided_at=timezone.now(), reason="It was cancelled."
    )

    assert Review.objects.get().decided_by_id is None


@pytest.mark.parametrize("model", [Assessment, Review])
def test_no_rule_is_forgotten_here(model, request):
    source = request.path.read_text()
    rules = [rule.name for rule in model._meta.constraints]
    rules += [trigger.name for trigger in model._meta.triggers]

    assert not [rule for rule in rules if rule.split("_", 2)[2] not in source]


@pytest.mark.parametrize("model", [RuleSetting, BandSetting, LimitSetting])
def test_no_rule_of_settings_is_forgotten_there(model, request):
    source = (request.path.parent / "test_configuration.py").read_text()
    rules = [rule.name for rule in model._meta.constraints]

    assert not [rule for rule in rules if rule.split("_", 3)[3] not in source]
