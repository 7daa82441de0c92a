"""recorded_run ..."""

import pytest

from paycore.lib.metrics import WORKER_RUNS
from paycore.lib.workers import recorded_run


def runs(result):
    return WORKER_RUNS.labels(worker="lamplighter", result=result)._value.get()


def test_counts_a_run_that_went_well():
    before = runs("ok"), runs("failed")

    with recorded_run("lamplighter"):
        pass

    assert (runs("ok"), runs("failed")) == (before[0] + 1, before[1])


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_counts_a_run_that_failed_and_hides_nothing(error):
    before = runs("ok"), runs("failed")

    with pytest.raises(error), recorded_run("lamplighter"):
        raise error

    assert (runs("ok"), runs("failed")) == (before[0], before[1] + 1)
