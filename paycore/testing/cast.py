"""The cast of every test: who they are, and how they call the API.

ada and grace hold accounts, mallory is a stranger who must see nothing, operator and
admin are staff.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.test import Client
from factory.declarations import LazyAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts import tokens
from accounts.models import ApiKey, User
from accounts.services import create_api_key, digest_of, grant_role
from paycore.api.principals import Principal, Role, Scope
from paycore.lib.origin import Origin

# Where it is about noon while the tests run: payments at night look suspicious.
_HOURS_TO_NOON = 12 - datetime.now(UTC).hour
WHERE_IT_IS_DAY = f"Etc/GMT{-_HOURS_TO_NOON:+d}" if _HOURS_TO_NOON else "UTC"
PASSWORD = "mit Worten laesst sich trefflich streiten"


class UserFactory(DjangoModelFactory[User]):
    """Somebody, active, with the password `PASSWORD`."""

    class Meta:
        model = User

    email = Sequence(lambda number: f"person-{number}@paycore.example")
    password = PASSWORD
    time_zone = WHERE_IT_IS_DAY

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **fields: Any) -> User:
        return model_class.objects.create_user(*args, **fields)


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key whose secret is `secret`, here for states that no service makes."""

    class Meta:
        model = ApiKey

    class Params:
        secret = Sequence(lambda number: f"pk_live_{number:032}")

    user = SubFactory(UserFactory)
    name = "A server"
    scopes = [Scope.ACCOUNTS_READ.value]
    prefix = LazyAttribute(lambda key: key.secret[:12])
    digest = LazyAttribute(lambda key: digest_of(key.secret))


@dataclass(eq=False)
class Caller:
    """Somebody with an HTTP client: anonymous, by token, or by API key."""

    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query, headers=self.headers)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        """`key` is the Idempotency-Key; `body` is sent as JSON, bytes as they are."""
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.post(
            path,
            {} if body is None else body,
            content_type="application/json",
            headers={**self.headers, **headers},
        )

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self.headers)


@dataclass(eq=False)
class Player(Caller):
    """A person of the cast, calling with a token."""

    user: User = None  # type: ignore[assignment]
    role: Role = Role.USER

    @property
    def id(self) -> UUID:
        return self.user.pk

    @property
    def principal(self) -> Principal:
        return Principal(user_id=self.user.pk, role=self.role)

    @property
    def origin(self) -> Origin:
        return Origin.of_user(self.user.pk)

    def with_key(self, *scopes: Scope) -> Caller:
        """The same person's server, with an API key of these scopes."""
        new = create_api_key(
            owner=self.principal,
            name="A server",
            scopes=frozenset(scopes),
            expires_at=None,
            origin=self.origin,
        )
        return Caller(headers={"X-API-Key": new.secret})


def enter(name: str, *, role: Role = Role.USER) -> Player:
    """Bring somebody on stage, signed in."""
    user = UserFactory.create(
        email=f"{name}@paycore.example", full_name=name.capitalize()
    )
    if role is not Role.USER:
        user = grant_role(user_id=user.pk, role=role, origin=Origin(actor="test"))
    return Player(headers=bearer(user), user=user, role=role)


def bearer(user: User) -> dict[str, str]:
    """The header of somebody who signed in just now."""
    token = tokens.issue_access_token(user_id=user.pk, password_hash=user.password)
    return {"Authorization": f"Bearer {token}"}
