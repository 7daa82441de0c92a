"""Of two who set the same at once, ..."""

from typing import Any

import pytest

from paycore.lib.errors import InvalidState
from paycore.testing.bookkeeping import money
from paycore.testing.races import race
from risk.configuration import Bands, Limit
from risk.models import BandSetting, LimitSetting, RuleSetting
from risk.services import (
    configure_bands,
    configure_rule,
    find_rule,
    set_limit,
    withdraw_limit,
)
from risk.tests.settings import DAY, PURCHASE, STAGE

pytestmark = pytest.mark.django_db(transaction=True)
SEEN: dict[str, Any] = {"reason": "Both have seen nothing", "origin": STAGE, "seen": 0}


def set_a_rule():
    return configure_rule(rule=find_rule("OFF_HOURS"), **SEEN)


def set_bands():
    return configure_bands(bands=Bands(), **SEEN)


def limit_everybody():
    limit = Limit(PURCHASE, DAY, money("5.00 MYR"))
    return set_limit(limit=limit, currency="MYR", **SEEN)


def withdraw_everybodys():
    return withdraw_limit(kind=PURCHASE, period=DAY, user_id=None, **SEEN)


@pytest.mark.parametrize(
    ("first", "second", "model"),
    [
        (set_a_rule, set_a_rule, RuleSetting),
        (set_bands, set_bands, BandSetting),
        (limit_everybody, withdraw_everybodys, LimitSetting),
    ],
)
def test_one_is_told_to_look_again(first, second, model):
    answers = race(*[first, second] * 3)

    assert sum(isinstance(answer, InvalidState) for answer in answers) == 5
    assert model.objects.count() == 1
