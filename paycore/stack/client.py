"""A client of the API, as small as the standard library allows."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SECONDS_TO_ANSWER: Final = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: Any
    headers: Mapping[str, str]

    def __getitem__(self, path: str) -> Any:
        """A member of the body by its path, `balance.posted`, or None."""
        value = self.body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def told(self, *paths: str) -> str:
        """The status and these members, or the code of a problem, as one line."""
        if self["code"] is not None:
            return f"{self.status} {self['code']}"
        return " ".join([str(self.status), *(str(self[path]) for path in paths)])


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at the API. Without credentials: anybody."""

    host: str
    port: int
    name: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: object, *, key: str | None = None) -> Answer:
        return self.send("POST", path, body, key=key)

    def send(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        """Send one request, on a connection of its own."""
        headers = {"Accept": "*/*", **self.credentials}
        if key is not None:
            headers["Idempotency-Key"] = key
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = as_json(body)
        connection = http.client.HTTPConnection(
            self.host, self.port, timeout=SECONDS_TO_ANSWER
        )
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            text = response.read().decode()
            is_json = "json" in response.getheader("Content-Type", "")
            return Answer(
                status=response.status,
                body=json.loads(text) if is_json else text,
                headers={name.lower(): value for name, value in response.getheaders()},
            )
        finally:
            connection.close()

    def with_token(self, name: str, token: str) -> "Caller":
        credentials = {"Authorization": f"Bearer {token}"}
        return Caller(self.host, self.port, name, credentials)

    def with_key(self, name: str, api_key: str) -> "Caller":
        return Caller(self.host, self.port, name, {"X-API-Key": api_key})

    def with_signature(self, name: str, headers: Mapping[str, str]) -> "Caller":
        return Caller(self.host, self.port, name, headers)


def as_json(body: object) -> str:
    """A body as callers send it, for who has to sign it."""
    return json.dumps(body)
