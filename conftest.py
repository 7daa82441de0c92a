"""Fixtures that every test may use."""

from importlib.util import find_spec

pytest_plugins = ["paycore.testing.servers"]
if find_spec("paycore.testing.fixtures"):
    pytest_plugins.append("paycore.testing.fixtures")
