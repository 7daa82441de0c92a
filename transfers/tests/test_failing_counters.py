"""What was committed is answered, even if it cannot be counted afterwards: ..."""

import pytest

from risk.services import screening
from transfers.services import movements
from transfers.tests.movements import PURCHASES, buy

# So that something happens after a commit at all.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("rates"),
]


@pytest.mark.parametrize(
    ("module", "name"),
    [(movements, "TRANSFERS"), (screening, "RISK_ASSESSMENTS")],
)
def test_a_purchase(ada, ada_usd, balance_of, monkeypatch, module, name):
    tried = []

    def fail(**labels):
        tried.append(labels)
        raise RuntimeError("No space left for metrics.")

    monkeypatch.setattr(getattr(module, name), "labels", fail)

    response = ada.post(PURCHASES, buy(ada_usd, "10.00"), key="k")

    assert len(tried) == 1
    assert (response.status_code, balance_of(ada_usd)) == (201, "990.00")
