"""What goes wrong in a long drill can be seen again."""

from itertools import islice

from paycore.stack.chaos import schedule
from paycore.stack.chaos.deaths import Boundary, Way


def test_a_seed_decides_what_happens() -> None:
    first, again, other = (list(islice(schedule.parts(seed), 40)) for seed in (7, 7, 8))
    troubles, the_same = (list(islice(schedule.troubles(7), 9)) for _ in range(2))

    assert first == again
    assert first != other
    assert troubles == the_same


def test_all_deaths_are_met_before_any_is_met_again() -> None:
    deaths = [death for part in islice(schedule.parts(7), 40) for death in part.deaths]

    once = deaths[: len(Boundary)]

    assert {death.boundary for death in once} == set(Boundary)
    assert {death.way for death in deaths} == set(Way)


def test_whoever_enters_leaves_for_good_in_the_end() -> None:
    parts = list(islice(schedule.parts(7), 40))

    for part in parts:
        *others, last = [death.way for death in part.deaths]
        assert last is Way.MACHINE
        assert Way.MACHINE not in others
