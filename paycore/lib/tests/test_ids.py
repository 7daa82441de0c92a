"""New ids ..."""

from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from paycore.lib.ids import new_id


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
