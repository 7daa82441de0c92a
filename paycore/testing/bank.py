"""A real sandbox bank for tests: see `paycore.stack.bank.process`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paycore.stack.bank.books import Executions
from paycore.stack.bank.process import SandboxBank, sandbox_bank

__all__ = ["Executions", "SandboxBank", "sandbox_bank"]


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxBank]:
    """For tests that have keys of their own, and neither kill nor count."""
    with sandbox_bank(tmp_path_factory.mktemp("bank")) as started:
        yield started


@pytest.fixture
def own_bank(tmp_path: Path) -> Iterator[SandboxBank]:
    """For tests that kill it, or count all that it did."""
    with sandbox_bank(tmp_path) as started:
        yield started
