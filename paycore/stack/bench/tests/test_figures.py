"""The arithmetic of the benchmark."""

import math

import pytest

from paycore.stack.bench.figures import (
    Choice,
    Claims,
    Leg,
    Part,
    Run,
    percentile,
    ratio,
    verdicts,
)

CLAIMS = Claims(1_000_000, seconds_before=0.001, seconds_after=0.002, plan="Index")


def leg_of(part: Part, *per_second: int, **fields) -> Leg:
    runs = [
        Run(transfers=number, seconds=1.0, latencies=[0.001]) for number in per_second
    ]
    return Leg(part, clients=4, runs=runs, **fields)


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 3), (95, 5), (99, 5), (20, 1), (21, 2), (0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(percent, expected):
    assert percentile([1, 2, 3, 4, 5], percent) == expected


def test_of_nothing_there_is_no_percentile():
    assert math.isnan(percentile([], 50))


def test_a_leg_is_as_fast_as_its_middle_run():
    assert leg_of(Part.SINGLES, 900, 100, 800).per_second == 800


def test_a_leg_that_never_ran_is_not_fast():
    leg = Leg(Part.SINGLES, clients=1)

    assert leg.per_second == 0
    assert leg.latencies == []


def test_a_run_without_time_is_not_fast():
    assert Run(transfers=0, seconds=0.0, latencies=[]).per_second == 0


def test_latencies_and_transfers_are_those_of_all_runs():
    leg = Leg(Part.SINGLES, clients=1)
    leg.runs.append(Run(transfers=2, seconds=1.0, latencies=[0.3, 0.1]))
    leg.runs.append(Run(transfers=1, seconds=1.0, latencies=[0.2], errors=["500"]))

    assert leg.latencies == [0.1, 0.2, 0.3]
    assert leg.transfers == 3
    assert leg.errors == ["500"]


def test_a_leg_is_compared_with_its_rival():
    rival = leg_of(Part.PLAIN, 2000)
    leg = leg_of(Part.SINGLES, 500, rival=rival)

    assert ratio(leg, [leg, rival, leg_of(Part.PLAIN, 4000)]) == 0.25


def test_a_leg_without_a_rival_is_compared_with_plain_sql_at_its_best():
    legs = [
        leg_of(Part.PLAIN, 1000),
        leg_of(Part.PLAIN, 2000),
        leg_of(Part.PLAIN, 9000, choice=Choice.HOT_PAYER),
        leg_of(Part.PREPARED, 9000),
    ]

    assert ratio(leg_of(Part.BATCHES, 5000), legs) == 2.5


def test_there_is_no_ratio_to_a_rival_that_did_nothing():
    rival = leg_of(Part.PLAIN, 0)

    assert ratio(leg_of(Part.SINGLES, 500, rival=rival), [rival]) is None


def test_payouts_are_compared_with_nothing():
    legs = [leg_of(Part.PLAIN, 2000), leg_of(Part.PAYOUTS, 500)]

    assert ratio(legs[1], legs) is None


def test_best_is_compared_with_best():
    legs = [
        leg_of(Part.SINGLES, 100),
        leg_of(Part.SINGLES, 700),
        leg_of(Part.SINGLES, 9999, choice=Choice.HOT_RECEIVER),
        leg_of(Part.EXCHANGES, 9999),
        leg_of(Part.PLAIN, 110),
        leg_of(Part.PLAIN, 2000),
        leg_of(Part.BATCHES, 300),
        leg_of(Part.BATCHES, 6999),
        leg_of(Part.PAYOUTS, 200),
        leg_of(Part.PAYOUTS, 300),
    ]

    single, batch, payouts, claims = verdicts(legs, CLAIMS)

    assert (single.reached, single.aim, single.is_reached) == (0.35, 0.35, True)
    assert (batch.reached, batch.aim, batch.is_reached) == (6999, 7000, False)
    assert (payouts.reached, payouts.aim, payouts.is_reached) == (300, 300, True)
    assert (claims.reached, claims.aim, claims.is_reached) == (0.5, 0.5, True)


def test_ten_thousand_transfers_a_second_in_batches_are_always_enough():
    legs = [
        leg_of(Part.SINGLES, 1000),
        leg_of(Part.PLAIN, 5000),
        leg_of(Part.BATCHES, 10_000),
        leg_of(Part.PAYOUTS, 300),
    ]

    single, batch, *_ = verdicts(legs, CLAIMS)

    assert not single.is_reached
    assert (batch.aim, batch.is_reached) == (10_000, True)
