"""Reading problem documents in tests, and proving them on the way."""

from typing import Any
from urllib.parse import unquote


def refusal_of(response: Any) -> tuple[int, str]:
    """Status and code of a refusal, every other member of which is what it must be."""
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["status"] == response.status_code
    assert problem["title"]
    assert problem["detail"]
    assert unquote(problem["instance"]) == response.wsgi_request.path
    assert problem["request_id"] == response["X-Request-Id"]
    assert isinstance(problem["retryable"], bool)
    assert all(
        set(error) == {"pointer", "code", "detail"} for error in problem["errors"]
    )
    return response.status_code, problem["code"]


def pointers_of(response: Any) -> list[str]:
    """Which fields a refusal is about."""
    return [error["pointer"] for error in response.json()["errors"]]
