"""Callers of the test-only views: nobody here is a person with an account."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from paycore.api.tests import urls

ADA = UUID("01990000-0000-7000-8000-00000000ada0")
GRACE = UUID("01990000-0000-7000-8000-00000000face")


class Caller:
    def __init__(self, user: UUID | None = ADA, **headers: str) -> None:
        self.headers = dict(headers)
        if user is not None:
            self.headers["X-Test-User"] = str(user)
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={**self.headers, **headers})

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.post(
            path,
            {} if body is None else body,
            content_type=content_type,
            headers={**self.headers, **headers},
        )


@pytest.fixture
def ada() -> Caller:
    return Caller(ADA)


@pytest.fixture
def grace() -> Caller:
    return Caller(GRACE)


@pytest.fixture
def nobody() -> Caller:
    return Caller(None)


@pytest.fixture(autouse=True)
def _views_forget() -> Iterator[None]:
    yield
    urls.Orders.work = None


def order(**fields: Any) -> dict[str, Any]:
    """The body of an order that is right."""
    return {
        "source_id": "01990000-0000-7000-8000-000000000001",
        "amount": "150.75",
        "currency": "USD",
        "reference": "order 1",
    } | fields
