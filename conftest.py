"""Fixtures that every test may use."""

import gc

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from paycore.settings.environment import ROOT

# Like everything that running the tests leaves behind.
set_hypothesis_home_dir(ROOT / ".paycore" / "cache" / "hypothesis")

# How long an example takes says more about the machine than about us, and the same code
# passes or fails each time. `pytest --hypothesis-profile=default` tries other examples.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    # What is here now stays until the end, and looking through it for garbage again and
    # again takes a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


pytest_plugins = ["paycore.testing.servers", "paycore.testing.fixtures"]
