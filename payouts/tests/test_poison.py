"""One payout or gateway that goes wrong each time keeps no other from settling."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from ledger.errors import HoldNotOpen
from paycore.lib.db import TRIES, StartOver
from paycore.lib.errors import ServiceUnavailable
from paycore.lib.ids import new_id
from paycore.lib.origin import SYSTEM
from payouts.gateways import Answer, Outcome
from payouts.models import Payout
from payouts.services import answers, take_notices, work
from payouts.tests.working import (
    ask,
    attempts_of,
    events_of,
    funds_of,
    last_event_of,
    make_due,
    now,
    pass_patience,
    refusing,
    send_into_doubt,
    status_of,
    submit,
)

pytestmark = pytest.mark.django_db


class Stumble(Exception):
    """A bug in a gateway."""


def _stumble():
    raise Stumble


class Odd:
    """A gateway that answers as a test wants: `submit` and `find` are generators."""

    name = "sandbox"
    patience = timedelta(minutes=15)

    def __init__(self, talk):
        self.submit = self.find = talk
        self.told = []

    def cancel(self, order):
        [[answer]] = self.submit([order])
        return answer


@pytest.fixture
def gateway_is(monkeypatch):
    """`gateway_is(talk)` from now on; `talk(orders)` yields lists of answers."""

    def change(talk):
        gateway = Odd(talk)
        for module in (work, answers):
            monkeypatch.setattr(module, "get_gateway", lambda _: gateway)

    return change


@pytest.fixture
def four(ada, ada_usd, payout_of):
    return [payout_of(ada, ada_usd, "10.00") for _ in range(4)]


def problems_of(work):
    with pytest.raises(ExceptionGroup) as caught:
        work()
    return [type(problem) for problem in caught.value.exceptions]


def statuses(payouts):
    return [status_of(payout) for payout in payouts]


def test_a_payout_that_cannot_be_concluded_leaves_the_others_alone(
    ada_usd, four, gateway
):
    with refusing(four[1]):
        assert problems_of(submit) == [HoldNotOpen]

    assert statuses(four) == ["completed", "processing", "completed", "completed"]
    assert funds_of(ada_usd) == ("970.00", "10.00")
    # What the gateway said is kept, and it is asked again soon.
    waiting = now(four[1])
    assert waiting.gateway_reference == f"bank-{waiting.pk}"
    assert attempts_of(waiting) == [("submit", "executed")]
    assert (waiting.step, waiting.leased_by) == ("ask", "")
    assert (waiting.due_at - waiting.updated_at).total_seconds() == 1
    assert events_of(waiting) == ["pending", "processing"]


def test_a_payout_that_cannot_be_concluded_for_long_is_told_to_a_person(
    ada_usd, four, gateway
):
    gateway.will("find", Outcome.EXECUTED)

    with refusing(four[1]):
        problems_of(submit)
        pass_patience(four[1])
        assert problems_of(ask) == [HoldNotOpen]

    assert status_of(four[1]) == "manual_review"
    assert last_event_of(four[1]).data["gateway_says"] == "unknown"
    assert funds_of(ada_usd) == ("970.00", "10.00")


def test_a_payout_that_can_be_concluded_at_last_is_settled(ada_usd, four, gateway):
    gateway.will("find", Outcome.EXECUTED)
    with refusing(four[1]):
        problems_of(submit)
        pass_patience(four[1])
        problems_of(ask)
    make_due(four[1])

    assert ask() == 1

    assert statuses(four) == ["completed"] * 4
    assert funds_of(ada_usd) == ("960.00", "0.00")


def test_a_payout_of_a_contended_account_is_left_to_the_next_worker(
    ada_usd, four, gateway
):
    with refusing(four[1], StartOver()):
        assert problems_of(submit) == [ServiceUnavailable]

    assert statuses(four) == ["completed", "processing", "completed", "completed"]
    waiting = now(four[1])
    assert (waiting.leased_by, waiting.unknown_since) == ("w", None)
    assert waiting.due_at > waiting.updated_at + timedelta(seconds=50)


def test_a_lost_race_is_run_again(four, gateway, monkeypatch):
    lost = iter([StartOver()] * (TRIES - 1))
    conclude = answers.conclude

    def contended(*arguments, **named):
        if (race := next(lost, None)) is not None:
            raise race
        conclude(*arguments, **named)

    monkeypatch.setattr(answers, "conclude", contended)

    assert submit() == 4

    assert statuses(four) == ["completed"] * 4


def test_nothing_is_tried_apart_when_the_database_is_away(four, gateway, monkeypatch):
    tried = []

    def away(some, **_):
        tried.append(len(some))
        raise OperationalError("The connection is lost.")

    monkeypatch.setattr(answers, "conclude", away)

    with pytest.raises(OperationalError):
        submit()

    assert tried == [4]
    assert statuses(four) == ["processing"] * 4


@pytest.mark.parametrize(
    "broken",
    [
        {"outcome": "paid"},
        {"gateway_reference": None},
        {"gateway_reference": "\x00"},
        {"detail": 7},
    ],
    ids=["outcome", "no reference", "NUL", "number"],
)
def test_an_answer_that_cannot_be_stored_leaves_the_others_alone(
    ada_usd, four, gateway_is, broken
):
    poison = four[2].pk

    def talk(orders):
        yield [
            Answer(
                order.payout_id,
                **{"outcome": Outcome.EXECUTED}
                | (broken if order.payout_id == poison else {}),
            )
            for order in orders
        ]

    gateway_is(talk)

    assert len(problems_of(submit)) == 1

    assert statuses(four) == ["completed", "completed", "processing", "completed"]
    # An answer is stored before anything is concluded from it, so this was not.
    assert attempts_of(four[2]) == [("submit", "unknown")]
    assert (now(four[2]).step, now(four[2]).leased_by) == ("ask", "")
    assert funds_of(ada_usd) == ("970.00", "10.00")


def test_a_gateway_that_fails_before_it_says_anything_is_asked_later(
    ada_usd, four, gateway_is
):
    def talk(orders):
        yield from _stumble()

    gateway_is(talk)

    # Once about all of them, and once about each.
    assert problems_of(submit) == [Stumble] * 5

    for payout in four:
        waiting = now(payout)
        assert (waiting.status, waiting.step) == ("processing", "ask")
        assert (waiting.attempts, waiting.leased_by) == (1, "")
        assert waiting.unknown_since is not None
    assert funds_of(ada_usd) == ("1000.00", "40.00")


def test_a_gateway_that_fails_each_time_is_told_to_a_person(four, gateway_is):
    def talk(orders):
        raise Stumble

    gateway_is(talk)
    problems_of(submit)
    pass_patience(*four)

    problems_of(ask)

    assert statuses(four) == ["manual_review"] * 4


def test_an_order_over_which_a_gateway_stumbles_leaves_the_others_alone(
    ada_usd, four, gateway_is
):
    def talk(orders):
        for order in orders:
            if order.payout_id == four[1].pk:
                raise Stumble
            yield [Answer(order.payout_id, Outcome.EXECUTED)]

    gateway_is(talk)

    assert problems_of(submit) == [Stumble] * 2

    assert statuses(four) == ["completed", "processing", "completed", "completed"]
    assert attempts_of(four[1]) == [("submit", "unknown")]
    assert funds_of(ada_usd) == ("970.00", "10.00")


def test_a_gateway_that_says_nothing_of_an_order_leaves_it_in_doubt(
    ada_usd, four, gateway_is
):
    def talk(orders):
        yield []
        yield [
            Answer(order.payout_id, Outcome.EXECUTED)
            for order in orders
            if order.payout_id != four[0].pk
        ]

    gateway_is(talk)

    assert submit() == 4

    assert statuses(four) == ["processing", "completed", "completed", "completed"]
    assert attempts_of(four[0]) == [("submit", "unknown")]
    pass_patience(four[0])
    ask()
    assert status_of(four[0]) == "manual_review"
    assert funds_of(ada_usd) == ("970.00", "10.00")


def test_an_answer_about_a_payout_that_nobody_asked_about_is_not_believed(
    ada_usd, four, payout_of, ada, gateway, gateway_is
):
    stranger = send_into_doubt(gateway, four[0])
    make_due(*four[1:])
    Payout.objects.filter(pk__in=[payout.pk for payout in four[1:]]).update(
        step="submit"
    )

    def talk(orders):
        yield [
            Answer(new_id(), Outcome.EXECUTED),
            Answer(stranger.pk, Outcome.EXECUTED),
            *(Answer(order.payout_id, Outcome.DECLINED) for order in orders),
        ]

    gateway_is(talk)

    assert submit() == 3

    assert statuses(four) == ["processing", "failed", "failed", "failed"]
    assert attempts_of(stranger) == [("submit", "unknown")]
    assert funds_of(ada_usd) == ("1000.00", "10.00")


def test_a_gateway_that_says_it_twice_moves_money_once(ada_usd, four, gateway_is):
    def talk(orders):
        said = [Answer(order.payout_id, Outcome.EXECUTED) for order in orders]
        yield said + said
        yield said

    gateway_is(talk)

    assert submit() == 4

    assert statuses(four) == ["completed"] * 4
    assert events_of(four[0]) == ["pending", "processing", "completed"]
    assert funds_of(ada_usd) == ("960.00", "0.00")


def test_a_gateway_that_contradicts_itself_moves_money_once(ada_usd, four, gateway_is):
    def talk(orders):
        for outcome in (Outcome.UNKNOWN, Outcome.EXECUTED, Outcome.DECLINED):
            yield [Answer(order.payout_id, outcome) for order in orders]

    gateway_is(talk)

    assert submit() == 4

    assert statuses(four) == ["completed"] * 4
    assert events_of(four[0])[2:] == ["completed", "contradicted"]
    assert funds_of(ada_usd) == ("960.00", "0.00")


def test_a_gateway_that_is_none_of_ours_leaves_the_others_alone(
    ada, ada_usd, four, payout_of, settings, monkeypatch, gateway
):
    settings.PAYOUT_GATEWAYS = {"*": "pigeon"}
    lost = payout_of(ada, ada_usd, "10.00")

    def choose(name):
        if name != "sandbox":
            raise KeyError(name)
        return gateway

    monkeypatch.setattr(work, "get_gateway", choose)

    assert problems_of(submit) == [KeyError] * 2

    assert statuses([*four, lost]) == ["completed"] * 4 + ["processing"]


def test_a_notice_that_cannot_be_taken_leaves_the_others_alone(ada_usd, four, gateway):
    gateway.will("submit", Outcome.UNKNOWN)
    submit()
    told = [Answer(payout.pk, Outcome.EXECUTED) for payout in four]

    with refusing(four[1]):
        assert problems_of(lambda: take_notices(told, origin=SYSTEM)) == [HoldNotOpen]

    assert statuses(four) == ["completed", "processing", "completed", "completed"]
    assert funds_of(ada_usd) == ("970.00", "10.00")
    assert attempts_of(four[1]) == [("submit", "unknown"), ("notice", "executed")]
