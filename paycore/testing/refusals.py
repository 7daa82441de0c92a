"""Expecting a service to refuse."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.db import transaction

Refusal = TypeVar("Refusal", bound=Exception)


@contextmanager
def refused_with(refusal: type[Refusal]) -> Iterator[pytest.ExceptionInfo[Refusal]]:
    """Like `pytest.raises`, and the test can read the database afterwards.

    Services join the caller's transaction, which a refusal spoils. In a test that is
    the transaction of the whole test, so the call gets a savepoint here.
    """
    with pytest.raises(refusal) as caught, transaction.atomic():
        yield caught
