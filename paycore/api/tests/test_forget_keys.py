"""Answers are forgotten after `IDEMPOTENCY_RETENTION_DAYS`, and not before."""

from datetime import UTC, datetime, timedelta

import pytest

from paycore.api.models import IdempotencyKey
from paycore.api.tasks import purge_idempotency_keys

pytestmark = pytest.mark.django_db

AGES = (29, 31, 59, 61)


@pytest.mark.parametrize(
    ("days", "kept"), [(30, ["29"]), (60, ["29", "31", "59"]), (365, [*map(str, AGES)])]
)
def test_the_setting_says_when(settings, days, kept):
    settings.IDEMPOTENCY_RETENTION_DAYS = days
    now = datetime.now(UTC)
    for age in AGES:
        IdempotencyKey.objects.create(
            principal="user:1",
            route="/v1/purchases",
            key=str(age),
            fingerprint=b"whatever",
            status=201,
            body=b"{}",
            created_at=now - timedelta(days=age),
        )

    assert purge_idempotency_keys() == len(AGES) - len(kept)

    found = IdempotencyKey.objects.order_by("key").values_list("key", flat=True)
    assert list(found) == kept
