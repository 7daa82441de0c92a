"""Fixtures that every test may use."""

from hypothesis.configuration import set_hypothesis_home_dir

from paycore.settings.environment import ROOT

# Like everything that running the tests leaves behind.
set_hypothesis_home_dir(ROOT / ".paycore" / "cache" / "hypothesis")

pytest_plugins = ["paycore.testing.servers", "paycore.testing.fixtures"]
