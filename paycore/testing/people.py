"""Fixtures: the cast."""

from typing import Any

import pytest

from paycore.api.principals import Role
from paycore.testing.cast import Caller, Player, enter


@pytest.fixture
def anonymous() -> Caller:
    return Caller()


@pytest.fixture
def ada(db: Any) -> Player:
    return enter("ada")


@pytest.fixture
def grace(db: Any) -> Player:
    return enter("grace")


@pytest.fixture
def mallory(db: Any) -> Player:
    return enter("mallory")


@pytest.fixture
def operator(db: Any) -> Player:
    return enter("operator", role=Role.OPERATOR)


@pytest.fixture
def admin(db: Any) -> Player:
    return enter("admin", role=Role.ADMIN)
