"""New ids ..."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import RFC_4122, UUID

import pytest

from paycore.lib.ids import new_id, numbered_id


def test_are_of_version_7():
    made = new_id()

    assert type(made) is UUID
    assert made.version == 7
    assert made.variant == RFC_4122


def test_rise_within_one_process():
    made = [new_id() for _ in range(5000)]

    assert made == sorted(set(made))


def test_are_never_the_same_on_several_threads():
    with ThreadPoolExecutor(max_workers=8) as threads:
        made = list(threads.map(lambda _: new_id(), range(5000)))

    assert len(set(made)) == 5000


@pytest.mark.parametrize("number", [0, 1, 2**62 - 1])
def test_of_numbers_are_of_version_7(number):
    made = numbered_id(number, at=datetime(2026, 7, 14, 12, tzinfo=UTC))

    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == 1_784_030_400_000
    assert made.int & (2**62 - 1) == number


def test_of_numbers_rise_with_time_and_number():
    noon = datetime(2026, 7, 14, 12, tzinfo=UTC)
    moments = [noon, noon + timedelta(milliseconds=1), noon + timedelta(days=9000)]

    made = [
        str(numbered_id(number, at=at)) for at, number in product(moments, range(300))
    ]

    assert made == sorted(set(made))
