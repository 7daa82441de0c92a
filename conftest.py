"""Fixtures that every test may use."""

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

pytest_plugins = ["paycore.testing.servers", "paycore.testing.fixtures"]
