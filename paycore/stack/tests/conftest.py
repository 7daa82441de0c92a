"""A home for the servers that a test starts itself."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def new_home():
    """An empty home of its own.

    Not in `tmp_path`: pytest closes that to other users now and then, and root's
    PostgreSQL is one.
    """
    directory = Path(tempfile.mkdtemp(prefix="paycore-home-"))
    yield directory / "home"
    shutil.rmtree(directory, ignore_errors=True)
