"""The benchmark of spending reports, with a few purchases."""

from datetime import UTC, datetime

import pytest

from fx.services import seed_rates
from paycore.lib.ids import new_id
from paycore.stack.bench import spending
from paycore.stack.bench.town import Town
from reports.models import SpendingRollup
from transfers.models import Transfer

# Its purchases refer to entries that do not exist, until they are undone.
pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db, monkeypatch):
    seed_rates()
    monkeypatch.setattr(spending, "PEOPLE", 30)
    return Town([], new_id(), new_id(), 1)


def test_asks_every_question_and_leaves_nothing(town):
    found = spending.look_at_spending(
        town, now=datetime.now(UTC), purchases=1000, tries=3
    )

    assert [len(asked.latencies) for asked in found.asked] == [3] * 6
    assert found.rollups > 500
    # Which index serves best is another question with so few: see test_plan_reports.
    assert all("Execution Time" in plan for _, plan in found.plans)
    assert len(found.plans) == 1
    assert Transfer.objects.count() == 0
    assert SpendingRollup.objects.count() == 0
