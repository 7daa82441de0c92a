"""A back-test under what held then finds what was found then, of every sort of payment.

Down to each figure and sentence, whatever has changed since.
"""

from datetime import UTC, datetime

import pytest

from accounts.models import User
from fx.tests.rates import say
from paycore.lib.ids import new_id
from paycore.testing.suspicion import AT_ANY_HOUR
from paycore.testing.wallets import open_for
from risk.backtests import _case, _payment, backtest
from risk.models import Assessment, OnError, RuleState
from risk.payments import PaymentKind
from risk.rules import RULES, Rule
from risk.scoring import score_case
from risk.services import read_configuration
from risk.services.history import Look, look_back
from risk.tests.calls import decide, open_reviews
from risk.tests.held import buy, request_payout
from risk.tests.settings import configure

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rates")]

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


class Unsure(Rule):
    """Raises on whatever is worth more than 100.00 MYR."""

    code = "UNSURE"
    points = 20
    parameters = {}
    sentence = "Certainly."

    def judge(self, case, parameters):
        assert case.worth.major is None or case.worth.major <= 100
        return {}


class Wavering(Unsure):
    code = "WAVERING"


@pytest.fixture(autouse=True)
def rules(settings, monkeypatch):
    """All kinds, a rule in shadow, two that fail: one opens, one closes."""
    settings.RISK_KINDS = frozenset(PaymentKind)
    for rule in (Unsure(), Wavering()):
        monkeypatch.setitem(RULES, rule.code, rule)
    every_kind = tuple(PaymentKind)
    configure("HIGH_VALUE", state=RuleState.SHADOW, kinds=every_kind)
    configure("OFF_HOURS", parameters=AT_ANY_HOUR, points=15, kinds=every_kind)
    configure("UNUSUAL_AMOUNT", parameters={"times": 2, "least": 3, "days": 30})
    configure("POSSIBLE_DUPLICATE", points=5)
    configure("UNSURE", kinds=every_kind)
    configure("WAVERING", on_error=OnError.CLOSED, kinds=(PaymentKind.PAYOUT,))


@pytest.fixture
def history(ada, ada_usd, grace, grace_usd, operator):
    """Purchases here and abroad, payouts, an exchange, a batch; held, and void."""
    euros, francs = open_for(ada, "EUR", "9000.00"), open_for(ada, "CHF", "500.00")
    for _ in range(7):
        buy(ada, ada_usd, "10.00")
    buy(ada, ada_usd, "12.34", currency="EUR")
    buy(ada, euros, "77.00", currency="GBP")
    buy(ada, euros, "4000.00", currency="EUR")
    buy(ada, francs, "4.00", currency="CHF")
    for amount in ("5.00", "60.00", "60.00"):
        request_payout(ada, ada_usd, amount)
    exchange = {"source_account_id": str(euros.pk), "amount": "20.00"}
    exchange["destination_account_id"] = str(ada_usd.pk)
    answer = ada.post("/v1/transfers/exchange", exchange, key=str(new_id()))
    assert answer.status_code == 201, answer.content
    order = {"source_account_id": str(grace_usd.pk), "amount": "2.00"}
    order["destination_account_id"] = str(ada_usd.pk)
    batch = {"mode": "atomic", "transfers": [order] * 8}
    answer = grace.post("/v1/transfers/batch", batch, key=str(new_id()))
    assert answer.status_code == 201, answer.content
    first, second, *_ = open_reviews(operator)
    assert decide(operator, first["id"], "reject").status_code == 200
    assert decide(operator, second["id"], "approve").status_code == 200
    buy(ada, ada_usd, "11.00")


def stored():
    columns = (
        *("score", "band", "flags", "shadow_flags", "findings"),
        *("versions", "errors"),
    )
    return {row.pop("pk"): row for row in Assessment.objects.values("pk", *columns)}


def judged_again():
    configuration = read_configuration(user_ids=[])
    found = {}
    for one in Assessment.objects.all():
        look = Look(one.pk, _payment(one), one.assessed_at)
        past = look_back([look], measures=configuration.measures)[one.pk]
        score = score_case(_case(one, look.payment, past), configuration)
        found[one.pk] = {
            "score": score.points,
            "band": score.band,
            "flags": score.flags,
            "shadow_flags": score.shadow_flags,
            "findings": score.findings,
            "versions": score.versions,
            "errors": score.errors,
        }
    return found


def test_and_there_is_something_of_everything(history):
    found = Assessment.objects.all()

    assert {one.kind for one in found} == {kind.value for kind in PaymentKind}
    assert {one.band for one in found} >= {"approve", "monitor", "review"}
    assert {flag for one in found for flag in one.flags} >= {
        *("HIGH_VELOCITY", "UNUSUAL_AMOUNT", "OFF_HOURS", "POSSIBLE_DUPLICATE"),
        *("NO_RATE", "UNSURE", "WAVERING"),
    }
    assert {flag for one in found for flag in one.shadow_flags} == {"HIGH_VALUE"}
    assert {error for one in found for error in one.errors.values()} == {
        *("open", "closed")
    }
    assert {one.voided_at is None for one in found} == {True, False}


def test_down_to_each_sentence(history, ada):
    then = stored()
    for pair in ("USD/MYR", "EUR/USD", "CHF/MYR"):
        say(pair, "9.99", as_of=datetime.now(UTC))
    User.objects.filter(pk=ada.id).update(time_zone="Pacific/Auckland")

    assert judged_again() == then


def test_and_counts_the_same(history):
    start, end = ALWAYS
    found = Assessment.objects.all()

    result = backtest(
        start=start, end=end, configuration=read_configuration(user_ids=[])
    )

    assert (result.total, result.moved) == (found.count(), 0)
    assert result.flags_now == result.flags_then
    assert result.errors == {
        code: sum(code in one.errors for one in found)
        for code in ("UNSURE", "WAVERING")
    }
